"""Coinbase Pro's websocket messages in cryptofeed's captures: matches, level-2 books, tickers."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message
from harness.replay.numerals import is_nothing
from harness.replay.records import Head, level, levels, meaning, record
from harness.replay.source_records import Skipped

_CHANGES = msgspec.json.Decoder(list[tuple[str, msgspec.Raw, msgspec.Raw]])
_TELLING_TYPES = frozenset({"subscriptions", "l2update", "last_match"})
_TELLING_WITH_PRODUCT = frozenset({"snapshot", "match", "ticker", "heartbeat"})

# A match names the side of the order that was resting; the contract's side is the aggressor's.
_AGGRESSOR = {"buy": "sell", "sell": "buy"}


class Coinbase(Framed):
    """One record per message. Snapshots have no time; they get the time of receipt, marked in `extra`."""

    name: ClassVar[str] = "coinbase"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """A message with one of Coinbase's types."""
        body = Message(message.body)
        kind = body.peek("type")
        return kind in _TELLING_TYPES or (kind in _TELLING_WITH_PRODUCT and "product_id" in body)

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """A match is a trade, a snapshot or update an order book, a ticker a market depth of one level."""
        if message.url is not None:
            yield Skipped("http_answer")
            return
        body = Message(message.body)
        kind = body.text("type")
        convert = _BODIES.get(kind)
        if convert is None:
            yield Skipped(kind)
            return
        head = Head(body.text("product_id"), "COINBASE", body.optional("time"), message.at)
        sequence = body.optional("sequence")
        feed, fields = convert(body)
        extra = {"kind": kind} | fields.pop("extra", {}) | body.fields
        yield record(feed, head, sequence=sequence, **fields, extra=extra)


def _trade(message: Message) -> tuple[str, dict[str, Any]]:
    aggressor = meaning(message.text("side"), _AGGRESSOR, "a match's side")
    return "trade", {
        "price": message.text("price"),
        "volume": message.text("size"),
        "side": aggressor,
        "trade_id": message.optional("trade_id"),
    }


def _snapshot(message: Message) -> tuple[str, dict[str, Any]]:
    sides = {side: levels(message.entries(side)) for side in ("bids", "asks")}
    return "order_book", {"book": "L2", "event": "snapshot", **sides}


def _update(message: Message) -> tuple[str, dict[str, Any]]:
    sides: dict[str, list[dict[str, str]]] = {"buy": [], "sell": []}
    for side, price, size in message.take("changes", _CHANGES):
        if side not in sides:
            raise LineError(f"a change's side is {side[:40]!r}")
        sides[side].append(level(price, size))
    return "order_book", {"book": "L2", "event": "update", "bids": sides["buy"], "asks": sides["sell"]}


def _ticker(message: Message) -> tuple[str, dict[str, Any]]:
    sides = {f"{side}s": _best(message, side) for side in ("bid", "ask")}
    # Tickers of 2021 have no size; the contract requires a volume, so it is 0, marked in `extra`.
    best = [found for side in sides.values() for found in side]
    extra = {} if all("volume" in found for found in best) else {"volume_source": "none"}
    for found in best:
        found.setdefault("volume", "0")
    return "market_depth", {"depth": 1, **sides, "extra": extra}


def _best(message: Message, side: str) -> list[dict[str, str]]:
    price, size = message.optional(f"best_{side}"), message.optional(f"best_{side}_size")
    if price is None or (is_nothing(price) and is_nothing(size)):
        return []
    return [{"price": price} if size is None else {"price": price, "volume": size}]


_BODIES: dict[str, Callable[[Message], tuple[str, dict[str, Any]]]] = {
    "match": _trade, "last_match": _trade, "snapshot": _snapshot, "l2update": _update, "ticker": _ticker,
}  # fmt: skip
