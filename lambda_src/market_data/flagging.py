"""Flags suspicious but valid records. A flagged record is kept, never rejected."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from msgspec import UNSET

from market_data.records import BookLevel, DepthLevel, MarketDepth, Record, Trade

CROSSED_BOOK: Final = "crossed_book"
EVENT_AFTER_ARRIVAL: Final = "event_after_arrival"
UNSORTED_LEVELS: Final = "unsorted_levels"

#: What each flag says, for docs/data.md.
FLAGS: Final = {
    CROSSED_BOOK: "the best bid is above the best ask, among the entries of this message",
    EVENT_AFTER_ARRIVAL: "it happened after it arrived, in whole milliseconds: a clock is wrong",
    UNSORTED_LEVELS: "a depth view whose levels are not best first",
}

_MILLISECOND: Final = 1_000_000
_GONE: Final = frozenset({"delete", "fill"})


def flags(record: Record, arrival_ns: int) -> list[str]:
    """The flags of a record that arrived at `arrival_ns`, in nanoseconds since the epoch."""
    found = []
    if not isinstance(record, Trade):
        bids, asks = _live(record.bids), _live(record.asks)
        if bids and asks and max(bids) > min(asks):
            found.append(CROSSED_BOOK)
        # Only a depth view promises an order: best first.
        if isinstance(record, MarketDepth) and not _is_sorted(record):
            found.append(UNSORTED_LEVELS)
    # Arrival times are whole milliseconds; within one, the order is unknown.
    if record.timestamp_ns // _MILLISECOND > arrival_ns // _MILLISECOND:
        found.append(EVENT_AFTER_ARRIVAL)
    return found


def _live(levels: Iterable[BookLevel | DepthLevel]) -> list[Decimal]:
    """Prices that stay in the book: a volume of 0 removes a level, and so do some actions."""
    return [
        level.price
        for level in levels
        if level.price is not UNSET
        and (level.volume is UNSET or level.volume)
        and not (isinstance(level, BookLevel) and level.action in _GONE)
    ]


def _is_sorted(record: MarketDepth) -> bool:
    bids = [level.price for level in record.bids]
    asks = [level.price for level in record.asks]
    return bids == sorted(bids, reverse=True) and asks == sorted(asks)
