"""Answers about a whole template that are worked out once, although they are asked for each of its subjects."""

from __future__ import annotations

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
