"""Runs a command in a terminal, or for a reader that has soon seen enough. No tests."""

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def read_one_line(command: Sequence[str], env: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Read one line of a command's output and close it; return exit code and standard error."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=env) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    return process.returncode, complaint


def run_on_a_terminal(command: Sequence[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command with a terminal as its standard output; return exit code, terminal output and standard error."""
    leader, follower = pty.openpty()
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.PIPE, cwd=ROOT, env=env) as process:
        os.close(follower)
        got = b""
        # On Linux, OSError means that the other end is closed.
        with contextlib.suppress(OSError):
            while chunk := os.read(leader, 65_536):
                got += chunk
        os.close(leader)
        assert process.stderr is not None
        complaint = process.stderr.read()
    return process.returncode, got.decode(), complaint.decode()
