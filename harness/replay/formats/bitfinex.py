"""Bitfinex' websocket messages, version 2: arrays that name a channel by a number announced earlier in the session."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message, numeral, scalar, values
from harness.replay.numerals import from_unix_milliseconds, is_nothing, unsigned
from harness.replay.records import Head, Level, quote, record
from harness.replay.source_records import Skipped

_EVENTS = frozenset({"subscribed", "unsubscribed", "info", "conf"})
#: Message kinds on any channel. A trade is sent at once (`te`), and again with its fees (`tu`).
_WORDS = {"hb": "heartbeat", "cs": "checksum", "tu": "trade_update"}
_ACCOUNT = "0"
_TICKER_VALUES = 10
#: A trailing number of this length is a time in milliseconds; a shorter one is the sequence number.
_TIME_DIGITS = 13


@dataclass(frozen=True, slots=True)
class _Channel:
    kind: str
    symbol: str
    precision: str


class Bitfinex(Framed):
    """One record per book message, ticker and trade. Messages on channels not announced in the file are errors."""

    name: ClassVar[str] = "bitfinex"

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """An array of a channel's number and its data, or an event with its own fields."""
        if message.body[:1] == b"{":
            event = Message(message.body)
            return event.peek("event") in _EVENTS and bool(event.fields.keys() & {"chanId", "serverId", "flags"})
        parts = values(message.body)
        if not 2 <= len(parts) <= 4 or not (scalar(parts[0]) or "").isdecimal():
            return False
        if bytes(parts[1])[:1] != b"[":
            return scalar(parts[1]) in (*_WORDS, "te")
        return all((scalar(part) or "").isdecimal() for part in parts[2:])

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """Books, trades and tickers; events and funding are skipped under their name."""
        if message.body[:1] == b"{":
            yield self._event(Message(message.body))
            return
        parts = values(message.body)
        if len(parts) < 2:
            raise LineError("an array without a channel and its data")
        number, payload, *rest = parts
        word = None if bytes(payload)[:1] == b"[" else numeral(payload)
        if word == "te" and rest:
            payload, *rest = rest
        elif word is not None:
            yield Skipped(_WORDS.get(word, word))
            return
        channel = self._channel(numeral(number))
        if channel is None:
            yield Skipped("account")
            return
        if channel.symbol.startswith("f"):
            yield Skipped(f"funding_{channel.kind}")
            return
        sequence, time = _numbered(rest)
        head = Head(channel.symbol, "BITFINEX", time, message.at)
        data = values(payload)
        extra = {"channel_id": numeral(number)}
        if channel.kind == "book":
            yield _book(data, head, sequence, extra | {"precision": channel.precision})
        elif channel.kind == "ticker":
            yield _ticker(data, head, sequence, extra)
        elif channel.kind == "trades":
            rows = [data] if word else [values(row) for row in data]
            for row in rows:
                yield _trade(row, head, sequence, extra | {"kind": word or "snapshot"})
        else:
            yield Skipped(channel.kind)

    def _event(self, body: Message) -> Skipped:
        event = body.text("event")
        if event == "subscribed":
            channel = _Channel(body.text("channel"), body.optional("symbol") or "", body.optional("prec") or "P0")
            self._channels[body.text("chanId")] = channel
        elif event == "unsubscribed":
            self._channels.pop(body.text("chanId"), None)
        return Skipped(event)

    def _channel(self, number: str) -> _Channel | None:
        if number == _ACCOUNT:
            return None
        channel = self._channels.get(number)
        if channel is None:
            raise LineError(f"channel {number[:40]} is announced on no line before this one")
        return channel


def _numbered(rest: list[msgspec.Raw]) -> tuple[str | None, str | None]:
    """Sequence number and time, where the session asked for them."""
    numbers = [numeral(number) for number in rest]
    times = [number for number in numbers if len(number) == _TIME_DIGITS]
    sequences = [number for number in numbers if len(number) != _TIME_DIGITS]
    if len(times) > 1 or len(sequences) > 1:
        raise LineError(f"{len(numbers)} numbers at the message's end")
    return next(iter(sequences), None), from_unix_milliseconds(times[0]) if times else None


def _book(data: list[msgspec.Raw], head: Head, sequence: str | None, extra: dict[str, Any]) -> bytes:
    # A snapshot is an array of entries, an update is one.
    is_snapshot = not data or bytes(data[0])[:1] == b"["
    sides: dict[str, list[Level]] = {"bids": [], "asks": []}
    by_order = extra["precision"] == "R0"
    for entry in [values(entry) for entry in data] if is_snapshot else [data]:
        if len(entry) != 3:
            raise LineError(f"a book's entry of {len(entry)} values, not 3")
        first, second, amount = map(numeral, entry)
        volume, is_ask = unsigned(amount)
        found = _order(first, second, volume) if by_order else _level(first, second, volume)
        sides["asks" if is_ask else "bids"].append(found)
    return record(
        "order_book",
        head,
        sequence=sequence,
        book="L3" if by_order else "L2",
        event="snapshot" if is_snapshot else "update",
        bids=sides["bids"],
        asks=sides["asks"],
        extra=extra,
    )


def _level(price: str, count: str, volume: str) -> Level:
    # Without orders, the amount is only a sign: 1 for a bid, -1 for an ask.
    if is_nothing(count):
        return {"price": price, "volume": "0", "action": "delete"}
    if not count.isdecimal():
        raise LineError(f"a level's number of orders is {count[:40]!r}")
    return {"price": price, "volume": volume, "order_count": int(count)}


def _order(order: str, price: str, volume: str) -> Level:
    if is_nothing(price):
        return {"order_id": order, "volume": "0", "action": "delete"}
    return {"order_id": order, "price": price, "volume": volume}


def _ticker(data: list[msgspec.Raw], head: Head, sequence: str | None, extra: dict[str, Any]) -> bytes:
    if len(data) < _TICKER_VALUES:
        raise LineError(f"a ticker of {len(data)} values, not {_TICKER_VALUES}")
    bid, bid_size, ask, ask_size = (None if bytes(value) == b"null" else numeral(value) for value in data[:4])
    names = ("daily_change", "daily_change_relative", "last_price", "volume", "high", "low")
    return record(
        "market_depth",
        head,
        sequence=sequence,
        depth=1,
        bids=quote(bid, bid_size),
        asks=quote(ask, ask_size),
        # A ticker's size is the sum over its 25 best levels.
        extra=extra | {"volume_source": "sum_of_25_levels"} | dict(zip(names, data[4:], strict=False)),
    )


def _trade(row: list[msgspec.Raw], head: Head, sequence: str | None, extra: dict[str, Any]) -> bytes:
    if len(row) != 4:
        raise LineError(f"a trade of {len(row)} values, not 4")
    trade_id, milliseconds, amount, price = map(numeral, row)
    volume, is_sold = unsigned(amount)
    return record(
        "trade",
        replace(head, time=from_unix_milliseconds(milliseconds)),
        sequence=sequence,
        price=price,
        volume=volume,
        side="sell" if is_sold else "buy",
        trade_id=trade_id,
        extra=extra,
    )
