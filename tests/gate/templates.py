"""Small templates, and the result of running the gate on one."""

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
    """A command's exit code and output."""

    code: object
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error of a run that could not judge."""
        assert self.code == 2, self
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith("\n")
        assert "Traceback" not in self.err
        assert self.err.isprintable() or self.err[:-1].isprintable()
        return self.err[:-1]

    @property
    def report(self) -> dict[str, Any]:
        """The report of a run with `--format json`."""
        assert self.code in (0, 1), self
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    def findings(self, rule: str) -> list[dict[str, Any]]:
        """A rule's findings (by id or slug) in a run with `--format json`."""
        return [each for each in self.report["findings"] if rule in (each["rule"], each["slug"])]


def source_of(text: str) -> Source:
    """A template from its text."""
    return parse(text, Path("template.yaml"))


def targets(text: str) -> list[Target]:
    """The source of a template and its renderings."""
    source = source_of(text)
    return targets_of(source, Scenarios(source.template))


def rendered(template: dict[str, Any], name: str = "rendered") -> Target:
    """A target with a template that is already rendered: without functions."""
    return Target(name, template)
