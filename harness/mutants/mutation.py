"""One change to a template: what was done, to which resource, where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.gate.verdicts import dotted
from harness.render.source import Place

#: Stands for "not there" where a value may be anything, None included.
ABSENT = object()


@dataclass(frozen=True)
class Mutation:
    """A template with one thing wrong. `place` is from the template's root, `change` says what was done there."""

    operator: str
    resource: str
    place: Place
    change: str
    template: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The place as one reads it."""
        return dotted(self.place)

    @property
    def name(self) -> str:
        """What tells it from every other."""
        return f"{self.operator} {self.path}: {self.change}"


def changed(template: Any, place: Place, value: Any) -> Any:
    """A copy of `template` with `value` at `place`, or without what is there if it is ABSENT.

    Only what surrounds the place is copied; the rest is shared with the original, which must not be changed.
    """
    step, rest = place[0], place[1:]
    copy = list(template) if isinstance(template, list) else dict(template)
    if rest:
        copy[step] = changed(template[step], rest, value)
    elif value is ABSENT:
        del copy[step]
    elif isinstance(copy, list) and step == len(copy):
        copy.append(value)
    else:
        copy[step] = value
    return copy


def get(template: Any, place: Place) -> Any:
    """The value at a place; ABSENT where there is none."""
    for step in place:
        if isinstance(template, dict) and step in template:
            template = template[step]
        elif isinstance(template, list) and isinstance(step, int) and step < len(template):
            template = template[step]
        else:
            return ABSENT
    return template
