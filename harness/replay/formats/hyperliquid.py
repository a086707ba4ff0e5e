"""Hyperliquid's websocket messages: views of the book, best bid and offer, trades."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message, values
from harness.replay.numerals import from_unix_milliseconds, whole
from harness.replay.records import Head, Level, meaning, record
from harness.replay.source_records import Skipped

_AGGRESSOR = {"B": "buy", "A": "sell"}
#: Maximum levels per side of `l2Book`.
_VIEW_LEVELS = 20


class Hyperliquid(Framed):
    """One record per depth view and per trade."""

    name: ClassVar[str] = "hyperliquid"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """Data about a coin on one of the channels of market data."""
        body = Message(message.body)
        channel = body.peek("channel")
        if channel == "trades":
            rows = values(body.raw("data"))
            return bool(rows) and "coin" in Message(rows[0])
        return channel in ("l2Book", "bbo") and "coin" in body.inside("data")

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """Views and trades; any other channel is skipped under its name."""
        body = Message(message.body)
        channel = body.text("channel")
        extra = {"kind": channel}
        if channel == "trades":
            for row in body.rows("data"):
                yield _trade(row, message.at, extra)
        elif channel == "l2Book":
            data = body.inside("data")
            sides = [values(side) for side in values(data.raw("levels"))]
            yield _view(data, sides, _VIEW_LEVELS, message.at, extra)
        elif channel == "bbo":
            data = body.inside("data")
            # One level per side; null if there is none.
            sides = [[] if bytes(side) == b"null" else [side] for side in values(data.raw("bbo"))]
            yield _view(data, sides, 1, message.at, extra)
        else:
            yield Skipped(channel)


def _view(
    data: Message, sides: list[list[msgspec.Raw]], depth: int, received: str | None, extra: dict[str, Any]
) -> bytes:
    if len(sides) != 2:
        raise LineError(f"a view with {len(sides)} sides")
    bids, asks = ([_level(Message(entry)) for entry in side] for side in sides)
    return record(
        "market_depth",
        _head(data, received),
        depth=max(depth, len(bids), len(asks)),
        bids=bids,
        asks=asks,
        extra=extra | data.fields,
    )


def _head(data: Message, received: str | None) -> Head:
    return Head(data.text("coin"), "HYPERLIQUID", from_unix_milliseconds(data.text("time")), received)


def _level(entry: Message) -> Level:
    count = entry.optional("n")
    found: Level = {"price": entry.text("px"), "volume": entry.text("sz")}
    return found if count is None else {**found, "order_count": whole(count)}


def _trade(row: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    side = meaning(row.text("side"), _AGGRESSOR, "a trade's side")
    return record(
        "trade",
        _head(row, received),
        price=row.text("px"),
        volume=row.text("sz"),
        side=side,
        trade_id=row.optional("tid"),
        extra=extra | row.fields,
    )
