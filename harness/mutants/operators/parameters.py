"""Parameters, conditions and outputs, which only the source shows."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place


@operator
def loosen_parameter(template: Template) -> Iterator[Edit]:
    """A parameter takes anything, or does not say what it decides; an output does not say who reads it."""
    for name, parameter in template.get("Parameters", {}).items():
        for key in ("AllowedPattern", "AllowedValues", "ConstraintDescription", "Description"):
            if key in parameter:
                yield Edit(name, ("Parameters", name, key), ABSENT, "removed")
        if "MinValue" in parameter:
            free = {key: value for key, value in parameter.items() if key not in ("MinValue", "MaxValue")}
            yield Edit(name, ("Parameters", name), free, "without bounds")
    unused = {"Type": "String", "Default": "", "Description": "Decides nothing at all", "AllowedPattern": "^[a-z]*$"}
    unused["ConstraintDescription"] = "must be lower-case letters."
    yield Edit("Unused", ("Parameters", "Unused"), unused, "one that nothing uses")
    for name, output in template.get("Outputs", {}).items():
        if "Description" in output:
            yield Edit(name, ("Outputs", name, "Description"), ABSENT, "removed")
        if "Export" in output:
            place = ("Outputs", name, "Export", "Name")
            yield Edit(name, place, f"pipeline-{name}", "not named for its stack")


@operator
def drop_assertion(template: Template) -> Iterator[Edit]:
    """A combination of parameters that is refused before anything is made comes to be tried."""
    for name, rule in template.get("Rules", {}).items():
        for index, _ in enumerate(rule["Assertions"]):
            yield Edit(name, ("Rules", name, "Assertions", index), ABSENT, "not asked for")


@operator
def fix_condition(template: Template) -> Iterator[Edit]:
    """A condition comes out the same whatever is chosen."""
    for name in template.get("Conditions", {}):
        for word, value in (("true", ["a", "a"]), ("false", ["a", "b"])):
            yield Edit(name, ("Conditions", name), {"Fn::Equals": value}, f"always {word}")


@operator
def forget_region(template: Template) -> Iterator[Edit]:
    """The Region is not looked up, or in a list that has one too many."""
    conditions = list(template.get("Conditions", {}))
    for name, output in template.get("Outputs", {}).items():
        for inside, arguments in _look_ups(output):
            at = ("Outputs", name, *inside)
            yield Edit(name, at, "console.aws.amazon.com", "written out")
            default = {"DefaultValue": "console.aws.amazon.com"}
            yield Edit(name, at, {"Fn::FindInMap": [*arguments, default]}, "with a default")
            if conditions:
                yield Edit(name, ("Outputs", name, "Condition"), conditions[0], f"only if {conditions[0]}")
            for region in ("cn-north-1", "eusc-de-east-1"):
                listed = ("Mappings", str(arguments[0]), region)
                yield Edit(str(arguments[0]), listed, {str(arguments[2]): "console.amazonaws.cn"}, f"with {region}")


def _look_ups(node: Any, place: Place = ()) -> Iterator[tuple[Place, list[Any]]]:
    if isinstance(node, dict) and get(node, ("Fn::FindInMap", 1)) == {"Ref": "AWS::Region"}:
        yield place, node["Fn::FindInMap"]
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, each in steps:
        yield from _look_ups(each, (*place, step))
