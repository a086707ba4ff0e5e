"""What a template leaves to others to say: imports, outputs of other stacks, dynamic references, stored parameters.

Such a value gets a name, and is varied as a parameter is: by what conditions compare it with, and by what the schema of
the property that it feeds has to choose from. Where that is a name or an ARN, one of its kind stands for all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.render import attributes, parameters, schemas, sub_variables
from harness.render.attributes import Account
from harness.render.dumping import as_key
from harness.render.errors import UnrenderableTemplate
from harness.render.resources import at
from harness.render.source import Place

IMPORTS = ("Fn::ImportValue", "Fn::GetStackOutput")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]+\}\}")
#: Attributes of these are what somebody else's template, or code, says.
_OF_OTHERS = ("AWS::CloudFormation::Stack", "AWS::CloudFormation::CustomResource", "Custom::")
_STORED = "AWS::SSM::Parameter::Value<"
#: Numbers where the schema has no bounds.
_NUMBERS = (1, 1_000_000)


@dataclass
class Unknown:
    """Values to try, the usual one first; `places` of the source have it, and `is_open` if the deployer chooses it."""

    values: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    is_open: bool = False


def name_of(expression: Any) -> str:
    """The name of a value that others say; empty if this is none (attributes and parameters have names anyway)."""
    if isinstance(expression, str):
        return expression if _DYNAMIC.fullmatch(expression) else ""
    if isinstance(expression, dict) and len(expression) == 1:
        function, argument = next(iter(expression.items()))
        if function in IMPORTS:
            return f"{function} {argument if isinstance(argument, str) else as_key(argument)}"
    return ""


def text_of(name: str) -> str:
    """A text that says what it stands for, where nothing tells of which kind it is; findings show the name instead."""
    return f"imported-{re.sub('[^A-Za-z0-9]+', '-', name.removeprefix('Fn::ImportValue ')).strip('-')}"


def names_in(value: Any) -> Iterator[str]:
    """The names of all such values inside of a value."""
    if name := name_of(value):
        yield name
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names_in(each)


def find(template: Mapping[str, Any]) -> dict[str, Unknown]:
    """Every such value by its name, or the parameter's; and each parameter that takes any text."""
    found: dict[str, Unknown] = {
        name: Unknown()
        for name in names_in([template.get("Conditions"), template["Resources"], template.get("Outputs")])
    }
    for logical_id, body in template["Resources"].items():
        for place, value in wholes(body.get("Properties", {}), ("Resources", logical_id, "Properties")):
            name, is_open = _name(template, value)
            if not name:
                for part in _parts(template, value):
                    found.setdefault(part, Unknown()).places.append(place)
                continue
            unknown = found.setdefault(name, Unknown(is_open=is_open))
            unknown.places.append(place)
            unknown.values = unknown.values or made(name, schemas.leaf(body["Type"], schema_place(place[3:])))
    for name, unknown in found.items():
        unknown.values = unknown.values or ([name] if _DYNAMIC.fullmatch(name) else [])
    return found


def _name(template: Mapping[str, Any], value: Any) -> tuple[str, bool]:
    """The name of what a leaf comes from, and whether the deployer chooses it."""
    if name := name_of(value):
        return name, False
    if not isinstance(value, dict) or len(value) != 1:
        return "", False
    function, argument = next(iter(value.items()))
    if function == "Ref" and isinstance(argument, str):
        parameter = template.get("Parameters", {}).get(argument, {})
        type_ = parameter.get("Type", "")
        if type_ == f"{_STORED}String>":
            return argument, False
        if type_ == "String" and not parameter.keys() & {"Default", "AllowedValues", "AllowedPattern"}:
            return argument, True
    if function == "Fn::GetAtt" and isinstance(argument, list) and all(isinstance(each, str) for each in argument):
        body = template["Resources"].get(".".join(argument[:1]), {})
        if str(body.get("Type", "")).startswith(_OF_OTHERS):
            return ".".join(argument), False
    return "", False


def _parts(template: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The names of unknown values that a function combines with others into a leaf, which is unknown then too."""
    if isinstance(value, str) and "{{resolve:" in value:
        yield value[value.index("{{resolve:") :]
    elif isinstance(value, dict) and not (name_of(value) or _name(template, value)[0]):
        for function, argument in value.items():
            first = at(argument, 0) if isinstance(argument, list) else argument
            if function == "Ref" and str(at(template, "Parameters", argument, "Type")).startswith(_STORED):
                yield argument
            elif function == "Fn::FindInMap":
                yield from _parts(template, at(template, "Mappings", first))
            elif function == "Fn::Sub" and isinstance(first, str):
                for named in sub_variables.names(first):
                    part = {"Fn::GetAtt": named.split(".", 1)} if "." in named else {"Ref": named}
                    yield from _parts(template, part)
            yield from _parts(template, argument)
    elif isinstance(value, dict):
        name, is_open = _name(template, value)
        yield from [] if is_open else [name]
    elif isinstance(value, list):
        for each in value:
            yield from _parts(template, each)


def wholes(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Every value that is a whole, by itself or as a branch of an `If`."""
    if isinstance(value, dict) and not (len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))):
        for key, inner in value.items():
            yield from wholes(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from wholes(inner, (*place, index))
    elif isinstance(value, dict) and isinstance(branches := value.get("Fn::If"), list) and len(branches) == 3:
        for branch in (1, 2):
            yield from wholes(branches[branch], (*place, "Fn::If", branch))
    else:
        yield place, value


def schema_place(place: Place) -> Place:
    """The place in the schema: without the `If`s and their branches."""
    found: list[str | int] = []
    steps = iter(place)
    for step in steps:
        if step == "Fn::If":
            next(steps, None)
        else:
            found.append(step)
    return tuple(found)


def made(name: str, schema: Mapping[str, Any]) -> list[str]:
    """Values of a property's schema: all that it lists, its bounds, or one of its kind; nothing if it says nothing."""
    if "enum" in schema:
        return [parameters.text(each) for each in schema["enum"]]
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else {*kinds}
    if "boolean" in kinds:
        return ["true", "false"]
    if kinds & {"integer", "number"}:
        return [
            parameters.text(schema.get("minimum", _NUMBERS[0])),
            parameters.text(schema.get("maximum", _NUMBERS[1])),
        ]
    of_resource = next(_identifiers(schema), None)
    if of_resource:
        type_, attribute = of_resource
        account = Account()
        generated = attributes.generated_name(account, name, type_)
        is_arn = attribute.endswith("Arn")
        return [attributes.arn(account, type_, generated) if is_arn else attributes.ref(account, type_, generated)]
    if "pattern" in schema:
        limits = {"MinLength": schema.get("minLength", 0), "MaxLength": schema.get("maxLength", 4096)}
        try:
            return [parameters.placeholder(name, {"Type": "String", "AllowedPattern": schema["pattern"], **limits})]
        except UnrenderableTemplate:
            return []
    return []


def _identifiers(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Type and attribute of the resources that a property names."""
    for each in (schema, *(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())):
        type_, _, attribute = str(each.get("format", "")).rpartition(".")
        if type_.startswith("AWS::"):
            yield type_, attribute
        reference = each.get("relationshipRef")
        if isinstance(reference, dict):
            yield str(reference.get("typeName")), str(reference.get("propertyPath")).rpartition("/")[2]
