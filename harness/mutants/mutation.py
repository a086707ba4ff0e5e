"""One change to a template: what was done, to which resource, where."""

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
    if isinstance(template, list) and isinstance(step, int):
        there = [changed(template[step], rest, value)] if rest else [] if value is ABSENT else [value]
        return [*template[:step], *there, *template[step + 1 :]]
    there = changed(template[step], rest, value) if rest else value
    if there is ABSENT:
        return {key: each for key, each in template.items() if key != step}
    return {**template, step: there}


def get(template: Any, place: Place) -> Any:
    """The value at a place; ABSENT where there is none."""
    for step in place:
        in_object = isinstance(template, dict) and step in template
        in_list = isinstance(template, list) and isinstance(step, int) and step < len(template)
        if not in_object and not in_list:
            return ABSENT
        template = template[step]
    return template
