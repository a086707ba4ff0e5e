"""CHG-045  parameter_type_fits_its_use

Why       CloudFormation looks up the subnets and VPCs that a deployer names before it creates anything, if the type
          says what they are. Named as text, a network that is gone is noticed when half of the stack is built; and a
          list where text is wanted fails only there.
Targets   Parameters
"""

from typing import Any

from harness.render import parameters, schemas
from harness.render.dependencies import references
from harness.render.resources import at, walk
from rules.lib import Problem, Problems
from rules.lib.cached import cached, cached_by_part
from rules.lib.iam import Path
from rules.lib.sections import entries

JUDGES = "source"

LISTS = ("CommaDelimitedList", "List<")
#: Functions that take text, or a key, where a parameter stands.
OF_TEXT = ("Fn::Equals", "Fn::FindInMap", "Fn::Split", "Fn::Base64")
#: Properties that are texts by name.
MAPS = ("DefaultArguments", "Tags", "Variables")
#: Properties whose values CloudFormation can look up.
LOOKED_UP = ("SecurityGroupIds", "SubnetId", "SubnetIds", "Subnets", "VpcId")


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters that say what they are."""
    return [name for name, each in entries(template, "Parameters").items() if isinstance(at(each, "Type"), str)]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A list where text is wanted, numbers that are text, or ids that nobody looks up."""
    parameter = template["Parameters"][subject]
    path, type_ = ("Parameters", subject, "Type"), parameter["Type"]
    if type_.startswith(LISTS):
        if subject in _as_text(template):
            yield Problem(f"{subject} is a list, and is used where text is wanted.", "make it a String.", path)
        if subject in _looked_up(template) and "AWS::" not in type_:
            yield Problem(
                f"{subject} is a list of any text, and names parts of a network.",
                "make it a list of what they are, such as List<AWS::EC2::Subnet::Id>.",
                path,
            )
    listed = parameter.get("AllowedValues")
    if type_ == "String" and listed and all(parameters.text(each).isdecimal() for each in listed):
        yield Problem(f"{subject} is text, and takes numbers only.", "make it a Number.", path)


@cached
def _as_text(template: dict[str, Any]) -> set[str]:
    parts = [each for body in entries(template, "Resources").values() for each in _uses(body)[0]]
    asked = [_uses(template.get(each))[0] for each in ("Conditions", "Outputs", "Rules")]
    return {*parts, *(each for some in asked for each in some)}


@cached
def _looked_up(template: dict[str, Any]) -> set[str]:
    return {name for body in entries(template, "Resources").values() for name in _uses(body)[1]}


@cached_by_part
def _uses(part: Any) -> tuple[set[str], set[str]]:
    """What a part of the template uses as text, and what it names parts of a network with."""
    as_text: set[str] = set()
    looked_up: set[str] = set()
    for path, value in walk(part):
        name = at(value, "Ref")
        if isinstance(value, dict) and "Fn::Sub" in value:
            as_text |= {reference[0] for reference in references({"Fn::Sub": value["Fn::Sub"]}) if len(reference) == 1}
        elif isinstance(name, str) and _takes_text(part, path):
            as_text.add(name)
        elif isinstance(name, str) and any(step in LOOKED_UP for step in path):
            looked_up.add(name)
    return as_text, looked_up


def _takes_text(part: Any, path: Path) -> bool:
    """Whether text is wanted at a place: by a function, or by the property's schema."""
    if len(path) > 1 and (path[-2] in OF_TEXT or path[-2] in MAPS):
        return True
    if path[:1] != ("Properties",) or any(str(step).startswith("Fn::") for step in path):
        return False
    kinds = schemas.leaf(str(at(part, "Type")), path[1:]).get("type", ())
    return bool(kinds) and "array" not in kinds
