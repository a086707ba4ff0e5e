"""Coinbase Pro's websocket messages in cryptofeed's captures: matches, level-2 books, tickers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.framing import Received, cryptofeed
from harness.replay.items import Skipped
from harness.replay.messages import Message, encode, numeral
from harness.replay.numerals import from_unix_seconds

_LEVELS = msgspec.json.Decoder(list[tuple[msgspec.Raw, msgspec.Raw]])
_CHANGES = msgspec.json.Decoder(list[tuple[str, msgspec.Raw, msgspec.Raw]])
_TELLING_TYPES = frozenset({"subscriptions", "l2update", "last_match"})
_TELLING_WITH_PRODUCT = frozenset({"snapshot", "match", "ticker", "heartbeat"})

# A match names the side of the order that was resting; the contract's side is the aggressor's.
_AGGRESSOR = {"buy": "sell", "sell": "buy"}


class Coinbase:
    """One record a message. Where the venue gives no time (snapshots), it is the time of receipt, and said so."""

    name: ClassVar[str] = "coinbase"

    @staticmethod
    def recognises(line: bytes) -> bool:
        """A received message with one of Coinbase's types."""
        frame = cryptofeed(line)
        if not isinstance(frame, Received) or frame.body[:1] != b"{":
            return False
        try:
            message = Message(frame.body)
            kind = message.peek("type")
        except LineError:
            return False
        return kind in _TELLING_TYPES or (kind in _TELLING_WITH_PRODUCT and "product_id" in message)

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """A match is a trade, a snapshot or update an order book, a ticker a market depth of one level."""
        frame = cryptofeed(line)
        if frame is None:
            raise LineError("neither a received message nor a session line of cryptofeed")
        if isinstance(frame, Skipped):
            yield frame
            return
        message = Message(frame.body)
        kind = message.text("type")
        tell = _BODIES.get(kind)
        if tell is None:
            yield Skipped(kind)
            return
        received, time = from_unix_seconds(frame.at), message.optional("time")
        head = {
            "symbol": message.text("product_id"),
            "exchange": "COINBASE",
            "timestamp": time or received,
            "receive_timestamp": received,
            "sequence": message.optional("sequence"),
        }
        told = tell(message)
        source = {} if time else {"timestamp_source": "receive"}
        extra = {"kind": kind} | told.get("extra", {}) | message.fields | source
        yield encode({"type": told["type"]} | head | told | {"extra": extra})


def _trade(message: Message) -> dict[str, Any]:
    maker_side = message.text("side")
    if maker_side not in _AGGRESSOR:
        raise LineError(f"'side' is {maker_side[:40]!r}")
    return {
        "type": "trade",
        "price": message.text("price"),
        "volume": message.text("size"),
        "side": _AGGRESSOR[maker_side],
        "trade_id": message.optional("trade_id"),
    }


def _snapshot(message: Message) -> dict[str, Any]:
    return {
        "type": "order_book",
        "book": "L2",
        "event": "snapshot",
        "bids": [_level(*entry) for entry in message.take("bids", _LEVELS)],
        "asks": [_level(*entry) for entry in message.take("asks", _LEVELS)],
    }


def _update(message: Message) -> dict[str, Any]:
    sides: dict[str, list[dict[str, str]]] = {"buy": [], "sell": []}
    for side, price, size in message.take("changes", _CHANGES):
        if side not in sides:
            raise LineError(f"a change's side is {side[:40]!r}")
        sides[side].append(_level(price, size))
    return {"type": "order_book", "book": "L2", "event": "update", "bids": sides["buy"], "asks": sides["sell"]}


def _ticker(message: Message) -> dict[str, Any]:
    sides = {f"{side}s": _best(message, side) for side in ("bid", "ask")}
    # Tickers of 2021 say at which price, not how much; the contract's levels have a volume, so it is 0, and said so.
    extra = {} if all("volume" in level for side in sides.values() for level in side) else {"volume_source": "none"}
    for level in (level for side in sides.values() for level in side):
        level.setdefault("volume", "0")
    return {"type": "market_depth", "depth": 1, **sides, "extra": extra}


def _best(message: Message, side: str) -> list[dict[str, str]]:
    price, size = message.optional(f"best_{side}"), message.optional(f"best_{side}_size")
    if price is None or not (price.strip("0.") or (size or "0").strip("0.")):
        return []
    return [{"price": price} if size is None else {"price": price, "volume": size}]


def _level(price: msgspec.Raw, size: msgspec.Raw) -> dict[str, str]:
    return {"price": numeral(price), "volume": numeral(size)}


_BODIES: dict[str, Callable[[Message], dict[str, Any]]] = {
    "match": _trade,
    "last_match": _trade,
    "snapshot": _snapshot,
    "l2update": _update,
    "ticker": _ticker,
}
