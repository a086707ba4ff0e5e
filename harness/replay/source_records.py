"""The types that the readers pass to the producer."""

from collections import Counter
from dataclasses import dataclass, field

#: The name of standard input.
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line without a record, and its kind.

    Messages of the venue (a subscription's answer, a heartbeat) are counted apart from what its recorder wrote between
    them (connected, sent, a blank line): the README of a capture counts messages, `wc -l` counts both.
    """

    kind: str
    is_message: bool = True


@dataclass(slots=True)
class Source:
    """One source of records, and counts of what has been read.

    `lines` are the lines of the file; `session_lines` of them were the recorder's own or blank, `skipped` were messages
    of the venue that are no market data, and the rest became `records`: one a line, or several, as the venue packs.
    """

    index: int
    path: str
    format: str | None = None
    lines: int = 0
    records: int = 0
    skipped_by_kind: Counter[str] = field(default_factory=Counter)
    session_lines_by_kind: Counter[str] = field(default_factory=Counter)

    @property
    def skipped(self) -> int:
        """Number of messages without a record."""
        return self.skipped_by_kind.total()

    @property
    def session_lines(self) -> int:
        """Number of lines that were not messages."""
        return self.session_lines_by_kind.total()

    @property
    def shown(self) -> str:
        """The source's name for messages."""
        return "standard input" if self.path == STDIN else self.path

    def count(self, skipped: Skipped) -> None:
        """Count a line without a record."""
        (self.skipped_by_kind if skipped.is_message else self.session_lines_by_kind)[skipped.kind] += 1


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record for the stream: its bytes, source, and expected rejection reason, if any."""

    raw: bytes
    source: Source
    line: int
    expected_reason: str | None = None

    @property
    def where(self) -> str:
        """The source and line, for messages."""
        return f"{self.source.shown}, line {self.line}"
