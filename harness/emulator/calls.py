"""The words of the overlay's table: an API call, and the property or type of a template that it stands for."""

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
    """A property that MiniStack's CloudFormation reads past."""

    type: str
    property: str
    apply: Call
    #: What undoes it when an update takes the property out of the template; its value is the old one.
    withdraw: Call | None = None
    #: MiniStack reads it as well, but to no good.
    corrects: bool = False


@dataclass(frozen=True)
class AddedType:
    """A resource type that MiniStack refuses. Any change to it deletes it and creates it again."""

    type: str
    #: The property with the physical name; `Ref` returns it.
    name: str
    create: Call
    delete: Call
    #: What is left to set once it is there.
    then: tuple[Call, ...] = ()


def rename_keys(value: Mapping[str, Any], names: Mapping[str, str]) -> Parameters:
    """The same mapping with some keys renamed, and `None` left out."""
    return {names.get(key, key): item for key, item in value.items() if item is not None}


def number(value: Any) -> int:
    """A parameter of a template arrives as text, and botocore is strict about types."""
    return int(value)


def flag(value: Any) -> bool:
    """The same of true and false."""
    return str(value).lower() == "true"
