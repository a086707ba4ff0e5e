"""Which template properties MiniStack's CloudFormation reads: it drops the others silently.

Each resource's properties are passed as mappings that record every look-up. A value that was looked up, but not looked
into, counts as read in full. So a property that was read may still have no effect; one that was not read has none.
"""

import copy
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

#: The setting of `process.Emulator` that names the report file, which has one line per resource.
REPORT = "PROPERTIES_REPORT"

#: The two readers.
MINISTACK, OVERLAY = "MiniStack", "overlay"

Create = Callable[[str, dict[str, Any], str], Any]
#: Names from the properties down; every list item is called ITEM.
Place = tuple[str, ...]
ITEM = "[]"


@dataclass(frozen=True)
class Reading:
    """What one reader read of a resource's properties: `unread` are the places it did not look at."""

    reader: str
    type: str
    properties: dict[str, Any]
    unread: list[Place]


class _Mapping(dict[str, Any]):
    """A dict that records which of its values were read."""

    def __init__(self, value: dict[str, Any]) -> None:
        super().__init__({key: watched(item) for key, item in value.items()})
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self.seen.add(key)
        return super().pop(key, *default)

    def items(self) -> Any:
        self.seen.update(self)
        return super().items()

    def values(self) -> Any:
        self.seen.update(self)
        return super().values()

    def __iter__(self) -> Iterator[str]:
        # This override makes dict(x) and {**x} use `__getitem__` for the values.
        return super().__iter__()

    def copy(self) -> dict[str, Any]:
        return dict(self.items())

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(item, memo) for key, item in self.items()}


class _List(list[Any]):
    """A list that records which of its items were read."""

    def __init__(self, value: list[Any]) -> None:
        super().__init__(map(watched, value))
        self.seen: set[int] = set()

    def __getitem__(self, index: Any) -> Any:
        self.seen.update(range(len(self))[index] if isinstance(index, slice) else [range(len(self))[index]])
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Any]:
        self.seen.update(range(len(self)))
        return super().__iter__()

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(item, memo) for item in self]


def watched(value: Any) -> Any:
    """The same value, wrapped so that it records what is read."""
    if isinstance(value, dict):
        return _Mapping(value)
    return _List(value) if isinstance(value, list) else value


def unread(value: Any, path: Place = (), *, whole: bool = True) -> Iterator[Place]:
    """The places in a watched value that nobody read. `whole`: the value itself was read."""
    if isinstance(value, _Mapping):
        items: list[tuple[Any, str, Any]] = [(key, key, item) for key, item in dict.items(value)]
    elif isinstance(value, _List):
        items = [(index, ITEM, item) for index, item in enumerate(list.__iter__(value))]
    else:
        return
    if whole and not value.seen:
        return
    for key, name, item in items:
        if key in value.seen:
            yield from unread(item, (*path, name))
        else:
            yield (*path, name)


@contextmanager
def observing(reader: str, type_: str, properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lend `properties` to a reader, and report what it read if this emulator reports."""
    if not wanted():
        yield properties
        return
    observed = watched(properties)
    yield observed
    # Now, not later: a service may go on reading the values that it stored.
    reading = Reading(reader, type_, properties, sorted(set(unread(observed, whole=False))))
    with Path(os.environ[REPORT]).open("a") as file:
        file.write(json.dumps(asdict(reading)) + "\n")


def observed(reader: str, type_: str, create: Create) -> Create:
    """A handler's `create`, wrapped to report what it read if this emulator reports."""
    if not wanted():
        return create

    @wraps(create)
    def observed_create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        with observing(reader, type_, properties) as lent:
            return create(logical_id, lent, stack)

    return observed_create


def wanted() -> bool:
    """Whether this emulator was started with a report file."""
    return REPORT in os.environ


def readings(file: Path) -> list[Reading]:
    """The content of a report file."""
    lines = map(json.loads, file.read_text().splitlines())
    return [Reading(**{**line, "unread": [tuple(place) for place in line["unread"]]}) for line in lines]
