"""How far a run is, with its rate and when it ends: a bar on a terminal, and a line now and then in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from harness.cli import complain

#: Seconds between two lines, as the gate has it.
_EVERY = 10.0


class Shown:
    """Says how many of all are done, under a program's name. The rate counts from when none was."""

    def __init__(self, program: str, what: str, total: int, bar: Progress | None = None) -> None:
        self._program, self._what, self._total = program, what, total
        self._started = self._said = time.monotonic()
        self._bar = bar
        self._task = None if bar is None else bar.add_task(what, total=total, speed="")

    def __call__(self, done: int) -> None:
        """So many are done."""
        now = time.monotonic()
        if not done:
            self._started = self._said = now
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, speed=self._speed(done, now), refresh=True)
        elif now - self._said >= _EVERY:
            self._said = now
            complain(self._program, f"{self._what}: {done:,} of {self._total:,}, {self._speed(done, now)}")

    def _speed(self, done: int, now: float) -> str:
        rate = done / max(now - self._started, 1e-9)
        left = f", about {(self._total - done) / rate:.0f} s left" if rate and done < self._total else ""
        return f"{rate:.1f}/s{left}"


@contextmanager
def shown(program: str, what: str, total: int) -> Iterator[Shown]:
    """The bar is drawn only when something is done, without a thread: judges fork."""
    console = Console(stderr=True)
    if sys.stderr is None or not console.is_terminal:
        yield Shown(program, what, total)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, auto_refresh=False) as bar:
        yield Shown(program, what, total, bar)
