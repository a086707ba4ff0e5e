"""BitMEX's websocket messages: tables of book levels, trades and quotes, sent whole and then as changes."""

from collections.abc import Iterator
from typing import Any, ClassVar

from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message
from harness.replay.records import Head, Level, levels, meaning, quote, record
from harness.replay.source_records import Skipped

_BOOKS = frozenset({"orderBookL2", "orderBookL2_25"})
_SIDES = {"Buy": "bids", "Sell": "asks"}
_AGGRESSOR = {"Buy": "buy", "Sell": "sell"}
#: `partial` is a snapshot of the table; its entries are no actions.
_ENTRY_ACTIONS = {"partial": None, "insert": "new", "update": "change", "delete": "delete"}
_VIEW_LEVELS = 10


class Bitmex(Framed):
    """One record per book message, trade or quote. Books of 2021 have no time of their own."""

    name: ClassVar[str] = "bitmex"

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """A table with an action and rows, or the answer to a subscription."""
        body = Message(message.body)
        return body.fields.keys() >= {"table", "action", "data"} or body.fields.keys() >= {"success", "subscribe"}

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """The rows of books, trades and quotes; any other table is skipped under its name."""
        body = Message(message.body)
        table = body.optional("table")
        if table is None:
            yield Skipped(next((kind for kind in ("subscribe", "info", "error") if kind in body), "response"))
        elif table in _BOOKS:
            yield from _books(body, table, message.at)
        elif table in _ROWS:
            action = body.text("action")
            for row in body.rows("data"):
                yield _ROWS[table](row, message.at, {"kind": table, "action": action})
        else:
            yield Skipped(table)


def _books(body: Message, table: str, received: str | None) -> Iterator[bytes]:
    action = body.text("action")
    entry_action = meaning(action, _ENTRY_ACTIONS, "the action")
    books: dict[str, list[Message]] = {}
    for row in body.rows("data"):
        books.setdefault(row.text("symbol"), []).append(row)
    for symbol, rows in books.items():
        sides: dict[str, list[Level]] = {"bids": [], "asks": []}
        times: list[str] = []
        for row in rows:
            side = meaning(row.text("side"), _SIDES, "a level's side")
            entry = {
                "price": row.optional("price"),
                "volume": row.optional("size"),
                "level_id": row.text("id"),
                "action": entry_action,
            }
            sides[side].append({name: value for name, value in entry.items() if value is not None})
            time = row.peek("timestamp")
            times += [] if time is None else [time]
        left_over = [row.fields for row in rows]
        yield record(
            "order_book",
            # Equal length and zone, so the greatest string is the latest time.
            Head(symbol, "BITMEX", max(times, default=None), received, time_source="latest_level"),
            book="L2",
            event="snapshot" if action == "partial" else "update",
            bids=sides["bids"],
            asks=sides["asks"],
            extra={"kind": table, "action": action, **body.fields} | ({"rows": left_over} if any(left_over) else {}),
        )


def _head(row: Message, received: str | None) -> Head:
    return Head(row.text("symbol"), "BITMEX", row.optional("timestamp"), received)


def _trade(row: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    side = row.optional("side")
    return record(
        "trade",
        _head(row, received),
        price=row.text("price"),
        volume=row.text("size"),
        side=None if side is None else meaning(side, _AGGRESSOR, "a trade's side"),
        trade_id=row.optional("trdMatchID"),
        extra=extra | row.fields,
    )


def _quote(row: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    return record(
        "market_depth",
        _head(row, received),
        depth=1,
        bids=quote(row.optional("bidPrice"), row.optional("bidSize")),
        asks=quote(row.optional("askPrice"), row.optional("askSize")),
        extra=extra | row.fields,
    )


def _view(row: Message, received: str | None, extra: dict[str, Any]) -> bytes:
    return record(
        "market_depth",
        _head(row, received),
        depth=_VIEW_LEVELS,
        bids=levels(row.entries("bids")),
        asks=levels(row.entries("asks")),
        extra=extra | row.fields,
    )


_ROWS = {"trade": _trade, "quote": _quote, "orderBook10": _view}
