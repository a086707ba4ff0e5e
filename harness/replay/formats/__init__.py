"""The formats that can be read, by name, and how a file's own lines tell which one it is."""

from __future__ import annotations

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
    """Reads one file of a venue's messages: made anew for each, so it may remember what a session has said."""

    name: ClassVar[str]

    @staticmethod
    def recognises(line: bytes) -> bool:
        """Whether this line can only be this format's."""

    def read(self, line: bytes) -> Iterable[bytes | Skipped]:
        """The records in a line, or what it is instead. Raises LineError where it is not this format's."""


_KINDS: tuple[type[Format], ...] = (
    Binance, Bitfinex, Bitmex, Bitstamp, Canonical, Coinbase, Databento, Deribit, Hyperliquid, Kraken, Lean,
)  # fmt: skip
FORMATS: dict[str, type[Format]] = {kind.name: kind for kind in _KINDS}

#: So many lines are looked at before giving up: a session's greetings, or a run of bad records, may come first.
LINES_TO_LOOK_AT = 200


def named(name: str) -> type[Format]:
    """The format a person named, whatever the case."""
    kind = FORMATS.get(name.strip().lower())
    if kind is None:
        raise ReplayError(f"unknown format {name!r} (VENUE, --venue); known are {known()}")
    return kind


def known() -> str:
    """The names a person may choose from."""
    return ", ".join(sorted(FORMATS))


def detected(lines: Iterable[bytes]) -> type[Format] | None:
    """The format of the first line that tells; None where none of them does."""
    return next(_recognised(lines), None)


def _recognised(lines: Iterable[bytes]) -> Iterator[type[Format]]:
    for line in lines:
        yield from (kind for kind in FORMATS.values() if kind.recognises(line))
