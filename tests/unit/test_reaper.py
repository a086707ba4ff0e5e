"""The reaper: whatever happens to its owner, no process and no folder is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import patience, reaper
from tests.waiting import until

#: A small emulator with one worker; it prints both process ids.
WORKING = """
import os, signal, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {worker.pid}")
time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + WORKING


def command(folder: Path, program: str) -> list[str]:
    started = [sys.executable, "-c", program, str(folder / "pids")]
    return [sys.executable, "-I", "-S", reaper.__file__, str(folder), *started]


def pids(folder: Path) -> list[int]:
    until(lambda: (folder / "pids").exists() and " " in (folder / "pids").read_text())
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    # The process that adopts an orphan may be slow to reap it.
    return state != "Z"


def assert_ended(started: list[int]) -> None:
    """Each process has ended. After SIGKILL the kernel ends a worker, with a delay on a busy machine."""
    until(lambda: not any(map(alive, started)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lived_in = tmp_path / "emulator"
    lived_in.mkdir()
    return lived_in


@pytest.fixture
def reaped(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command(folder, WORKING), stdin=subprocess.PIPE, start_new_session=True) as process:
        yield process
        if process.poll() is None:
            process.terminate()


@pytest.mark.parametrize("program", [pytest.param(WORKING, id="working"), pytest.param(STUBBORN, id="stubborn")])
def test_closing_the_pipe_ends_the_emulator_its_worker_and_its_folder(folder: Path, program: str) -> None:
    """The pipe also closes if the owner is killed; therefore it is the way to stop.

    One that ignores signals ends too: a worker in the middle of a long handler does not look at SIGTERM either.
    """
    with subprocess.Popen(command(folder, program), stdin=subprocess.PIPE, start_new_session=True) as process:
        started = pids(folder)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(patience.seconds(10))

    assert_ended(started)
    assert not folder.exists()


def test_a_killed_owner_leaves_nothing(folder: Path) -> None:
    """After SIGKILL, the owner cannot clean up."""
    program = (
        "import subprocess, sys, time\n"
        "reaper = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, *command(folder, WORKING)]) as owner:
        started = pids(folder)
        owner.kill()

    until(lambda: not any(map(alive, started)) and not folder.exists())


def test_an_emulator_that_may_stay_outlives_its_owner_until_signalled(
    reaped: subprocess.Popen[bytes], folder: Path
) -> None:
    """`KEEP=1` leaves the emulator running; the user then has one process to kill."""
    started = pids(folder)
    assert reaped.stdin is not None
    reaped.stdin.write(reaper.STAY)
    reaped.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        reaped.wait(0.3)
    assert all(map(alive, started))
    reaped.send_signal(signal.SIGTERM)
    reaped.wait(patience.seconds(10))

    assert_ended(started)
    assert not folder.exists()


def test_a_terminals_interrupt_is_left_to_the_owner(reaped: subprocess.Popen[bytes], folder: Path) -> None:
    pids(folder)
    os.kill(reaped.pid, signal.SIGINT)

    with pytest.raises(subprocess.TimeoutExpired):
        reaped.wait(0.3)


def test_an_emulator_that_ends_by_itself_takes_the_guard_along(folder: Path) -> None:
    """The owner watches only the reaper, which must report a crash."""
    with subprocess.Popen(command(folder, "raise SystemExit(7)"), stdin=subprocess.PIPE) as process:
        assert process.wait(patience.seconds(10)) == 7
    assert not folder.exists()
