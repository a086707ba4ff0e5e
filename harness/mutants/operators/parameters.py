"""Parameters, conditions and outputs, which only the source shows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.mutants.places import references
from harness.render import parameters, schemas
from harness.render.source import Place

BOUNDS = ("MinValue", "MaxValue", "MinLength", "MaxLength")
#: What takes few characters of a pattern: a class, or a dot that is one.
_NARROW = re.compile(r"\[(?:\\.|[^\]\\])+\]|\\\.")


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
def change_default(template: Template) -> Iterator[Edit]:
    """Whoever chooses nothing gets something else: what is allowed as well, what is not, or what is somebody's."""
    for name, parameter in template.get("Parameters", {}).items():
        place, default = ("Parameters", name, "Default"), parameters.text(parameter.get("Default", ABSENT))
        others = [parameters.text(each) for each in parameter.get("AllowedValues", [])]
        if "AllowedValues" not in parameter:
            others += [parameters.text(parameter[bound]) for bound in BOUNDS if bound in parameter]
            others += [str(parameter[bound] + 1) for bound in ("MaxValue",) if bound in parameter]
            others += [parameters.placeholder(name, parameter, unlike=[default])] if not others else []
        for other in dict.fromkeys(others):
            if other != default:
                yield Edit(name, place, other, other)


@operator
def widen_parameter(template: Template) -> Iterator[Edit]:
    """A parameter takes one more value, of those that AWS takes if its schema lists them, or one less at a bound."""
    for name, parameter in template.get("Parameters", {}).items():
        if "AllowedValues" in parameter:
            allowed = [parameters.text(each) for each in parameter["AllowedValues"]]
            listed = [parameters.text(each) for schema in _schemas(template, name) for each in schema.get("enum", [])]
            siblings = [each for each in listed if each not in allowed]
            more = _number(allowed) if parameter["Type"] == "Number" else ["yes", "prod"]
            for other in dict.fromkeys([*siblings, *more] if len(siblings) < 2 else [siblings[0], siblings[-1]]):
                yield Edit(name, ("Parameters", name, "AllowedValues"), [*parameter["AllowedValues"], other], other)
        for bound in BOUNDS:
            if bound in parameter:
                place = ("Parameters", name, bound)
                yield Edit(name, place, ABSENT, "removed")
                yield Edit(name, place, parameter[bound] + 1, "one more")
                yield Edit(name, place, parameter[bound] - 1, "one less")


@operator
def loosen_pattern(template: Template) -> Iterator[Edit]:
    """A pattern is not anchored, or takes any character where it takes some."""
    for name, parameter in template.get("Parameters", {}).items():
        if "AllowedPattern" in parameter:
            place, pattern = ("Parameters", name, "AllowedPattern"), parameter["AllowedPattern"]
            loosened = [(".*", "any text"), (".+", "any text but none"), (pattern.removeprefix("^"), "from anywhere")]
            loosened += [(pattern.removesuffix("$"), "to anywhere")]
            for found in _NARROW.finditer(pattern):
                text = f"{pattern[: found.start()]}.{pattern[found.end() :]}"
                loosened.append((text, f"any character for {found[0]} at {found.start()}"))
            for text, change in loosened:
                if text != pattern:
                    yield Edit(name, place, text, change)


@operator
def loosen_type(template: Template) -> Iterator[Edit]:
    """A parameter is text where CloudFormation looks up what is meant, or a list; or it hides its value."""
    for name, parameter in template.get("Parameters", {}).items():
        type_ = parameter["Type"]
        others = ["String", "CommaDelimitedList"] if type_ != "String" else ["CommaDelimitedList"]
        for other in others:
            if other != type_:
                yield Edit(name, ("Parameters", name, "Type"), other, other)
        yield Edit(name, ("Parameters", name, "NoEcho"), True, "hidden")


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


def _number(allowed: list[str]) -> list[str]:
    """The least number above the first that is not allowed, and one above the last."""
    numbers = [int(each) for each in allowed]
    return [
        str(next(each for each in range(numbers[0], max(numbers) + 2) if each not in numbers)),
        str(max(numbers) + 1),
    ]


def _schemas(template: Template, name: str) -> Iterator[Mapping[str, Any]]:
    """The schema of each property that a parameter feeds."""
    for resource, place, _ in references(template, frozenset({name})):
        yield schemas.leaf(template["Resources"][resource]["Type"], place[3:])
