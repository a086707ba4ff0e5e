"""Each seeded bug is caught by the invariant named for it, at the seed that was hunted for it."""

import pytest

from harness.faults.bugs import BUGS, Bug, caught, seeds
from harness.faults.deployed import Deployed
from harness.faults.invariants import AFTER_A_RUN, AFTER_A_STEP, AT_REST


def test_there_are_enough() -> None:
    assert len(BUGS) >= 16
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {bug.invariant for bug in BUGS} <= AFTER_A_STEP.keys() | AFTER_A_RUN.keys() | AT_REST.keys()
    assert seeds().keys() == {bug.name for bug in BUGS}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_is_caught(bug: Bug) -> None:
    violation = caught(Deployed(), bug, seeds()[bug.name])

    assert violation is not None, "this seed shows it no more: python -m harness faults --hunt --write"
    assert violation.invariant == bug.invariant
