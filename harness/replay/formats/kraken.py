"""Kraken's websocket messages, version 1: books, trades, spreads, tickers. Each is an array that names its pair."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message, numeral, scalar, values
from harness.replay.numerals import from_unix_seconds, latest_of
from harness.replay.records import Head, levels, meaning, quote, record
from harness.replay.source_records import Skipped

_CHANNEL = re.compile(r"(book|trade|spread|ticker|ohlc)(?:-\d+)?", re.ASCII)
_EVENTS = frozenset({"systemStatus", "subscriptionStatus"})
_SIDES = {"bids": ("bs", "b"), "asks": ("as", "a")}
_AGGRESSOR = {"b": "buy", "s": "sell"}


class Kraken(Framed):
    """One record per book message and per trade. A book's time is that of its latest level."""

    name: ClassVar[str] = "kraken"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """An array that ends with the name of a channel and a pair, or a status event with its fields."""
        if message.body[:1] == b"{":
            event = Message(message.body)
            return event.peek("event") in _EVENTS and ("connectionID" in event or "channelName" in event)
        parts = values(message.body)
        channel = scalar(parts[-2]) if len(parts) >= 4 else None
        return channel is not None and _CHANNEL.fullmatch(channel) is not None and scalar(parts[-1]) is not None

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """Books, trades, spreads and tickers; an event or another channel is skipped under its name."""
        if message.body[:1] == b"{":
            yield Skipped(Message(message.body).text("event"))
            return
        parts = values(message.body)
        if len(parts) < 4:
            raise LineError("an array that does not name its channel and pair")
        channel, *payloads, channel_name, pair = parts
        name = numeral(channel_name)
        match = _CHANNEL.fullmatch(name)
        body = _BODIES.get(match[1]) if match else None
        if body is None:
            yield Skipped(match[1] if match else name)
            return
        head = Head(numeral(pair), "KRAKEN", None, message.at)
        yield from body(payloads, head, {"channel_id": numeral(channel), "channel_name": name})


def _book(payloads: list[msgspec.Raw], head: Head, extra: dict[str, Any]) -> Iterator[bytes]:
    # A message that changes both sides has one object per side.
    message, *others = map(Message, payloads)
    for other in others:
        message.fields |= other.fields
    is_snapshot = "as" in message or "bs" in message
    sides: dict[str, Any] = {}
    times: dict[str, list[str]] = {}
    republished: dict[str, list[int]] = {}
    for side, names in _SIDES.items():
        entries = [entry for name in names if name in message for entry in message.entries(name)]
        if any(len(entry) < 3 for entry in entries):
            raise LineError("a level without price, volume and time")
        sides[side] = levels(entries)
        times[side] = [numeral(entry[2]) for entry in entries]
        if again := [index for index, entry in enumerate(entries) if len(entry) > 3]:
            republished[side] = again
    latest = latest_of(time for side in times.values() for time in side)
    yield record(
        "order_book",
        replace(head, time=latest, time_source="latest_level"),
        book="L2",
        event="snapshot" if is_snapshot else "update",
        **sides,
        checksum=message.optional("c"),
        extra=extra
        | {"level_times": times}
        | ({"republished_levels": republished} if republished else {})
        | message.fields,
    )


def _trades(payloads: list[msgspec.Raw], head: Head, extra: dict[str, Any]) -> Iterator[bytes]:
    for row in (values(row) for payload in payloads for row in values(payload)):
        price, volume, time, side, order_type, *more = map(numeral, _at_least(5, row))
        yield record(
            "trade",
            replace(head, time=from_unix_seconds(time)),
            price=price,
            volume=volume,
            side=meaning(side, _AGGRESSOR, "a trade's side"),
            extra=extra | {"order_type": order_type} | ({"miscellaneous": more} if more else {}),
        )


def _spread(payloads: list[msgspec.Raw], head: Head, extra: dict[str, Any]) -> Iterator[bytes]:
    for payload in payloads:
        bid, ask, time, bid_volume, ask_volume = map(numeral, _at_least(5, values(payload))[:5])
        yield record(
            "market_depth",
            replace(head, time=from_unix_seconds(time)),
            depth=1,
            bids=quote(bid, bid_volume),
            asks=quote(ask, ask_volume),
            extra=extra,
        )


def _ticker(payloads: list[msgspec.Raw], head: Head, extra: dict[str, Any]) -> Iterator[bytes]:
    for payload in payloads:
        ticker = Message(payload)
        # Price, whole lots, volume.
        bid, ask = (_at_least(3, values(ticker.raw(name))) for name in ("b", "a"))
        yield record(
            "market_depth",
            head,
            depth=1,
            bids=quote(numeral(bid[0]), numeral(bid[2])),
            asks=quote(numeral(ask[0]), numeral(ask[2])),
            extra=extra | ticker.fields,
        )


def _at_least(count: int, row: list[msgspec.Raw]) -> list[msgspec.Raw]:
    if len(row) < count:
        raise LineError(f"{len(row)} values where {count} belong")
    return row


_BODIES = {"book": _book, "trade": _trades, "spread": _spread, "ticker": _ticker}
