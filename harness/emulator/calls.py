"""The rows of the overlay's table: an API call, and the template property or type that it implements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One API operation, and its parameters from a resource's physical id and the property's value."""

    service: str
    operation: str
    parameters: Callable[[str, Any], Parameters]


@dataclass(frozen=True)
class AddedProperty:
    """A property that MiniStack's CloudFormation ignores."""

    type: str
    property: str
    apply: Call
    #: Undoes it when an update removes the property from the template; called with the old value.
    withdraw: Call | None = None
    #: MiniStack reads the property too, but applies it wrongly.
    corrects: bool = False


@dataclass(frozen=True)
class AddedType:
    """A resource type that MiniStack does not support. Every update replaces the resource."""

    type: str
    #: The property with the physical name; `Ref` returns it.
    name: str
    create: Call
    delete: Call
    #: Calls to make after its creation.
    then: tuple[Call, ...] = ()


def rename_keys(value: Mapping[str, Any], names: Mapping[str, str]) -> Parameters:
    """A copy with some keys renamed and `None` values removed."""
    return {names.get(key, key): item for key, item in value.items() if item is not None}


def number(value: Any) -> int:
    """An integer from a template value: parameters arrive as text, and botocore checks types."""
    return int(value)


def flag(value: Any) -> bool:
    """A boolean from a template value."""
    return str(value).lower() == "true"
