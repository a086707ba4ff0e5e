"""What AWS's schemas of resource types say, as far as a rendering needs it. cfn-lint carries them with each release."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

#: Types that AWS has no schema of: cfn-lint makes one up for them.
_OTHERS = ("Custom::", "AWS::CloudFormation::CustomResource")


def identifier(type_: str) -> str:
    """The property that tells a resource of a type from the others, which is what `Ref` gives; empty if unknown."""
    found = _schema(type_).get("primaryIdentifier", [])
    return str(found[0]).rpartition("/")[2] if len(found) == 1 else ""


def kind(type_: str, attribute: str) -> str:
    """What an attribute is: string, array, integer, number or boolean; empty if the schema does not say."""
    schema: Any = _schema(type_)
    for step in attribute.split("."):
        schema = _resolved(schema, _schema(type_)).get("properties", {}).get(step, {})
    kinds = _kinds(_resolved(schema, _schema(type_)))
    return next(iter(kinds)) if len(kinds) == 1 else ""


def permissions(type_: str) -> dict[str, tuple[str, ...]]:
    """The IAM actions that each handler of a type calls, and those for tags (`tagging`); empty if there is no handler.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
    """
    schema = _schema(type_)
    handlers = schema.get("handlers") or {}
    stated = {name: tuple(handler.get("permissions", ())) for name, handler in handlers.items()}
    tagging = tuple((schema.get("tagging") or {}).get("permissions", ()))
    return {**stated, "tagging": tagging} if stated and tagging else stated


def leaf(type_: str, place: Iterable[str | int]) -> Mapping[str, Any]:
    """The schema of a property, nested ones too; empty if there is none."""
    root = _schema(type_)
    found: Any = root
    for step in place:
        found = _resolved(found, root)
        is_entry = isinstance(step, int) or step == ENTRY
        found = found.get("items", {}) if is_entry else found.get("properties", {}).get(step, {})
    return _resolved(found, root) if isinstance(found, Mapping) else {}


#: Stands in a path for each entry of a list.
ENTRY = "[]"


@cache
def leaves(type_: str) -> tuple[tuple[str, ...], ...]:
    """The path of every property of a type that can be set and has none inside; a schema's loops are cut."""
    root = _schema(type_)
    given = tuple(
        f"{each.removeprefix('/properties').replace('/*', '')}/" for each in root.get("readOnlyProperties", ())
    )
    found = {path for path in _leaves(root, root, (), frozenset()) if path}
    return tuple(sorted(each for each in found if not "/".join(("", *named(each), "")).startswith(given)))


def named(path: Iterable[str | int]) -> tuple[str, ...]:
    """A path's properties, without the entries of lists between them."""
    return tuple(each for each in path if isinstance(each, str) and each != ENTRY)


def _leaves(
    schema: Mapping[str, Any], root: Mapping[str, Any], path: tuple[str, ...], above: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    if (reference := str(schema.get("$ref", ""))) in above:
        return
    above |= {reference} - {""}
    schema = _resolved(schema, root)
    inside: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for each in (schema, *(one for word in ("allOf", "anyOf", "oneOf") for one in schema.get(word) or ())):
        stated = each.get("properties") or {}
        # Such an alternative may say of a property only that it may not be there.
        inside = {(*path, key): inner for key, inner in stated.items() if isinstance(inner, dict) and inner} | inside
        if isinstance(each.get("items"), dict):
            inside[*path, ENTRY] = each["items"]
    for place, inner in inside.items():
        yield from _leaves(inner, root, place, above)
    if not inside:
        yield path


def typed(type_: str, properties: Any) -> Any:
    """Properties with text as a number or boolean where the schema asks for one: CloudFormation converts it as well."""
    schema = _schema(type_)
    return _typed(properties, schema, schema)


def _typed(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, dict):
        stated = schema.get("properties", {})
        return {key: _typed(each, stated[key], root) if key in stated else each for key, each in value.items()}
    if isinstance(value, list):
        items = schema.get("items")
        return [_typed(each, items, root) for each in value] if isinstance(items, dict) else value
    kinds = _kinds(schema)
    if not isinstance(value, str) or not kinds or "string" in kinds:
        return value
    if kinds & {"integer", "number"} and re.fullmatch("0|-?[1-9][0-9]{0,17}", value):
        return int(value)
    if "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    return value


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    stated = schema.get("type", ())
    return {stated} if isinstance(stated, str) else set(stated)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    seen = 0
    while isinstance(schema.get("$ref"), str) and seen < 10:
        schema = root.get("definitions", {}).get(schema["$ref"].rpartition("/")[2], {})
        seen += 1
    return schema


@cache
def _schema(type_: str) -> Mapping[str, Any]:
    """The schema of a type in the region that templates are rendered for; empty if there is none."""
    if type_.startswith(_OTHERS):
        return {}
    # Here, so that a rendering of no template costs nothing: cfn-lint takes half a second to import.
    from cfnlint.schema import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    except ResourceNotFoundError:
        return {}
    return schema
