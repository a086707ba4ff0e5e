"""Runs `python -m harness pipeline`, in a process or by a call, and inspects what it leaves behind. No tests."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from harness.emulator.process import Emulator
from harness.pipeline import command, run
from tests.integration.runs import deploying_through_the_api, lent
from tests.integration.stacks import ROOT
from tests.waiting import until

#: The command itself, signals and all; only its results go elsewhere, since another run may be at work in this tree.
PROGRAM = """
import sys
from pathlib import Path
from harness.pipeline import command
command.FOLDER = Path(sys.argv[1])
sys.exit(command.main(sys.argv[2:]))
"""
#: The same, deployed through CloudFormation's API, for what comes after; PACKAGED_FOLDER leads to what was packaged.
DEPLOYED_QUICKLY = """
import sys
from pathlib import Path
from harness.pipeline import command, run
from tests.integration.runs import deploying_through_the_api
run.STAGES = deploying_through_the_api()
command.FOLDER = Path(sys.argv[1])
sys.exit(command.main(sys.argv[2:]))
"""
#: The same without the Glue job, for a run whose records are all refused, and without the check of the roles.
WITHOUT_SPARK = DEPLOYED_QUICKLY.replace(
    "deploying_through_the_api()\n",
    "tuple(s for s in deploying_through_the_api() if s[0] not in ('check_grants', 'transform'))\n",
)
#: What the person at the keyboard may have set for a run of their own, and what would hide output that is not flushed.
OPTIONS = ("FEED", "VENUE", "KEEP", "PORT", "COUNT", "SEED", "BAD_PER_MILLE", "FAULTS", "PYTHONUNBUFFERED")


class Command:
    """One run with its own temporary folder and port. On exit, kills everything that the run left running."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        program: str = PROGRAM,
        within: Sequence[str] = (),
        results: Path | None = None,
        temporary: Path | None = None,
        output: int | None = None,
        **variables: str,
    ) -> None:
        self.results = results or folder / "results"
        self.temporary = temporary or folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.port = free_port()
        self._output, self._complaint = folder / "output", folder / "complaint"
        environment = {name: value for name, value in os.environ.items() if name not in OPTIONS}
        environment |= {
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "lambda_src"))),
            "PORT": str(self.port),
            **variables,
        }
        with self._output.open("w") as file, self._complaint.open("w") as complaint:
            self.process = subprocess.Popen(
                [*within, sys.executable, "-c", program, str(self.results), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file if output is None else output,
                stderr=complaint,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    @property
    def printed(self) -> str:
        """Standard output so far."""
        return self._output.read_text()

    @property
    def complaint(self) -> str:
        """Standard error so far."""
        return self._complaint.read_text()

    @property
    def summary(self) -> dict[str, Any]:
        """The summary, which must exist."""
        summary: dict[str, Any] = json.loads((self.results / "summary.json").read_text())
        return summary

    def listens(self) -> bool:
        """Whether anything answers at its port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def processes(self) -> list[int]:
        """All live processes with the run's folder in their environment or command line, or in its session."""
        mark = os.fsencode(self.temporary)
        return [
            pid
            for pid, _, session in _alive()
            if session == self.process.pid or mark in _read(pid, "environ") or mark in _read(pid, "cmdline")
        ]

    def descendants(self) -> set[int]:
        """All its descendants, from the kernel's process table."""
        found = {self.process.pid}
        parents = [(pid, parent) for pid, parent, _ in _alive()]
        while more := {pid for pid, parent in parents if parent in found} - found:
            found |= more
        return found


class _Ended(NamedTuple):
    """Stands for the process of a run that was called. No session has its id."""

    returncode: int
    pid: int = -1

    def wait(self, _timeout: float | None = None) -> int:
        return self.returncode


class Call(Command):
    """The same command by a call, which saves its imports: for errors that do not depend on the process.

    With an `emulator`, that one is used, as new, and the deployment is made through CloudFormation's API.
    """

    process: Any

    def __init__(self, folder: Path, *arguments: str, emulator: Emulator | None = None, **variables: str) -> None:
        self.results, self.temporary = folder / "results", folder / "temporary"
        self._output, self._complaint = folder / "output", folder / "complaint"
        self.temporary.mkdir()
        self.port = free_port()
        variables = {"TMPDIR": str(self.temporary), "PORT": str(self.port), **variables}
        with (
            pytest.MonkeyPatch.context() as patch,
            self._output.open("w") as output,
            self._complaint.open("w") as complaint,
            redirect_stdout(output),
            redirect_stderr(complaint),
        ):
            for name in OPTIONS:
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(tempfile, "tempdir", None)
            patch.setattr(command, "FOLDER", self.results)
            # Those of pytest stay as they are.
            patch.setattr(command.Interrupts, "SIGNALS", ())
            if emulator is not None:
                patch.setattr(run, "Emulator", lent(emulator))
                patch.setattr(run, "STAGES", deploying_through_the_api())
            self.process = _Ended(command.main(list(arguments)))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def assert_nothing_is_left(command: Command) -> None:
    """No process, port or temporary file, immediately: a shell's next command starts as soon as this one has ended."""
    running = [_read(pid, "cmdline").replace(b"\0", b" ") for pid in command.processes()]
    assert not running, f"still running: {running}"
    assert not command.listens(), f"port {command.port} still answers"
    files = sorted(map(str, command.temporary.iterdir()))
    assert not files, f"still there: {files}"


def assert_told_in_one_line(command: Command, *words: str) -> None:
    """One line for the user, the same line in the summary, and a balanced account."""
    complaint, summary = command.complaint, command.summary
    assert complaint.startswith("pipeline: "), complaint
    assert complaint.count("\n") == 1, complaint
    missing = [word for word in words if word not in complaint]
    assert not missing, f"{missing} not in: {complaint}"
    assert complaint == f"pipeline: {summary['error']}\n", summary["error"]
    assert summary["exit_code"] == command.process.returncode, summary["exit_code"]
    counts = {name: summary[name] for name in ("records_in", "parquet_rows", "quarantined", "lost")}
    assert counts["parquet_rows"] + counts["quarantined"] + counts["lost"] == counts["records_in"], counts


def wait_for(command: Command, line: str) -> None:
    """Wait until `line` is printed, or the command has ended."""
    until(lambda: line in command.printed or command.process.poll() is not None, 120, repr(line))


def _alive() -> Iterator[tuple[int, int, int]]:
    """Process id, parent and session of every process except zombies."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(int(entry.name), "stat")):
            state, parent, _, session = stat.rsplit(b")", 1)[1].split()[:4]
            if state not in (b"Z", b"X"):
                yield int(entry.name), int(parent), int(session)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it has ended, or is somebody else's
        return b""
