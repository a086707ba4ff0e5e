"""What the readers of all venues write the same way: a record's head, its levels, the side of a quote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.messages import numeral
from harness.replay.numerals import is_nothing

Level = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What every record has: instrument, exchange, and when it happened.

    `time` is the venue's, `received` the recorder's; None where there is none. `time_source` tells where a time that is
    not plainly the message's own has been taken from.
    """

    symbol: str
    exchange: str
    time: str | None
    received: str | None
    time_source: str | None = None


def record(feed: str, head: Head, *, extra: Mapping[str, Any], **fields: Any) -> bytes:
    """A record's JSON. Fields that are None are left out, and so is an `extra` with nothing in it.

    `extra` is what no field took out of the message, so callers write it last. Where the venue gives no time, the time
    of receipt stands in and `extra.timestamp_source` says so.
    """
    time, source = head.time, head.time_source
    if time is None:
        time, source = head.received, "receive"
        if time is None:
            raise LineError("no time: neither the venue nor its recorder gives one")
    whole = {
        "type": feed,
        "symbol": head.symbol,
        "exchange": head.exchange,
        "timestamp": time,
        "receive_timestamp": head.received,
        **fields,
        "extra": {**extra, **({} if source is None else {"timestamp_source": source})} or None,
    }
    return msgspec.json.encode({name: value for name, value in whole.items() if value is not None})


def levels(entries: Iterable[Sequence[msgspec.Raw]]) -> list[Level]:
    """Price and volume of each entry, whose first two values they are; what follows is somebody else's."""
    return [level(*entry[:2]) for entry in entries]


def level(*entry: msgspec.Raw) -> Level:
    """A price and its volume."""
    if len(entry) < 2:
        raise LineError("a level without price and volume")
    return {"price": numeral(entry[0]), "volume": numeral(entry[1])}


def quote(price: str | None, size: str | None) -> list[Level]:
    """The one level of a quote's side; none where price and size are zero or absent: the side is not there."""
    if is_nothing(price) and is_nothing(size):
        return []
    if price is None or size is None:
        raise LineError("a quote with a price and no size, or a size and no price")
    return [{"price": price, "volume": size}]


_Meaning = TypeVar("_Meaning")


def meaning(word: str | None, meanings: Mapping[str, _Meaning], what: str) -> _Meaning:
    """What a venue's word means; LineError, which says what the word was to tell, for one that it does not use."""
    if word is None or word not in meanings:
        raise LineError(f"{what} is {word if word is None else word[:40]!r}")
    return meanings[word]
