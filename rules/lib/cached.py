"""Answers about a whole template that are worked out once, although they are asked for each of its subjects."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def remembered(function: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
    """`function` with the answer for the template it was last given, as long as it is given the same object again."""
    last: list[tuple[dict[str, Any], Answer]] = []

    @wraps(function)
    def answer(template: dict[str, Any]) -> Answer:
        if not last or last[0][0] is not template:
            last[:] = [(template, function(template))]
        return last[0][1]

    return answer


def remembered_by_part(function: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """`function` with its answers for parts of templates, told by identity: mutants share what they leave alone.

    The parts are kept with their answers, so that no other can come to have the identity of one that is gone.
    """
    known: dict[int, tuple[Any, Answer]] = {}

    @wraps(function)
    def answer(part: Any) -> Answer:
        if id(part) not in known:
            known[id(part)] = (part, function(part))
        return known[id(part)][1]

    return answer
