"""Shrinks a failing schedule: fewer steps and fewer faults, while the same invariant fails."""

from .deployed import Deployed
from .simulation import Result, Simulation, Step

#: Runs that shrinking may take.
TRIES = 400


def shrunk(deployed: Deployed, failing: Result, without: frozenset[str] = frozenset()) -> Result:
    """The smallest schedule found in which the same invariant fails."""
    assert failing.violation is not None
    wanted, tries = failing.violation.invariant, TRIES
    best = failing

    def still(steps: list[Step]) -> bool:
        nonlocal tries, best
        if tries <= 0:
            return False
        tries -= 1
        result = Simulation(deployed, failing.seed, _copied(steps), without, failing.only).run()
        if result.violation is None or result.violation.invariant != wanted:
            return False
        # Steps after the one that failed are not in its result.
        best = result
        return True

    if not still(failing.steps):
        # Drawn and given steps are the same, so this is a bug of the simulation itself.
        raise AssertionError(f"seed {failing.seed} does not repeat itself")
    size = max(1, len(best.steps) // 2)
    while tries > 0:
        before, start = len(best.steps), 0
        while start < len(best.steps):
            if not still(best.steps[:start] + best.steps[start + size :]):
                start += size
        if size == 1 and len(best.steps) == before:
            break
        size = max(1, size // 2)
    for number in range(len(best.steps)):
        for at in list(best.steps[number].faults) if number < len(best.steps) else ():
            fewer = _copied(best.steps)
            del fewer[number].faults[at]
            still(fewer)
    return best


def _copied(steps: list[Step]) -> list[Step]:
    return [Step(step.action, step.choice, dict(step.faults)) for step in steps]
