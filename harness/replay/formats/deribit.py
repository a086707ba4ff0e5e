"""Deribit's JSON-RPC subscriptions: books, grouped books, trades, tickers and quotes."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message, numeral, values
from harness.replay.numerals import from_unix_milliseconds
from harness.replay.records import Head, Level, level, levels, meaning, quote, record
from harness.replay.source_records import Skipped

_KINDS = frozenset({"book", "ticker", "trades", "quote"})
_ACTIONS = frozenset({"new", "change", "delete"})
_AGGRESSOR = {"buy": "buy", "sell": "sell"}
_EVENTS = {"snapshot": "snapshot", "change": "update"}


class Deribit(Framed):
    """One record per book message, ticker, quote or trade. Prices of combos may be negative."""

    name: ClassVar[str] = "deribit"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """A subscription's message on a channel of market data."""
        body = Message(message.body)
        if body.peek("method") != "subscription" or "params" not in body:
            return False
        return _kind(body.inside("params").peek("channel")) in _KINDS

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """Books, tickers, quotes and trades; an answer, a heartbeat or another channel is skipped under its name."""
        body = Message(message.body)
        method = body.optional("method")
        if method != "subscription":
            yield Skipped(method or ("error" if "error" in body else "response"))
            return
        parameters = body.inside("params")
        channel = parameters.text("channel")
        kind = _kind(channel)
        extra = {"channel": channel}
        if kind == "trades":
            for row in values(parameters.raw("data")):
                yield _trade(Message(row), message.at, extra)
        elif kind == "book":
            yield _book(parameters.inside("data"), message.at, channel, extra)
        elif kind in _KINDS:
            yield _best(parameters.inside("data"), message.at, extra)
        else:
            yield Skipped(kind or channel)


def _kind(channel: str | None) -> str | None:
    return None if channel is None else channel.partition(".")[0]


def _head(data: Message, received: str | None) -> Head:
    time = from_unix_milliseconds(data.text("timestamp"))
    return Head(data.text("instrument_name"), "DERIBIT", time, received)


def _book(data: Message, received: str | None, channel: str, extra: dict[str, Any]) -> bytes:
    head = _head(data, received)
    numbers = {"sequence": data.optional("change_id"), "previous_sequence": data.optional("prev_change_id")}
    bids, asks = data.entries("bids"), data.entries("asks")
    if "type" not in data:
        return record(
            "market_depth",
            head,
            **numbers,
            depth=_depth(channel),
            bids=levels(bids),
            asks=levels(asks),
            extra=extra | data.fields,
        )
    event = meaning(data.text("type"), _EVENTS, "the book's type")
    return record(
        "order_book",
        head,
        **numbers,
        book="L2",
        event=event,
        bids=[_entry(entry) for entry in bids],
        asks=[_entry(entry) for entry in asks],
        extra=extra | data.fields,
    )


def _depth(channel: str) -> int:
    """Of a grouped book, `book.INSTRUMENT.GROUP.DEPTH.INTERVAL`."""
    digits = channel.split(".")[-2:-1]
    if not digits or not digits[0].isdecimal():
        raise LineError(f"the channel {channel[:80]!r} does not state the depth of its books")
    return int(digits[0])


def _entry(entry: list[msgspec.Raw]) -> Level:
    if len(entry) != 3 or (action := numeral(entry[0])) not in _ACTIONS:
        raise LineError("a level that is not action, price and amount")
    return {**level(*entry[1:]), "action": action}


def _best(data: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    return record(
        "market_depth",
        _head(data, received),
        depth=1,
        bids=quote(data.optional("best_bid_price"), data.optional("best_bid_amount")),
        asks=quote(data.optional("best_ask_price"), data.optional("best_ask_amount")),
        extra=extra | data.fields,
    )


def _trade(data: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    side = meaning(data.text("direction"), _AGGRESSOR, "a trade's direction")
    return record(
        "trade",
        _head(data, received),
        sequence=data.optional("trade_seq"),
        price=data.text("price"),
        volume=data.text("amount"),
        side=side,
        trade_id=data.optional("trade_id"),
        extra=extra | data.fields,
    )
