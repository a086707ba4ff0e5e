"""A rendered template as a check sees it: resources by type, every reference resolved to the name or ARN it has."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from harness.render.dumping import as_key

T = TypeVar("T")


class Answers:
    """Keeps what was worked out from it, as it does not change."""

    def once(self, question: str, answer: Callable[[], T]) -> T:
        """An answer that is worked out once, however many ask."""
        if question not in self._answers:
            self._answers[question] = answer()
        found: T = self._answers[question]
        return found

    @cached_property
    def _answers(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Resource(Answers):
    """One resource of the rendering: `ref` is what `Ref` gives, `arn` what `GetAtt .Arn` gives, or empty."""

    logical_id: str
    type: str
    body: Mapping[str, Any]
    ref: str
    arn: str

    @property
    def properties(self) -> dict[str, Any]:
        """The rendered properties; empty if the resource has none, or if they are not an object."""
        properties = self.body.get("Properties")
        return properties if isinstance(properties, dict) else {}

    @cached_property
    def body_json(self) -> str:
        """The body as text, to tell resources apart by."""
        return as_key(self.body)

    @cached_property
    def leaves(self) -> tuple[tuple[tuple[str | int, ...], Any], ...]:
        """Every text, number and boolean in the properties with its path, which begins with "Properties".

        Worked out once: many checks look through whole resources, and a mutant leaves most of them as they were.
        """
        found = []
        pending: list[tuple[tuple[str | int, ...], Any]] = [(("Properties",), self.properties)]
        while pending:
            path, value = pending.pop()
            if isinstance(value, dict):
                pending.extend(((*path, key), inner) for key, inner in reversed(value.items()))
            elif isinstance(value, list):
                pending.extend(((*path, index), value[index]) for index in range(len(value) - 1, -1, -1))
            else:
                found.append((path, value))
        return tuple(found)


@dataclass
class Stack(Answers):
    """What the template creates in one scenario.

    `parameters` are the scenario's, as text (`{}` where the template has none of that name: use `.get`).
    `types_read` collects which resource types a check asked for, which is what a change can reach it by.
    """

    resources: Mapping[str, Resource]
    parameters: Mapping[str, str] = field(default_factory=dict)
    types_read: set[str] = field(default_factory=set)

    def of(self, *types: str) -> dict[str, Resource]:
        """The resources of these types by logical id, in the template's order."""
        self.types_read.update(types)
        if len(types) == 1:
            return dict(self._by_type.get(types[0], {}))
        return {name: each for name, each in self.resources.items() if each.type in types}

    @cached_property
    def _by_type(self) -> dict[str, dict[str, Resource]]:
        found: dict[str, dict[str, Resource]] = {}
        for name, each in self.resources.items():
            found.setdefault(each.type, {})[name] = each
        return found

    def all(self) -> Mapping[str, Resource]:
        """Every resource by logical id; for checks about whatever there is."""
        self.types_read.add("*")
        return self.resources

    def by_arn(self, arn: Any, *types: str) -> Resource | None:
        """The resource of these types with this ARN, or None."""
        return next((each for each in self.of(*types).values() if arn and each.arn == arn), None)

    def by_ref(self, ref: Any, *types: str) -> Resource | None:
        """The resource of these types with this name (whatever its `Ref` gives), or None."""
        return next((each for each in self.of(*types).values() if ref and each.ref == ref), None)


def walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value inside `value` with its path, itself included."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, (*path, index))


def at(value: Any, *path: str | int) -> Any:
    """The value at a path of keys and indexes, or None where there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty list, anything else as a list of one: IAM allows both spellings."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
