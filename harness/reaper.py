"""Kills a process and its children when its owner ends, for whatever reason. Standard library only: it runs alone.

The owner of an emulator or of a Spark job holds the other end of this process's standard input. When that closes,
because the owner stopped the process or because the owner was killed, the process group is killed and its folder
removed. So there is one way to stop, which needs no cooperation and is used every time.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

#: Sent by an owner that exits but keeps the process; afterwards only a signal ends it.
STAY = b"stay\n"
SIGNALLED = 128


def main(folder: Path, command: list[str]) -> int:
    """Run `command` in its own session until it ends or must be stopped, then kill its processes and delete `folder`.

    Returns its exit code as a shell would, or 0 if it was stopped.
    """
    woken = _wake_on(signal.SIGCHLD, signal.SIGTERM)
    # Ctrl-C is for the owner to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    ended = None
    try:
        _wait(woken)
        ended = process.poll()
    finally:
        _end(process)
        _remove(folder)
    if ended is None:
        return 0
    return ended if ended >= 0 else SIGNALLED - ended


def unmade_folder(prefix: str) -> Path:
    """Return the name of a new temporary folder, which the owner creates.

    An owner that knows the name before the folder is there can remove it whenever it is interrupted; `mkdtemp` would
    tell it too late.
    """
    # Imported late, so that the reaper starts fast.
    import tempfile

    return Path(tempfile.gettempdir(), f"{prefix}{os.urandom(8).hex()}")


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


def _end(process: subprocess.Popen[bytes]) -> None:
    # SIGKILL, because a server that shuts down gracefully waits for its connections, and none of its state is kept. Its
    # children (Lambda workers, a JVM) are in its process group: none of them has its own session.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _remove(folder: Path) -> None:
    # A worker that is being killed may still write a file, so retry.
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
