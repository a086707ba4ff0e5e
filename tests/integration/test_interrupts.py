"""Ctrl-C, `kill` or a CI timeout may end a run at any time: nothing is left, and every record is accounted for."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness import patience
from tests.integration.commands import (
    DEPLOYED_QUICKLY,
    WITHOUT_SPARK,
    Command,
    assert_nothing_is_left,
    assert_told_in_one_line,
    wait_for,
)
from tests.waiting import until

pytestmark = pytest.mark.stack

SEED = 20_240_102
INTERRUPTED = 130
#: Printed when nothing is left to interrupt.
RESULT = "Every record, accounted for"
JOB = "Glue job"
#: What a run says, about how many seconds it then takes on two cores, and how many of the twenty moments fall there.
#: Counted from the line, not from the start, so that a slow machine is not interrupted in its first stages only.
STAGES = (
    ("", 0.6, 2),
    ("Starting the emulated AWS", 1.6, 3),
    ("Packaging", 0.3, 1),
    ("Deploying", 3.5, 4),
    ("Deployed", 0.8, 1),
    ("Putting records", 0.3, 1),
    ("Stored as they arrived", 2.5, 2),
    (JOB, 10.0, 5),
    (RESULT, 0.1, 1),
)


#: The first stages are those of any run; what comes after the deployment does not ask how that was made.
FIRST_STAGES = ("", "Starting the emulated AWS", "Packaging", "Deploying")
#: Stages with processes of their own to end, beside the Glue job's and the result, which have tests of their own. All
#: else is what these show, at another moment.
DAILY = ("Starting the emulated AWS", "Deploying")


class Moment(NamedTuple):
    line: str
    seconds: float
    number: signal.Signals

    def __str__(self) -> str:
        return f"seed {SEED}: {self.number.name} {self.seconds:.3f} s after {self.line or 'the start'!r}"


def moments() -> Iterator[Any]:
    """Twenty moments; all but one of each DAILY stage are left to the nightly profile, as each takes a run."""
    chance = random.Random(SEED)
    signals = cycle((signal.SIGINT, signal.SIGTERM))
    for line, length, count in STAGES:
        daily = chance.randrange(count)
        for part in range(count):
            # One in each part of a stage, so that no long stretch is left out by chance.
            moment = Moment(line, length * (part + chance.random()) / count, next(signals))
            is_daily = part == daily and line in DAILY
            yield pytest.param(moment, id=str(moment), marks=[] if is_daily else pytest.mark.nightly)


Started = Callable[[str], Command]


@pytest.fixture
def started(tmp_path: Path, packaged_folder: dict[str, str]) -> Started:
    """Starts a run to interrupt after a given line."""

    def start(line: str) -> Command:
        if any(stage.startswith(line) for stage in FIRST_STAGES):
            return Command(tmp_path, "--count", "300")
        return Command(tmp_path, "--count", "300", program=DEPLOYED_QUICKLY, **packaged_folder)

    return start


def at(command: Command, moment: Moment) -> None:
    """Wait for that moment of the run, or its end."""
    if moment.line:
        wait_for(command, moment.line)
    else:
        # Before that, Python itself is still starting.
        until(lambda: command.results.with_suffix(".lock").exists())
    time.sleep(moment.seconds)


def send(command: Command, number: signal.Signals) -> None:
    if number is signal.SIGINT:
        # As a terminal does: to all that has not left its process group.
        os.killpg(command.process.pid, number)
    else:
        command.process.send_signal(number)


@pytest.mark.parametrize("moment", list(moments()))
def test_a_signal_at_any_moment_ends_all_of_it(started: Started, moment: Moment) -> None:
    with started(moment.line) as command:
        at(command, moment)
        is_over = command.process.poll() is not None
        if not is_over:
            send(command, moment.number)
        code = command.process.wait(patience.seconds(60))

        assert_nothing_is_left(command)
        assert_ended_as(command, code)


def test_a_signal_after_the_result_changes_nothing(tmp_path: Path, packaged_folder: dict[str, str]) -> None:
    """Every record is refused, so that the Glue job, which has ended by then, need not run."""
    arguments = ("--count", "20", "--bad-per-mille", "1000")
    with Command(tmp_path, *arguments, program=WITHOUT_SPARK, **packaged_folder) as command:
        wait_for(command, RESULT)
        send(command, signal.SIGTERM)
        code = command.process.wait(patience.seconds(60))

        assert_nothing_is_left(command)
        assert RESULT in command.printed
        assert_ended_as(command, code)


def assert_ended_as(command: Command, code: int) -> None:
    if RESULT in command.printed:
        # It came too late to change anything.
        assert (code, command.complaint) == (0, "")
        assert command.summary["exit_code"] == 0
    else:
        assert code == INTERRUPTED, command.complaint
        assert_told_in_one_line(command, "interrupted")


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Deploying", 1.0),
        pytest.param("Starting", 0.5, marks=pytest.mark.nightly),
        pytest.param("Stored as they arrived", 0.5, marks=pytest.mark.nightly),
        pytest.param(RESULT, 0.0, marks=pytest.mark.nightly),
    ],
)
def test_more_signals_do_not_cut_the_cleaning_up_short(started: Started, line: str, seconds: float) -> None:
    """Impatient users press Ctrl-C again and again."""
    with started(line) as command:
        at(command, Moment(line, seconds, signal.SIGINT))
        for number in cycle((signal.SIGINT, signal.SIGTERM)):
            if command.process.poll() is not None:
                break
            send(command, number)
            time.sleep(0.005)
        code = command.process.wait()

        assert_nothing_is_left(command)
        assert_ended_as(command, code)


def test_spark_ends_with_the_run_and_all_that_was_started_was_looked_for(started: Started) -> None:
    """The other tests search environments for the run's folder, which works only if every process has it."""
    with started(JOB) as command:
        wait_for(command, JOB)
        unmarked = dict.fromkeys(command.descendants(), 0)
        # The Java process is the last to come.
        until(lambda: any(b"java" in name(pid) for pid in command.descendants()), 60)
        # A process that is just being born has no environment yet; one that never has it would not be found.
        for _ in range(5):
            found = set(command.processes())
            unmarked = {pid: unmarked.get(pid, 0) + 1 for pid in command.descendants() - found}
            time.sleep(0.05)
        started = {name(pid).rpartition(b"/")[2] for pid in command.descendants()}
        send(command, signal.SIGINT)
        send(command, signal.SIGINT)
        code = command.process.wait(patience.seconds(60))

        assert not any(times == 5 for times in unmarked.values())
        assert b"java" in started
        assert code == INTERRUPTED
        assert_nothing_is_left(command)
        assert_ended_as(command, code)


def name(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return b""


@pytest.mark.parametrize("line", ["Deploying", pytest.param(JOB, marks=pytest.mark.nightly)])
def test_a_killed_run_leaves_neither_process_nor_temporary_file(started: Started, line: str) -> None:
    """CI's last resort. Nothing can be written then, but nothing may keep running."""
    with started(line) as command:
        at(command, Moment(line, 1.0, signal.SIGKILL))
        command.process.kill()
        command.process.wait()

        until(lambda: not command.processes() and not command.listens() and not list(command.temporary.iterdir()))
