"""Caches for answers about a whole template, which checks ask for once a resource."""

from collections.abc import Callable
from functools import wraps
from operator import is_not
from typing import Any, TypeVar

Answer = TypeVar("Answer")
Function = Callable[[dict[str, Any]], Answer]


def cached(function: Function[Answer]) -> Function[Answer]:
    """`function` with its answer for the last template cached, by identity."""
    last: list[tuple[dict[str, Any], Answer]] = []

    @wraps(function)
    def answer(template: dict[str, Any]) -> Answer:
        if not last or last[0][0] is not template:
            last[:] = [(template, function(template))]
        return last[0][1]

    return answer


def cached_by_sections(*names: str) -> Callable[[Function[Answer]], Function[Answer]]:
    """As `cached`, for a function that looks at these sections alone."""

    def wrap(function: Function[Answer]) -> Function[Answer]:
        last: list[tuple[list[Any], Answer]] = []

        @wraps(function)
        def answer(template: dict[str, Any]) -> Answer:
            sections = [template.get(name) for name in names]
            if not last or any(map(is_not, last[0][0], sections)):
                last[:] = [(sections, function(template))]
            return last[0][1]

        return answer

    return wrap


def cached_by_part(function: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """`function` with its answers for parts of templates cached, by identity: mutants share unchanged parts.

    Each part is stored with its answer, so that its id is not reused.
    """
    known: dict[int, tuple[Any, Answer]] = {}

    @wraps(function)
    def answer(part: Any) -> Answer:
        if id(part) not in known:
            known[id(part)] = (part, function(part))
        return known[id(part)][1]

    return answer
