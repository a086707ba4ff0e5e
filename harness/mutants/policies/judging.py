"""Which mutants `harness.access` notices, with every other engine switched off.

It notices what grants anything that rules/access.yaml does not mean, or takes away what it does.

What makes equal differences in two scenarios may decide otherwise in one of them, as other policies differ there. So
what is not noticed where each difference is first made is asked in every scenario.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

from harness.access.compare import Known
from harness.access.judge import first_difference
from harness.access.refused import Refused
from harness.access.table import Meant, Table
from harness.gate.engines.errors import EngineError
from harness.mutants.judge import Mutant
from harness.mutants.reach import Changed, Reach

#: So many mutants are handed to a worker at once.
HANDFUL = 10


class PolicyJudge:
    """Holds mutants of one template to the table.

    Most policies are in a mutant as they are in the template: what was compared of those is not compared again.
    """

    def __init__(self, reach: Reach, table: Table) -> None:
        self._reach, self._table = reach, table
        #: What was compared of the template, in the scenarios asked for so far, with what is meant there.
        self._known, self._meant = Known(), dict[int, list[Meant]]()

    def noticed(self, mutant: Mutant) -> str:
        """What is newly allowed, or newly denied, or cannot be read; empty if nothing is noticed.

        Raises EngineError if the template itself does not do what it means.
        """
        known = Known()
        for each in self._changed(mutant):
            self._learn(each.scenario)
            known = self._known.with_(known)
            if found := self._finding(each, known):
                return found
        return ""

    def _learn(self, scenario: int) -> None:
        if scenario not in self._meant:
            of = self._reach.scenarios[scenario]
            self._meant[scenario] = self._table.meant(of.rendering)
            if found := self._finding(Changed(scenario, {}), self._known):
                raise EngineError(f"access has a finding before anything is broken: {found} [{of.name}]")

    def _changed(self, mutant: Mutant) -> Iterator[Changed]:
        yield from mutant.changed
        seen = {each.scenario for each in mutant.changed}
        yield from (each for each in self._reach.everywhere(mutant.mutation) if each.scenario not in seen)

    def _finding(self, changed: Changed, known: Known) -> str:
        try:
            found = first_difference(self._reach.stack(changed), self._meant[changed.scenario], known)
        except Refused as error:
            return str(error)
        return f"{found.witness}: {found.because}" if found else ""


#: What a worker process judges, taken over from the process that forked it.
_handed_over: tuple[PolicyJudge, Sequence[Mutant]] | None = None


def judge(
    mutants: Sequence[Mutant], reach: Reach, table: Table, progress: Callable[[int], None] = lambda _: None
) -> list[str]:
    """What access notices of each mutant, in their order. `progress` gets how many of them are judged."""
    global _handed_over
    _handed_over = PolicyJudge(reach, table), mutants
    # Forked, as the reach of mutations in the template is large, and takes seconds to make.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as workers:
        found: list[str] = []
        progress(0)
        try:
            for each in workers.map(_noticed, range(len(mutants)), chunksize=HANDFUL):
                found.append(each)
                progress(len(found))
        except BrokenExecutor as error:
            raise EngineError("a process that asks access about mutants was killed") from error
    return found


def _noticed(index: int) -> str:
    if _handed_over is None:
        raise EngineError("a worker began without mutants")
    judge_, mutants = _handed_over
    return judge_.noticed(mutants[index])
