"""Ends one emulator with whatever it started, however its owner ended. Standard library only: it runs by itself.

The owner holds the other end of this process's standard input. When that closes, because the owner stopped the
emulator or because the owner was killed, the emulator's process group is killed and its folder removed. So there is
one way to stop, it needs nobody's cooperation, and it is used every time.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

#: Written by an owner that goes away and wants the emulator to stay: from then on only a signal ends it.
STAY = b"stay\n"
GRACE_SECONDS = 2.0


def main(folder: Path, command: list[str]) -> int:
    """Run `command` in a session of its own until told to end it, then leave neither process nor `folder`."""
    woken = _wake_on(signal.SIGCHLD, signal.SIGTERM)
    # A terminal's interrupt is for the owner, who decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    emulator = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(woken)
    finally:
        _end(emulator)
        _remove(folder)
    return emulator.returncode if emulator.returncode >= 0 else 0


def _wake_on(*signals: signal.Signals) -> int:
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for number in signals:
        signal.signal(number, lambda *_: None)
    return readable


def _wait(woken: int) -> None:
    owner = sys.stdin.fileno()
    watched = [woken, owner]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if woken in ready:
            return
        if os.read(owner, len(STAY)) != STAY:
            return
        watched = [woken]


def _end(emulator: subprocess.Popen[bytes]) -> None:
    # Its Lambda workers are in the same process group: none was started with a session of its own.
    for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, None)):
        try:
            os.killpg(emulator.pid, number)
        except ProcessLookupError:
            break
        try:
            emulator.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    emulator.wait()


def _remove(folder: Path) -> None:
    # A worker that is being killed may still finish writing a file, hence more than one attempt.
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
