"""The engines' input and output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from harness.gate.engines.watch import Done, unwatched
from harness.render.dumping import as_json
from harness.render.rendering import Rendering
from harness.render.resources import Stack

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Target:
    """What an engine judges: the source as written, or a rendering."""

    name: str
    template: dict[str, Any]
    #: For a rendering: its resources' names, and the origin of its values.
    rendering: Rendering | None = None
    #: For the source: its text, as cfn-lint needs its lines.
    source_text: str = ""

    @property
    def is_source(self) -> bool:
        """Whether it is the template as written, with unresolved references."""
        return bool(self.source_text)

    def stack(self) -> Stack:
        """A rendering as the checks see it."""
        if self.rendering is None:
            raise ValueError(f"{self.name} is not a rendering")
        return self.rendering.stack()

    @cached_property
    def json(self) -> str:
        """The template as JSON, for engines that are other processes."""
        return as_json(self.template)


@dataclass(frozen=True)
class Failure:
    """One rule failed at one place, given from the root of the target; empty values are unknown."""

    rule: str
    resource: str
    place: Place
    message: str
    fix: str = ""


@dataclass
class Outcome:
    """An engine's answer for one target: its failures, and which rules passed or did not apply.

    `unevaluated` are rules that could not be decided, such as a Guard rule on a value that is still a function.
    """

    failures: list[Failure] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    not_applicable: set[str] = field(default_factory=set)
    unevaluated: set[str] = field(default_factory=set)

    def add(self, other: Outcome) -> None:
        """Add what other rules found in the same target."""
        self.failures += other.failures
        self.passed |= other.passed
        self.not_applicable |= other.not_applicable
        self.unevaluated |= other.unevaluated


class Engine(Protocol):
    """A policy engine. Raises EngineError when it breaks or does not answer for every target."""

    name: str

    @property
    def version(self) -> str:
        """Its release."""
        ...

    def judge(self, targets: Sequence[Target], done: Done = unwatched) -> list[Outcome]:
        """One outcome for each target, in the same order. `done` is called when a chunk of the work is finished."""
        ...
