"""What is added with good intent and goes wrong: an improvement, a second policy, a name, a Deny too wide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place, plain

IMPROVEMENTS = Path(__file__).parents[3] / "rules" / "improvements.yaml"
_BLOCKS = (
    {"CidrIpv6": "2600:1f18:1234:5600::/56"}, {"CidrIpv6": "fd00::/8"},
    {"CidrIp": "172.16.0.0/16"}, {"CidrIp": "10.0.0.0/8"},
)  # fmt: skip
_HTTPS = {"FromPort": 443, "ToPort": 443, "IpProtocol": "tcp", "Description": "HTTPS from the VPC"}


@operator
def improvement_made_wrong(template: Template) -> Iterator[Edit]:
    """What a security engineer would add next, with a value that is not right."""
    for improvement in plain(IMPROVEMENTS.read_text()):
        resource, *steps = improvement["at"].split("/")
        if resource not in template["Resources"]:
            continue
        place: Place = ("Resources", resource, "Properties")
        for step in steps:
            there = get(template, place)
            place = (*place, (len(there) if step == "-" else int(step)) if isinstance(there, list) else step)
        for wrong in [] if "without" in improvement else improvement["wrong"]:
            yield Edit(resource, place, wrong, str(wrong))


@operator
def second_bucket_policy(template: Template) -> Iterator[Edit]:
    """Another policy for a bucket, of which the one deployed later stays."""
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::S3::BucketPolicy":
            (denied, *_) = (each for each in body["Properties"]["PolicyDocument"]["Statement"] if "Sid" in each)
            document = {**body["Properties"]["PolicyDocument"], "Statement": [denied]}
            second = {**body, "Properties": {**body["Properties"], "PolicyDocument": document}}
            yield Edit(f"Another{name}", ("Resources", f"Another{name}"), second, f"a second {name}")


@operator
def drop_key_service(template: Template) -> Iterator[Edit]:
    """A key is no longer open to one of the services through which a role uses it."""
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::IAM::Role":
            place: Place = ("Resources", name, "Properties", "Policies", 0, "PolicyDocument", "Statement")
            for index, statement in enumerate(get(template, place)):
                within: Place = (*place, index, "Condition", "StringEquals", "kms:ViaService")
                via = get(template, within)
                for number in range(len(via)) if isinstance(statement, dict) and isinstance(via, list) else ():
                    yield Edit(name, (*within, number), ABSENT, "one service fewer")


@operator
def misname(template: Template) -> Iterator[Edit]:
    """Code is not given what it reads, under the name that it reads, or something else under that name."""
    wrong: dict[str, list[tuple[Place, Any]]] = {
        "AWS::Lambda::Function": [
            (("Handler",), "kinesis_consumer.handler.handle"),
            (("Environment", "Variables", "METRIC_NAMESPACE"), "FinancialPipeline"),
            (("Environment", "Variables", "RAW_BUCKET"), ABSENT),
        ],
        "AWS::Glue::Job": [
            (("DefaultArguments", "--target_prefix"), "parqet/"),
            (("DefaultArguments", "--source_prefix"), "validated/"),
            (("DefaultArguments", "--job-table"), {"Ref": "ProcessingJobTable"}),
            (("DefaultArguments", "--staging_prefix"), "staged/"),
            (("DefaultArguments", "--lock_seconds"), "AKIAIOSFODNN7EXAMPLE"),
        ],
        "AWS::Glue::Table": [(("TableInput", "Name"), "trades")],
    }
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::Glue::Table" and "parquet/" not in str(body):
            continue
        for place, value in wrong.get(body["Type"], ()):
            yield Edit(name, ("Resources", name, "Properties", *place), value, str(value))


@operator
def other_namespace(template: Template) -> Iterator[Edit]:
    """A role may publish metrics, to a namespace where nobody does."""
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::IAM::Role":
            place: Place = ("Resources", name, "Properties", "Policies", 0, "PolicyDocument", "Statement")
            for index in range(len(get(template, place))):
                within: Place = (*place, index, "Condition", "StringEquals", "cloudwatch:namespace")
                if get(template, within) is not ABSENT:
                    yield Edit(name, within, "Gleu", "Gleu")


@operator
def deny_the_pipeline(template: Template) -> Iterator[Edit]:
    """A Deny that is meant for strangers, whose condition the pipeline's own calls may meet."""
    work = {"AWS::S3::BucketPolicy": "s3:*Object", "AWS::SQS::QueuePolicy": "sqs:*"}
    for name, body in template["Resources"].items():
        if action := work.get(body["Type"]):
            place: Place = ("Resources", name, "Properties", "PolicyDocument", "Statement")
            stated = get(template, place)
            resource = next(each["Resource"] for each in stated if isinstance(each, dict) and "Resource" in each)
            for operator_, key, value in (
                ("StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c3d"),
                ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
                ("DateGreaterThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
                ("ForAllValues:StringNotEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
            ):
                denied = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
                condition = {operator_: {key: value}}
                yield Edit(name, (*place, len(stated)), {**denied, "Condition": condition}, f"{operator_} {key}")


@operator
def open_group_to_a_block(template: Template) -> Iterator[Edit]:
    """A security group lets in, or out to, addresses that are not ours: public, any private one, another VPC's."""
    for name, body in template["Resources"].items():
        for direction in ("Ingress", "Egress") if body["Type"] == "AWS::EC2::SecurityGroup" else ():
            place: Place = ("Resources", name, "Properties", f"SecurityGroup{direction}")
            stated = get(template, place)
            for block in _BLOCKS if isinstance(stated, list) else ():
                yield Edit(name, (*place, len(stated)), {**block, **_HTTPS}, f"{direction} {block}")
