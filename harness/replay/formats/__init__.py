"""The readable formats by name, and format detection from a file's lines."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Protocol

from harness.replay.errors import ReplayError
from harness.replay.formats.binance import Binance
from harness.replay.formats.bitfinex import Bitfinex
from harness.replay.formats.bitmex import Bitmex
from harness.replay.formats.bitstamp import Bitstamp
from harness.replay.formats.canonical import Canonical
from harness.replay.formats.coinbase import Coinbase
from harness.replay.formats.databento import Databento
from harness.replay.formats.deribit import Deribit
from harness.replay.formats.hyperliquid import Hyperliquid
from harness.replay.formats.kraken import Kraken
from harness.replay.formats.lean import Lean
from harness.replay.source_records import Skipped


class Format(Protocol):
    """Reads one file of a venue's messages. One instance per file, so it may keep session state."""

    name: ClassVar[str]

    @staticmethod
    def recognises(line: bytes) -> bool:
        """Whether this line identifies the format."""

    def read(self, line: bytes) -> Iterable[bytes | Skipped]:
        """The records in a line, or Skipped. Raises LineError if it is not in this format."""


_KINDS: tuple[type[Format], ...] = (
    Binance, Bitfinex, Bitmex, Bitstamp, Canonical, Coinbase, Databento, Deribit, Hyperliquid, Kraken, Lean,
)  # fmt: skip
FORMATS: dict[str, type[Format]] = {kind.name: kind for kind in _KINDS}

#: Number of lines inspected for detection: a session's greetings or bad records may come first.
LINES_TO_LOOK_AT = 200


def named(name: str) -> type[Format]:
    """The format of this name, case-insensitive."""
    kind = FORMATS.get(name.strip().lower())
    if kind is None:
        raise ReplayError(f"unknown format {name!r} (VENUE, --venue); known are {known()}")
    return kind


def known() -> str:
    """The names of all formats."""
    return ", ".join(sorted(FORMATS))


def detected(lines: Iterable[bytes]) -> type[Format] | None:
    """The format of the first line that identifies one, else None."""
    return next(_recognised(lines), None)


def _recognised(lines: Iterable[bytes]) -> Iterator[type[Format]]:
    for line in lines:
        yield from (kind for kind in FORMATS.values() if kind.recognises(line))
