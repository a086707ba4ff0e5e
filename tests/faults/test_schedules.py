"""Schedules hold, are as hard as they claim, repeat themselves, and shrink."""

import pytest

import data_validation.core
import kinesis_consumer.handler
from harness.faults import bugs
from harness.faults.deployed import Deployed
from harness.faults.process import Fault, Suspendable
from harness.faults.shrink import shrunk
from harness.faults.simulation import LEAST_FAULTS, Simulation, Step
from harness.faults.state import state
from harness.faults.substitutions import Substitution, replaced

SEEDS = range(1_000, 1_030)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_holds(deployed: Deployed, seed: int) -> None:
    """`tox -e faults` runs hundreds, and the nightly run thousands."""
    simulation = Simulation(deployed, seed)
    result = simulation.run()

    assert str(result.violation or "") == ""
    assert result.faults >= LEAST_FAULTS
    sent = simulation.world.sent.values()
    assert len(sent) >= 40
    assert len({record.position.shard for record in sent}) >= 2
    assert len({record.arrival_ms // 3_600_000 for record in sent}) >= 2
    assert {key.split("/")[1] for key, _ in simulation.world.s3.under("processed", "parquet/")} >= {
        "feed=trade", "feed=order_book",
    }  # fmt: skip


def test_a_seed_repeats_itself(deployed: Deployed) -> None:
    one, other = (Simulation(deployed, 7).run() for _ in range(2))

    assert one == other


def test_the_steps_that_a_seed_has_drawn_lead_to_the_same_end(deployed: Deployed) -> None:
    """Or shrinking would look for something else than what was found."""
    drawn = Simulation(deployed, 7)
    steps = drawn.run().steps
    given = Simulation(deployed, 7, [Step(step.action, step.choice, dict(step.faults)) for step in steps])
    given.run()

    assert given.world.calls.cells == drawn.world.calls.cells
    assert state(given.world) == state(drawn.world)


def test_a_failing_schedule_shrinks() -> None:
    """A consumer that reports no failure loses records with puts, a poll and one fault."""
    bug = next(bug for bug in bugs.BUGS if bug.name == "the consumer reports no failure")
    deployed = Deployed()
    with replaced([bug.substitution, *deployed.substitutions()]):
        failing = Simulation(deployed, bugs.seeds()[bug.name], only=frozenset({bug.invariant})).run()
        least = shrunk(deployed, failing)

    actions = [step.action for step in least.steps]
    assert (actions[0], actions[-1]) == ("put", "poll")
    assert len(actions) <= 5
    assert sum(len(step.faults) for step in least.steps) == 1


def test_the_next_process_does_not_run_while_one_stands_still() -> None:
    ran: list[str] = []

    def function() -> None:
        ran.append("begun")
        thread.stand_still()
        ran.append("ended")

    thread = Suspendable(function)
    thread.go()
    assert (ran, thread.over) == (["begun"], False)
    thread.go()
    assert (ran, thread.over) == (["begun", "ended"], True)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.LAGS])
def test_nothing_takes_effect_after_a_process_has_died(deployed: Deployed, fault: Fault) -> None:
    """Each fault at the first call, a put: what is stored, and whether the process went on."""
    simulation = Simulation(deployed, 1, [])
    simulation.do(Step("put", 4))
    simulation.given = None
    simulation.rate = 0
    step = Step("poll", 4, {0: fault})
    simulation.given = [step]
    simulation.do(step)
    stored = len(list(simulation.world.s3.under("raw", "")))
    rows = len(simulation.world.dynamodb.log)

    died, kept = {Fault.DIES_BEFORE, Fault.DIES_AFTER}, {Fault.DIES_AFTER, Fault.LOST, Fault.AGAIN}
    assert (stored > 0) == (fault in kept)
    assert (rows > 0) == (fault is Fault.AGAIN)
    assert bool(simulation.world.log) == (fault not in died | {Fault.STALLS})


def test_a_target_that_is_gone_is_an_error() -> None:
    with (
        pytest.raises(BaseException, match="is gone"),
        replaced([Substitution(kinesis_consumer.handler, "gone", repr)]),
    ):
        pass


def test_substitutions_are_taken_back() -> None:
    before = vars(data_validation.core.Validator)["_finish"]
    with replaced([bug.substitution for bug in bugs.BUGS]):
        assert vars(data_validation.core.Validator)["_finish"] is not before

    assert vars(data_validation.core.Validator)["_finish"] is before
