"""The rules that judge our template are pinned: one that stops applying would pass in silence, so it is a finding."""

from collections.abc import Iterable, Iterator, Mapping

from harness.catalogue.proof import Proof
from harness.gate.verdicts import FAIL, GATE, PASS, Finding, RuleVerdict

NO_LONGER_APPLIES = "no-longer-applies"


def no_longer_applying(pinned: Mapping[str, Proof], verdicts: Iterable[RuleVerdict]) -> Iterator[Finding]:
    """A finding for each rule that passed or failed when `rules/proof.csv` was written and now finds nothing to judge.

    `pinned` are the lines of that file by slug; a rule that was deleted or renamed since is left to `tox -e rules`.
    """
    for each in verdicts:
        before = pinned.get(each.slug)
        if before and before.verdict in (PASS, FAIL) and each.verdict not in (PASS, FAIL):
            yield Finding(
                NO_LONGER_APPLIES, NO_LONGER_APPLIES, GATE, "", 1, "",
                f"{each.rule} {each.slug} judged this template and is {each.verdict} now: what it is about is gone or "
                "has another name.",
                "bring back what it judges; if it is meant to go, run the mutants, then tox -e rules -- --write.", (),
            )  # fmt: skip
