"""What a run has shown: violations with their schedules, the cells of calls and faults, and the remedies."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from .process import Fault
from .simulation import Result, faults_of


@dataclass
class Report:
    """Sums over schedules."""

    commit: str
    seed: int
    schedules: int = 0
    #: The fewest faults that any schedule had.
    fewest_faults: int = 10**9
    faults: int = 0
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    remedies: Counter[str] = field(default_factory=Counter)
    #: Each failing schedule.
    violations: list[Result] = field(default_factory=list)
    #: The first of each invariant, shrunk.
    shrunk: dict[str, Result] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Count a schedule."""
        self.schedules += 1
        self.faults += result.faults
        if result.violation is None:
            self.fewest_faults = min(self.fewest_faults, result.faults)
        self.cells += result.cells
        self.actions += result.actions
        self.remedies += result.remedies
        if result.violation:
            self.violations.append(result)

    def merge(self, other: "Report") -> None:
        """Add the schedules of another report."""
        self.schedules += other.schedules
        self.faults += other.faults
        self.fewest_faults = min(self.fewest_faults, other.fewest_faults)
        self.cells += other.cells
        self.actions += other.actions
        self.remedies += other.remedies
        self.violations += other.violations

    def by_call(self) -> dict[str, dict[str, int]]:
        """Call -> fault -> how often. The fault "" is none."""
        found: dict[str, dict[str, int]] = {}
        for (call, fault), count in sorted(self.cells.items()):
            found.setdefault(call, {})[fault] = count
        return found

    def not_hit(self) -> list[str]:
        """Cells that no schedule has hit, of the calls that were made: a call and a fault that it can have."""
        return [
            f"{call}: {fault}"
            for call, counts in self.by_call().items()
            for fault in faults_of(*call.split(" ", 1))
            if fault not in counts
        ]

    def as_dict(self, seconds: float) -> dict[str, Any]:
        """For build/faults/report.json."""
        return {
            "commit": self.commit,
            "seed": self.seed,
            "schedules": self.schedules,
            "cpu_seconds": round(seconds, 1),
            "faults": self.faults,
            "fewest_faults": self.fewest_faults if self.schedules > len(self.violations) else 0,
            "violations": [_as_dict(each) for each in self.violations],
            "shrunk": [_as_dict(each) for each in self.shrunk.values()],
            "cells": self.by_call(),
            "cells_not_hit": self.not_hit(),
            "actions": dict(sorted(self.actions.items())),
            "remedies": dict(sorted(self.remedies.items())),
        }

    def tables(self) -> list[Table]:
        """For people."""
        faults = [*Fault]
        calls = Table("call", "", *faults)
        for column in calls.columns[1:]:
            column.justify = "right"
        for call, counts in self.by_call().items():
            calls.add_row(call, *(f"{counts[fault]:,}" if fault in counts else "" for fault in ("", *faults)))
        actions = Table("step or remedy", "times")
        actions.columns[1].justify = "right"
        for action, count in [*sorted(self.actions.items()), *sorted(self.remedies.items())]:
            actions.add_row(action, f"{count:,}")
        return [calls, actions]


def told(result: Result, commit: str) -> str:
    """A failing schedule for people."""
    steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(result.steps, 1))
    again = f"python -m harness faults --replay {result.seed}  (commit {commit})"
    return f"{result.violation}\n{steps}\n  everything comes to rest\n  again: {again}"


def _as_dict(result: Result) -> dict[str, Any]:
    violation = result.violation
    assert violation is not None
    return {
        "seed": result.seed,
        "invariant": violation.invariant,
        "detail": violation.detail,
        "positions": [list(position) for position in violation.positions],
        "steps": [{"action": step.action, "choice": step.choice, "faults": step.faults} for step in result.steps],
    }
