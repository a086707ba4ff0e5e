"""How far the engines are, and when one counts as hanging."""

import os
import sys
import time
from collections.abc import Callable, Sequence

from harness.gate.engines.errors import EngineError

#: Called with how many of an engine's chunks are finished, and how many there are.
Done = Callable[[int, int], None]
#: Seconds in which no chunk finishes, before an engine counts as hanging. A chunk takes seconds on an idle machine.
SECONDS = 300.0


def unwatched(_finished: int, _of: int) -> None:
    """For who does not want to know."""


def hangs(engine: str, seconds: float) -> EngineError:
    """The error of an engine that has not finished a chunk for so many seconds; it names a busy machine as such."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    busy = f" The machine is busy: load average {load:.1f} on {cores} cores." if load > 1.5 * cores else ""
    return EngineError(f"{engine} has finished nothing for {seconds:g} s.{busy} --silence gives it longer.")


class Progress:
    """Says on a line every `EVERY` seconds how far the engines are: for logs, so without control characters."""

    EVERY = 10.0

    def __init__(self, engines: Sequence[str] = (), say: Callable[[str], None] = lambda _: None) -> None:
        self._say = say
        #: Chunks finished and in all, by engine; in all unknown, and 0, until it says so.
        self._chunks = dict.fromkeys(engines, (0, 0))
        self._started = self._said = time.monotonic()

    def chunk(self, engine: str, finished: int, of: int) -> None:
        """An engine has finished so many of its chunks."""
        self._chunks[engine] = finished, of

    def ended(self, engine: str, running: Sequence[str]) -> None:
        """An engine has finished."""
        of = self._chunks.get(engine, (0, 0))[1]
        self._chunks[engine] = of, of
        if sys.stderr and sys.stderr.isatty():
            self._say(f"{engine} finished; still running: {', '.join(running) or 'none'}")

    def tick(self) -> None:
        """Called about every second."""
        now = time.monotonic()
        if now - self._said >= self.EVERY:
            self._said = now
            self._say(self.line(now - self._started))

    def line(self, seconds: float) -> str:
        """How far all are after so many seconds."""
        finished, of = (sum(each) for each in zip(*self._chunks.values(), strict=True))
        known = all(of for _, of in self._chunks.values())
        each = ", ".join(f"{name} {done}/{of or '?'}" for name, (done, of) in self._chunks.items())
        left = f"about {(of - finished) * seconds / finished:.0f} s left" if known and finished else "loading"
        rate = f"{finished}/{of if known else '?'} chunks after {seconds:.0f} s, {finished / seconds:.1f}/s"
        return f"{rate}, {left} ({each})"
