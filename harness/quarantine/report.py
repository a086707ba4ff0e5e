"""The quarantine report for people. All untrusted text passes through `printable`."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.quarantine.printable import excerpt, printable
from harness.quarantine.reading import Found, Reading
from harness.quarantine.tally import Tally
from market_data import Reason

_MEANINGS = {reason.value: reason.meaning for reason in Reason}
_FOREIGN = "(unknown code in this version)"


def show(console: Console, reading: Reading, tally: Tally) -> None:
    """Print counts, meanings and samples of what was read."""
    if tally.total:
        console.print(_reasons(tally))
        by_stage = ", ".join(f"{count:,} by {stage}" for stage, count in tally.by_stage.items())
        _say(console, f"rejected: {by_stage}")
    else:
        asked = f" for {', '.join(reading.reasons)}" if reading.reasons else ""
        _say(console, f"{printable(str(reading.place))}: nothing is quarantined{asked}")
    if reading.repeated:
        _say(console, f"stored twice, counted once: {reading.repeated:,}")
    if reading.place.others:
        _say(console, f"skipped, because their names do not end in .json.gz: {reading.place.others:,}")
    for reason in tally.by_reason:
        if samples := tally.samples.get(reason):
            _say(console, f"\n{printable(reason)}, {len(samples):,} of {tally.by_reason[reason]:,}", style="bold")
            for sample in samples:
                _show_sample(console, sample)


def _reasons(tally: Tally) -> Table:
    table = Table(title="Quarantined, by reason", title_justify="left")
    table.add_column("reason", no_wrap=True)
    table.add_column("records", justify="right", no_wrap=True)
    table.add_column("meaning")
    for reason, count in tally.by_reason.items():
        table.add_row(Text(printable(reason)), f"{count:,}", Text(_MEANINGS.get(reason, _FOREIGN)))
    table.add_section()
    table.add_row("all", f"{tally.total:,}", style="bold")
    return table


def _show_sample(console: Console, sample: Found) -> None:
    record = sample.record
    shown, size = excerpt(record.data)
    whole = len(record.data)
    extent = (
        f"the first {size:,} of {whole:,} bytes" if size < whole else "1 byte" if whole == 1 else f"{whole:,} bytes"
    )
    _say(console, f"  {sample.stage}, {printable(record.shard)}, {printable(record.seq)}", style="cyan")
    _say(console, f"    arrived {sample.arrival}")
    if sample.rejected.detail:
        _say(console, f"    detail  {printable(sample.rejected.detail)}")
    _say(console, f"    record  {shown}  ({extent})")


def _say(console: Console, line: str, style: str = "") -> None:
    # As Text, so that rich ignores markup such as [red] or :boom: in a record.
    console.print(Text(line, style), soft_wrap=True)
