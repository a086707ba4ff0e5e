"""Attributes of modules, replaced for a while: the clock and clients of the code under test, and seeded bugs."""

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .aws.errors import NotModelled


class Substitution(NamedTuple):
    """An attribute to replace. `make` is given what is there."""

    owner: Any
    name: str
    make: Callable[[Any], Any]


@contextmanager
def replaced(substitutions: list[Substitution]) -> Iterator[None]:
    """Replace them; raises NotModelled if one is not there."""
    before: list[tuple[Any, str, Any]] = []
    try:
        for owner, name, make in substitutions:
            there = vars(owner).get(name, getattr(builtins, name, None))
            if there is None:
                raise NotModelled(f"{owner.__name__}.{name} is gone")
            before.append((owner, name, vars(owner).get(name)))
            setattr(owner, name, make(there))
        yield
    finally:
        for owner, name, there in reversed(before):
            if there is None:
                delattr(owner, name)
            else:
                setattr(owner, name, there)
