"""What runs, and what it is called with."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place

FUNCTION, JOB, MAPPING = "AWS::Lambda::Function", "AWS::Glue::Job", "AWS::Lambda::EventSourceMapping"
_LAYER = "arn:aws:lambda:us-east-1:999999999999:layer:somebody:1"
#: Where the arguments of each stand.
_CALLED_WITH: dict[str, Place] = {
    FUNCTION: ("Properties", "Environment", "Variables"),
    JOB: ("Properties", "DefaultArguments"),
}


def _arguments(template: Template, *types: str) -> Iterator[tuple[str, str, Place]]:
    for resource, body in template["Resources"].items():
        place = _CALLED_WITH.get(body["Type"], ())
        if body["Type"] in types and isinstance(get(body, place), dict):
            yield resource, body["Type"], ("Resources", resource, *place)


@operator
def foreign_code(template: Template) -> Iterator[Edit]:
    """Code runs that was not reviewed and built with the rest."""
    for resource, body in template["Resources"].items():
        if body["Type"] == FUNCTION:
            properties: Place = ("Resources", resource, "Properties")
            layers = body["Properties"].get("Layers", [])
            yield Edit(resource, (*properties, "Layers"), [*layers, _LAYER], "a layer of another account")
            inline = {"ZipFile": "def handle(event, context): pass"}
            yield Edit(resource, (*properties, "Code"), inline, "code in the template")
        elif body["Type"] == JOB:
            yield Edit(
                resource, ("Resources", resource, "Properties", "Command", "ScriptLocation"), ABSENT, "no script"
            )
    loaded: dict[str, dict[str, Any]] = {
        FUNCTION: {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/first", "LD_PRELOAD": "/opt/first.so"},
        JOB: {"--additional-python-modules": "somebody==1.0", "--extra-jars": "s3://somebody-else/first.jar"},
    }
    for resource, type_, place in _arguments(template, FUNCTION, JOB):
        for name, value in loaded[type_].items():
            yield Edit(resource, (*place, name), value, value)


@operator
def foreign_folder(template: Template) -> Iterator[Edit]:
    """A job keeps files where it may not, or where nobody looks."""
    buckets = [name for name, body in template["Resources"].items() if body["Type"] == "AWS::S3::Bucket"]
    for resource, _, place in _arguments(template, JOB):
        for argument in ("--TempDir", "--spark-event-logs-path"):
            yield Edit(resource, (*place, argument), "s3://somebody-else/job/", "a bucket of somebody else")
            for bucket in buckets:
                folder = {"Fn::Sub": f"s3://${{{bucket}}}/job/"}
                yield Edit(resource, (*place, argument), folder, f"a folder of {bucket} that it may not write")


@operator
def plain_secret(template: Template) -> Iterator[Edit]:
    """A secret that everybody who may look at the template or the console can read."""
    for resource, type_, place in _arguments(template, FUNCTION, JOB):
        password = {FUNCTION: "FEED_PASSWORD", JOB: "--feed_password"}[type_]
        yield Edit(resource, (*place, password), "correct horse battery staple", "a password")
        key = {FUNCTION: "OWNER", JOB: "--owner"}[type_]
        yield Edit(resource, (*place, key), "AKIAIOSFODNN7EXAMPLE", "an access key")


@operator
def switch_off(template: Template) -> Iterator[Edit]:
    """A source that nobody reads."""
    for resource, body in template["Resources"].items():
        if body["Type"] == MAPPING:
            yield Edit(resource, ("Resources", resource, "Properties", "Enabled"), False, "off")
