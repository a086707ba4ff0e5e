"""Record parts shared by all venues' readers: the head, levels, the side of a quote."""

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
    """The common fields of a record: instrument, exchange and time.

    `time` is the venue's, `received` the recorder's; None where there is none. `time_source` tells where a time that is
    not plainly the message's own has been taken from.
    """

    symbol: str
    exchange: str
    time: str | None
    received: str | None
    time_source: str | None = None


def record(feed: str, head: Head, *, extra: Mapping[str, Any], **fields: Any) -> bytes:
    """A record's JSON. Omits fields that are None, and an empty `extra`.

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
    """Price and volume of each entry, its first two values; other values are ignored."""
    return [level(*entry[:2]) for entry in entries]


def level(*entry: msgspec.Raw) -> Level:
    """A price and its volume."""
    if len(entry) < 2:
        raise LineError("a level without price and volume")
    return {"price": numeral(entry[0]), "volume": numeral(entry[1])}


def quote(price: str | None, size: str | None) -> list[Level]:
    """The level of a quote's side; empty if price and size are zero or absent."""
    if is_nothing(price) and is_nothing(size):
        return []
    if price is None or size is None:
        raise LineError("a quote with a price and no size, or a size and no price")
    return [{"price": price, "volume": size}]


_Meaning = TypeVar("_Meaning")


def meaning(word: str | None, meanings: Mapping[str, _Meaning], what: str) -> _Meaning:
    """Translate a venue's word. Raises LineError, naming `what`, for an unknown one."""
    if word is None or word not in meanings:
        raise LineError(f"{what} is {word if word is None else word[:40]!r}")
    return meanings[word]
