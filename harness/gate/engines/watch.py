"""How far an engine is, and when it counts as hanging."""

import os
from collections.abc import Callable

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
