"""Checks of a setting that may be left out: whoever sets it sets it right."""

from collections.abc import Callable, Iterator
from typing import Any

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Path

#: Whether a value is right in a resource of a stack.
Accepts = Callable[[Any, Resource, Stack], bool]
Subjects = Callable[[Stack], list[str]]
Judges = Callable[[Stack, str], Problems]


def setting(
    kinds: str, paths: str, accepts: Accepts, violation: str, fix: str, reads: str = ""
) -> tuple[Subjects, Judges]:
    """A check's `subjects` and `problems`: resources of some types, which may set one of some properties.

    Types and paths are separated by spaces; a path's steps by `/`, and `*` is each entry of a list. `reads` are the
    types that `accepts` looks at besides. `{value}` in a violation is what is set.
    """
    places = [tuple(each.split("/")) for each in paths.split()]

    def subjects(stack: Stack) -> list[str]:
        stack.of(*reads.split())
        return list(stack.of(*kinds.split()))

    def problems(stack: Stack, subject: str) -> Problems:
        resource = stack.resources[subject]
        for path, value in _set(resource, places):
            if not accepts(value, resource, stack):
                yield Problem(violation.format(value=value), fix, path)

    return subjects, problems


def _set(resource: Resource, places: list[tuple[str, ...]]) -> Iterator[tuple[Path, Any]]:
    for place in places:
        yield from _at(resource.properties, ("Properties",), place)


def _at(value: Any, path: Path, steps: tuple[str, ...]) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield path, value
    elif steps[0] == "*" and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _at(each, (*path, index), steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], (*path, steps[0]), steps[1:])
