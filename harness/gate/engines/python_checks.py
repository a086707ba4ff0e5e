"""The project's own checks in Python, which compare resources with each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.gate import check_loader
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Target
from harness.gate.engines.watch import Done, unwatched
from harness.render.resources import Stack


class Checks:
    """The checks in some files. A check judges either the source or renderings, and leaves the other unevaluated."""

    name = "checks"
    version = "1"

    def __init__(self, paths: Sequence[Path]) -> None:
        self.checks = []
        #: The types that each check asked for in the renderings it has judged.
        self.types_read: dict[str, set[str]] = {}
        for path in paths:
            try:
                self.checks += check_loader.load([path])
            except Exception as error:  # any exception means that there is no check
                raise EngineError(f"the check {path} cannot be loaded: {type(error).__name__}: {error}") from error

    def judge(self, targets: Sequence[Target], done: Done = unwatched) -> list[Outcome]:
        """See `Engine`."""
        outcomes: list[Outcome] = []
        for target in targets:
            outcomes.append(self._judge(target))
            done(len(outcomes), len(targets))
        return outcomes

    def _judge(self, target: Target) -> Outcome:
        outcome = Outcome()
        for check in self.checks:
            if check.judges_source != target.is_source:
                outcome.unevaluated.add(check.slug)
                continue
            judged = target.template if target.is_source else target.stack()
            failures, applied = run(check, judged, target.name)
            if isinstance(judged, Stack):
                self.types_read.setdefault(check.slug, set()).update(judged.types_read)
            outcome.failures.extend(failures)
            if not applied:
                outcome.not_applicable.add(check.slug)
            elif not failures:
                outcome.passed.add(check.slug)
        return outcome


def run(check: check_loader.Check, judged: Stack | dict[str, Any], name: str) -> tuple[list[Failure], bool]:
    """A check's failures, and whether it applied at all."""
    failures, applied = [], False
    try:
        for subject, problems in check.run(judged):
            applied = True
            for problem in problems:
                place = problem.path if check.judges_source else ("Resources", subject, *problem.path)
                failures.append(Failure(check.slug, subject, place, problem.violation, problem.fix))
    except Exception as error:
        raise EngineError(f"the check {check.slug} broke on {name}: {type(error).__name__}: {error}") from error
    return failures, applied
