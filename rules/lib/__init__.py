"""What the Python checks in `rules/checks/` share. Checks compare resources; what looks at one is a Guard rule."""

from collections.abc import Callable, Iterator

from harness.render.resources import Resource, Stack
from rules.lib.problem import Problem

__all__ = ["Problem", "Problems", "Resource", "Stack", "all_of"]

Problems = Iterator[Problem]


def all_of(*types: str) -> Callable[[Stack], list[str]]:
    """The subjects of a check that judges every resource of these types."""
    return lambda stack: list(stack.of(*types))
