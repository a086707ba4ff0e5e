"""Bitstamp's messages: websocket channels, order books by HTTP, and logs of the older Pusher channels."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message, numeral
from harness.replay.numerals import from_unix_microseconds, from_unix_seconds
from harness.replay.records import Head, Level, level, levels, meaning, record
from harness.replay.source_records import Skipped

_CHANNEL = re.compile(r"(diff_order_book|detail_order_book|order_book|live_trades|live_orders)_([a-z0-9-]+)")
_BOOK_URL = re.compile(r"https?://[^/]*bitstamp\.net/api/v2/order_book/([a-z0-9-]+)/?(?:\?.*)?")
#: The Pusher channels' names had no pair in them: they were BTC/USD's.
_PUSHER_SYMBOL = "btcusd"

_ORDER_ACTIONS = {"order_created": "new", "order_changed": "change", "order_deleted": "delete"}
_ORDER_SIDES = {"0": "bids", "1": "asks"}
_AGGRESSOR = {"0": "buy", "1": "sell"}
#: Levels per side of the depth views.
_VIEW_LEVELS = 100
_PUSHER_VIEW_LEVELS = 20


class Bitstamp(Framed):
    """One record per message: trades, book changes, changes of single orders, and depth views."""

    name: ClassVar[str] = "bitstamp"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """A channel of Bitstamp's, an answer of its order book resource, or an event of Pusher's with its fields."""
        if message.url is not None:
            return _BOOK_URL.fullmatch(message.url) is not None
        body = Message(message.body)
        if message.event is not None:
            return _is_pusher(message.event, body)
        return "event" in body and _CHANNEL.fullmatch(body.peek("channel") or "") is not None

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """One record, or a session event that is skipped under its name."""
        body = Message(message.body)
        if message.url is not None:
            yield from _answer(message.url, body, message.at)
        elif message.event is not None:
            yield from _pusher_event(message.event, body, message.at)
        else:
            yield from _channel_event(body, message.at)


def _answer(url: str, body: Message, received: str | None) -> Iterator[bytes | Skipped]:
    match = _BOOK_URL.fullmatch(url)
    if match is None:
        yield Skipped("http_answer")
        return
    yield _book(body, match[1], received, "snapshot", {"kind": "order_book", "url": url})


def _channel_event(body: Message, received: str | None) -> Iterator[bytes | Skipped]:
    event, channel = body.text("event"), body.optional("channel")
    match = _CHANNEL.fullmatch(channel or "")
    if match is None or event.startswith("bts:"):
        yield Skipped(event)
        return
    kind, symbol = match.groups()
    data = body.inside("data")
    extra = {"kind": kind, **body.fields}
    if kind == "live_trades" and event == "trade":
        yield _trade(data, symbol, received, extra)
    elif kind == "live_orders" and event in _ORDER_ACTIONS:
        yield _order(data, symbol, received, event, extra)
    elif kind == "diff_order_book":
        yield _book(data, symbol, received, "update", extra)
    elif kind == "detail_order_book":
        yield _book(data, symbol, received, "snapshot", extra)
    elif kind == "order_book":
        yield _view(data, symbol, received, _VIEW_LEVELS, extra)
    else:
        yield Skipped(event)


def _is_pusher(event: str, body: Message) -> bool:
    if event in _ORDER_ACTIONS:
        return body.fields.keys() >= {"id", "order_type", "price", "amount"}
    if event == "trade":
        return body.fields.keys() >= {"id", "price", "amount"}
    return event == "order_book" and body.fields.keys() >= {"bids", "asks"}


def _pusher_event(event: str, body: Message, received: str | None) -> Iterator[bytes | Skipped]:
    extra = {"kind": event}
    if event in _ORDER_ACTIONS:
        # `datetime` is the order's creation time, not the change's.
        yield _order(body, _PUSHER_SYMBOL, received, event, extra)
    elif event == "trade":
        yield _trade(body, _PUSHER_SYMBOL, received, extra)
    elif event == "order_book":
        yield _view(body, _PUSHER_SYMBOL, received, _PUSHER_VIEW_LEVELS, extra)
    else:
        yield Skipped(event)


def _time(data: Message) -> str | None:
    """The message's own time; `timestamp`, the same in whole seconds, goes to `extra`."""
    microseconds = data.optional("microtimestamp")
    if microseconds is not None:
        return from_unix_microseconds(microseconds)
    seconds = data.optional("timestamp")
    return None if seconds is None else from_unix_seconds(seconds)


def _exact(data: Message, name: str) -> str:
    """A number from its string form if it has one; the numeric form went through a float."""
    text = data.optional(f"{name}_str")
    return data.text(name) if text is None else text


def _trade(data: Message, symbol: str, received: str | None, extra: dict[str, Any]) -> bytes:
    side = data.optional("type")
    return record(
        "trade",
        Head(symbol, "BITSTAMP", _time(data), received),
        price=_exact(data, "price"),
        volume=_exact(data, "amount"),
        side=None if side is None else meaning(side, _AGGRESSOR, "a trade's type"),
        trade_id=data.text("id"),
        extra=extra | data.fields,
    )


def _order(data: Message, symbol: str, received: str | None, event: str, extra: dict[str, Any]) -> bytes:
    side = meaning(data.text("order_type"), _ORDER_SIDES, "an order's type")
    sides: dict[str, list[Level]] = {"bids": [], "asks": []}
    sides[side].append(
        {
            "price": _exact(data, "price"),
            "volume": _exact(data, "amount"),
            "order_id": _exact(data, "id"),
            "action": _ORDER_ACTIONS[event],
        }
    )
    return record(
        "order_book",
        Head(symbol, "BITSTAMP", _time(data), received),
        book="L3",
        event="update",
        bids=sides["bids"],
        asks=sides["asks"],
        extra=extra | data.fields,
    )


def _book(data: Message, symbol: str, received: str | None, event: str, extra: dict[str, Any]) -> bytes:
    bids, asks = data.entries("bids"), data.entries("asks")
    # Grouped by order, an entry has the order's id behind price and amount.
    by_order = any(len(entry) > 2 for entry in bids + asks)
    return record(
        "order_book",
        Head(symbol, "BITSTAMP", _time(data), received),
        book="L3" if by_order else "L2",
        event=event,
        bids=[_entry(entry) for entry in bids],
        asks=[_entry(entry) for entry in asks],
        extra=extra | data.fields,
    )


def _entry(entry: list[msgspec.Raw]) -> Level:
    found = level(*entry[:2])
    return found if len(entry) < 3 else {**found, "order_id": numeral(entry[2])}


def _view(data: Message, symbol: str, received: str | None, depth: int, extra: dict[str, Any]) -> bytes:
    return record(
        "market_depth",
        Head(symbol, "BITSTAMP", _time(data), received),
        depth=depth,
        bids=levels(data.entries("bids")),
        asks=levels(data.entries("asks")),
        extra=extra | data.fields,
    )
