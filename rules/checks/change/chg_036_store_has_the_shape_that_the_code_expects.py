"""CHG-036  store_has_the_shape_that_the_code_expects

Why       A column, a key or a format that is spelled otherwise than in the code deploys without an error. Queries then
          return nulls or nothing, and the job fails to read its rows, after the records were accepted.
Targets   AWS::Glue::Table, AWS::DynamoDB::Table, AWS::Lambda::Function
"""

from collections.abc import Mapping
from typing import Any

from harness.render.dumping import as_key
from harness.render.resources import Resource, at, items
from rules.lib import Problem, Problems, Stack, shapes

TABLE, ROWS, FUNCTION = "AWS::Glue::Table", "AWS::DynamoDB::Table", "AWS::Lambda::Function"
#: More of them is no harm: another index, and what it is of.
MAY_HAVE_MORE = ("AttributeDefinitions", "GlobalSecondaryIndexes")


def subjects(stack: Stack) -> list[str]:
    """The tables of what the code stores, and of the rows that it keeps about that."""
    return [name for name, each in stack.of(TABLE, ROWS).items() if _shape(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Each part that is not as the code has it."""
    resource = stack.resources[subject]
    for path, wanted in _shape(stack, resource).items():
        place = (*(("TableInput",) if resource.type == TABLE else ()), *path.split("/"))
        stated = at(resource.properties, *place)
        if not _is(stated, wanted, path in MAY_HAVE_MORE):
            yield Problem(
                f"its {path} is not as the code writes and reads it.",
                f"set it to {as_key(wanted)}.",
                ("Properties", *place),
            )


def _shape(stack: Stack, resource: Resource) -> Mapping[str, Any]:
    if resource.type == TABLE:
        location = str(at(resource.properties, "TableInput", "StorageDescriptor", "Location"))
        return shapes.TABLES.get(location.partition("://")[2].partition("/")[2], {})
    for function in stack.of(FUNCTION).values():
        for variable, shape in shapes.ROWS.items():
            if at(function.properties, "Environment", "Variables", variable) == resource.ref:
                return shape
    return {}


def _is(stated: Any, wanted: Any, may_have_more: bool) -> bool:
    if may_have_more:
        there = [as_key(each) for each in items(stated)]
        return all(as_key(each) in there for each in wanted)
    return bool(stated == wanted)
