"""Small templates, and how the command has ended on one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.gate.engines.outcome import Target
from harness.gate.judge import targets_of
from harness.render.scenarios import Scenarios
from harness.render.source import Source, parse


@dataclass(frozen=True)
class Ended:
    """How a command has ended, and what it has printed."""

    code: object
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line it had to say on standard error, where it could not judge."""
        assert self.code == 2, self
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith("\n")
        assert "Traceback" not in self.err
        assert self.err.isprintable() or self.err[:-1].isprintable()
        return self.err[:-1]

    @property
    def report(self) -> dict[str, Any]:
        """The report, where it was asked for as JSON."""
        assert self.code in (0, 1), self
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    def findings(self, rule: str) -> list[dict[str, Any]]:
        """What a rule (an id or a slug) has found, where the report was asked for as JSON."""
        return [each for each in self.report["findings"] if rule in (each["rule"], each["slug"])]


def source_of(text: str) -> Source:
    """A template from its text."""
    return parse(text, Path("template.yaml"))


def targets(text: str) -> list[Target]:
    """The source of a template and its renderings."""
    source = source_of(text)
    return targets_of(source, Scenarios(source.template))


def rendered(template: dict[str, Any], name: str = "rendered") -> Target:
    """A template that is as a rendering is: without functions."""
    return Target(name, template)
