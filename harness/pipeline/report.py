"""What a run prints: progress bars while it runs, tables at the end."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from harness.pipeline.summary import Summary
from harness.pipeline.vwap import SymbolTotals

SYMBOLS_SHOWN = 10
POSITIONS_SHOWN = 5


class Display:
    """Progress bars on a terminal; one line a step where output goes to a file."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False, markup=False)

    def bar(self, description: str, total: int | None) -> Bar:
        """Start a bar of `total` steps (None: not known)."""
        if not self.console.is_terminal:
            self.say(f"{description} ...")
        return Bar(self._progress, self._progress.add_task(description, total=total))


class Bar:
    """One bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def at(self, completed: int, total: int | None = None) -> None:
        """Move the bar to `completed`."""
        self._progress.update(self._task, completed=completed, total=total)


def show(console: Console, summary: Summary, totals: list[SymbolTotals], folder: Path) -> None:
    """Print the outcome of a run."""
    console.print()
    console.print(_records(summary))
    if summary.quarantined_by_reason:
        console.print(_counts("Quarantined, by reason", summary.quarantined_by_reason))
    if summary.skipped_by_kind:
        console.print(_counts("In the captures, but no records", summary.skipped_by_kind))
    if summary.faults:
        console.print(_counts("Faults made on purpose", {**summary.faults, "runs of the Glue job": summary.job_runs}))
    if totals:
        console.print(_prices(totals))
    for what, positions in (
        ("lost", summary.lost_positions),
        ("doubled", summary.doubled_positions),
        ("stored, but never put on the stream", summary.foreign_positions),
    ):
        for shard, sequence in positions[:POSITIONS_SHOWN]:
            console.print(f"{what}: shard {shard} sequence number {sequence}", style="red", highlight=False)
    for mismatch in summary.mismatches[:POSITIONS_SHOWN]:
        console.print(
            f"unexpected result: {mismatch['position']}: expected {mismatch['expected'] or 'accepted'}, "
            f"got {mismatch['found'] or 'accepted'}",
            style="red",
            highlight=False,
        )
    console.print(f"Results: {folder}/parquet, {folder}/quarantine, {folder}/summary.json", highlight=False)


def _records(summary: Summary) -> Table:
    table = Table(title="Every record, accounted for", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for feed, count in summary.records_by_feed.items():
        table.add_row(f"records in: {feed}", f"{count:,}")
    table.add_row("records in", f"{summary.records_in:,}", style="bold", end_section=True)
    table.add_row("Parquet rows", f"{summary.parquet_rows:,}")
    table.add_row("quarantined", f"{summary.quarantined:,}")
    table.add_row("duplicates removed", f"{summary.duplicates_removed:,}", end_section=True)
    for name, count in (("lost", summary.lost), ("doubled", summary.doubled)):
        table.add_row(name, f"{count:,}", style="bold red" if count else "bold green")
    return table


def _counts(title: str, counts: dict[str, int]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in counts.items():
        table.add_row(Text(name), f"{count:,}")
    return table


def _prices(totals: list[SymbolTotals]) -> Table:
    more = len(totals) - SYMBOLS_SHOWN
    table = Table(
        title="Volume-weighted average price, from the Parquet",
        title_justify="left",
        caption=f"and {more} more" if more > 0 else None,
    )
    for heading in ("symbol", "traded on"):
        table.add_column(heading)
    for heading in ("trades", "volume", "average price"):
        table.add_column(heading, justify="right")
    for each in totals[:SYMBOLS_SHOWN]:
        table.add_row(
            # A symbol is any printable ASCII, so it may look like rich's markup or an emoji's name.
            Text(each.symbol),
            each.exchanges[0] if len(each.exchanges) == 1 else f"{len(each.exchanges)} exchanges",
            f"{each.trades:,}",
            _decimal(each.volume),
            "-" if each.average_price is None else _decimal(each.average_price),
        )
    return table


def _decimal(number: Decimal) -> str:
    # Shown with at most 8 decimals; the files hold all of them.
    text = f"{number:,.8f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
