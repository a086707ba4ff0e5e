"""Checks files of records, one JSON object a line, as the pipeline's validator would: same code, same verdicts.

Each refused line is printed as FILE:LINE: CODE: DETAIL, and the totals follow. A line is the record as it would be put
on the stream, up to the line feed: an empty one is refused, and so is one of more than 900,000 bytes. A record counts
as arrived now, which decides the flag event_after_arrival. Plain, gzip or zstd (Python 3.14, or with backports.zstd) is
known by the content.

--json prints one document instead. `refusals` comes first and grows with the file; what follows does not:

    {"version": 1,
     "refusals": [{"file": TEXT, "line": NUMBER, "feed": TEXT, "code": TEXT, "detail": TEXT}, ...],
     "files": [{"file": TEXT, "accepted": N, "refused": N, "flagged": N, "error": TEXT or null}, ...],
     "accepted": N, "refused": N, "flagged": N,
     "by_feed": {FEED: {"accepted": N, "refused": N}}, "by_code": {CODE: N}, "by_flag": {FLAG: N}}

A record that cannot be read has the feed `unknown`. Exit code: 0 all accepted, 1 some refused, 2 a file could not be
read to its end, or bad use.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from market_data.errors import Reason, RejectedRecord
from market_data.feeds import UNKNOWN, feed_of, too_large
from market_data.flagging import flags
from market_data.ndjson import STDIN, Overlong, Unreadable, read_lines
from market_data.parsing import parse
from market_data.records import DEFAULT_NON_POSITIVE_EXCHANGES, RECORD_TYPES

PROGRAM: Final = "python -m market_data check"
_FEED_OF_TYPE: Final = {record_type: feed for feed, record_type in RECORD_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that the pipeline would refuse."""

    file: str
    line: int
    feed: str
    code: Reason
    detail: str


@dataclass
class Counts:
    """What was found, in one file or in all. `flagged` counts records, `by_flag` flags."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    by_flag: Counter[str] = field(default_factory=Counter)
    flagged: int = 0

    def add(self, other: "Counts") -> None:
        """Add the counts of another file."""
        self.accepted.update(other.accepted)
        self.refused.update(other.refused)
        self.by_flag.update(other.by_flag)
        self.flagged += other.flagged

    def sums(self) -> dict[str, int]:
        """How many records were accepted, refused and flagged."""
        return {"accepted": self.accepted.total(), "refused": self.refused.total(), "flagged": self.flagged}

    def by_code(self) -> dict[Reason, int]:
        """Refused records by code, in the contract's order."""
        found: Counter[Reason] = Counter()
        for (_, code), count in self.refused.items():
            found[code] += count
        return {code: found[code] for code in Reason if code in found}

    def by_feed(self) -> dict[str, dict[str, int]]:
        """Accepted and refused records by feed."""
        refused: Counter[str] = Counter()
        for (feed, _), count in self.refused.items():
            refused[feed] += count
        feeds = [feed for feed in (*RECORD_TYPES, UNKNOWN) if feed in self.accepted or feed in refused]
        return {feed: {"accepted": self.accepted[feed], "refused": refused[feed]} for feed in feeds}


def check(path: str, allow_nonpositive: frozenset[str], counts: Counts) -> Iterator[Refusal]:
    """Yield the refused lines of a file, and count all of them. Raises Unreadable, with `counts` up to there."""
    accepted: Counter[type] = Counter()
    now = time.time_ns
    try:
        for number, line in enumerate(read_lines(path), 1):
            try:
                if type(line) is Overlong:
                    raise too_large(*line)
                record = parse(line, allow_nonpositive=allow_nonpositive)  # type: ignore[arg-type]
            except RejectedRecord as rejected:
                feed = UNKNOWN if type(line) is Overlong else _feed_of(line)  # type: ignore[arg-type]
                counts.refused[feed, rejected.reason] += 1
                yield Refusal(path, number, feed, rejected.reason, rejected.detail)
                continue
            accepted[type(record)] += 1
            if found := flags(record, now()):
                counts.flagged += 1
                counts.by_flag.update(found)
    finally:
        counts.accepted.update({_FEED_OF_TYPE[each]: count for each, count in accepted.items()})


def _feed_of(line: bytes) -> str:
    try:
        return feed_of(line)
    except RejectedRecord:
        return UNKNOWN


# ------------------------------------------------------------------------------------------------- the reports ----
Write = Callable[[str], Any]


class _Text:
    def __init__(self, write: Write) -> None:
        self._write = write

    def refusal(self, refusal: Refusal) -> None:
        why = f": {refusal.detail}" if refusal.detail else ""
        self._write(f"{_shown(refusal.file)}:{refusal.line}: {refusal.code}{why}\n")

    def file(self, path: str, counts: Counts, error: str | None) -> None:
        """Nothing: its lines have been printed, and its error is on standard error."""

    def end(self, counts: Counts) -> None:
        sums = counts.sums()
        total = sums["accepted"] + sums["refused"]
        parts = ", ".join(f"{count:,} {name}" for name, count in sums.items())
        self._write(f"{total:,} record{'s' * (total != 1)}: {parts}\n")
        for feed, found in counts.by_feed().items():
            self._write(f"  {feed}: {', '.join(f'{count:,} {name}' for name, count in found.items())}\n")
        for code, count in counts.by_code().items():
            self._write(f"  refused, {code}: {count:,} ({code.meaning})\n")
        for flag, count in sorted(counts.by_flag.items()):
            self._write(f"  accepted, but flagged {flag}: {count:,}\n")


class _Json:
    def __init__(self, write: Write) -> None:
        self._write = write
        self._files: list[dict[str, Any]] = []
        self._before = '{"version": 1, "refusals": ['

    def refusal(self, refusal: Refusal) -> None:
        fields = {name: getattr(refusal, name) for name in ("file", "line", "feed", "code", "detail")}
        self._write(f"{self._before}\n{json.dumps(fields)}")
        self._before = ","

    def file(self, path: str, counts: Counts, error: str | None) -> None:
        self._files.append({"file": path, **counts.sums(), "error": error})

    def end(self, counts: Counts) -> None:
        rest = {
            "files": self._files,
            **counts.sums(),
            "by_feed": counts.by_feed(),
            "by_code": counts.by_code(),
            "by_flag": dict(sorted(counts.by_flag.items())),
        }
        self._write(f"{self._before.removesuffix(',')}],\n{json.dumps(rest)[1:]}\n")


def _shown(path: str) -> str:
    """A file's name on one line of a terminal, whatever is in it."""
    return path if path.isprintable() else ascii(path)


# ------------------------------------------------------------------------------------------------- the command ----
class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (try --help)\n")


def main(arguments: Sequence[str]) -> int:
    """Check the files; return the exit code."""
    options = _options(arguments)
    status = 0
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        report = (_Json if options.json else _Text)(sys.stdout.write)
        total = Counts()
        for path in options.files:
            counts, error = Counts(), None
            try:
                for refusal in check(path, options.nonpositive, counts):
                    status = max(status, 1)
                    report.refusal(refusal)
            except Unreadable as unreadable:
                status, error = 2, str(unreadable)
                _complain(f"{_shown(path)}: {error}")
            total.add(counts)
            report.file(path, counts, error)
        report.end(total)
        sys.stdout.flush()
    except OSError as error:
        # Discard the buffer, or Python would complain again at exit.
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # A closed pipe (`| head`) is no error.
        if not isinstance(error, BrokenPipeError):
            _complain(f"cannot write to standard output: {error.strerror or error}")
            return 2
    except KeyboardInterrupt:
        return 130
    return status


def _complain(message: str) -> None:
    with suppress(OSError, AttributeError):  # AttributeError: standard error is closed
        sys.stderr.write(f"check: {message}\n")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of lines of JSON; - is standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON document, of the shape above")
    parser.add_argument(
        "--nonpositive",
        type=_exchanges,
        default=DEFAULT_NON_POSITIVE_EXCHANGES,
        metavar="EXCHANGES",
        help="where prices of zero and below are valid, separated by commas: the template's parameter "
        f"NonPositivePriceExchanges (default {','.join(sorted(DEFAULT_NON_POSITIVE_EXCHANGES))})",
    )
    options = parser.parse_args(arguments)
    if options.files.count(STDIN) > 1:
        parser.error("standard input can be read only once")
    return options


def _exchanges(text: str) -> frozenset[str]:
    return frozenset(name for each in text.split(",") if (name := each.strip()))
