"""Binance's messages, spot and futures: trades, book changes, views, best bid and offer, and books by REST."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from harness.replay.errors import LineError
from harness.replay.formats.framed import Framed
from harness.replay.framing import Received
from harness.replay.messages import Message
from harness.replay.numerals import from_unix_milliseconds
from harness.replay.records import Head, levels, quote, record
from harness.replay.source_records import Skipped

_STREAM = re.compile(r"([^@]+)@(\w+).*", re.DOTALL)
_VIEW = re.compile(r"([^@]+)@depth(\d+)(?:@\w+)?")
_BEST = frozenset({"u", "s", "b", "B", "a", "A"})
_REST_BOOK = frozenset({"lastUpdateId", "bids", "asks"})
_EVENTS = frozenset({"trade", "aggTrade", "depthUpdate", "bookTicker"})


class Binance(Framed):
    """One record per message. A book by REST names no symbol, so the file's other messages provide it."""

    name: ClassVar[str] = "binance"

    def __init__(self) -> None:
        self._symbols: set[str] = set()

    @classmethod
    def identifies(cls, message: Received) -> bool:
        """A combined stream's message, one of the events, a best bid and offer, or a book by REST."""
        body = Message(message.body)
        if body.fields.keys() == {"stream", "data"}:
            return _STREAM.fullmatch(body.peek("stream") or "") is not None
        if body.peek("e") in _EVENTS:
            return "s" in body
        return body.fields.keys() >= _BEST or body.fields.keys() >= _REST_BOOK

    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """Trades, books and views; any other event is skipped under its name."""
        body = Message(message.body)
        stream = body.optional("stream")
        if stream is not None:
            body = body.inside("data")
        extra: dict[str, Any] = {} if stream is None else {"stream": stream}
        if view := _VIEW.fullmatch(stream or ""):
            yield self._view(body, view[1].upper(), int(view[2]), message.at, extra)
            return
        event = body.optional("e") or _eventless(body)
        if event in ("trade", "aggTrade"):
            yield self._trade(body, event, message.at, extra)
        elif event == "depthUpdate":
            yield self._update(body, message.at, extra)
        elif event == "bookTicker":
            yield self._best(body, message.at, extra)
        elif event == "rest_book":
            yield self._rest_book(body, message.at)
        else:
            yield Skipped(event)

    def _symbol(self, body: Message) -> str:
        symbol = body.text("s")
        self._symbols.add(symbol)
        return symbol

    def _trade(self, body: Message, event: str, received: str | None, extra: dict[str, Any]) -> bytes:
        return record(
            "trade",
            _head(
                body, self._symbol(body), received, is_futures="X" in body or (event == "aggTrade" and "M" not in body)
            ),
            price=body.text("p"),
            volume=body.text("q"),
            # Whether the buyer was the maker.
            side="sell" if body.flag("m") else "buy",
            trade_id=body.text("t" if event == "trade" else "a"),
            extra=extra | {"kind": event} | body.fields,
        )

    def _update(self, body: Message, received: str | None, extra: dict[str, Any]) -> bytes:
        return record(
            "order_book",
            _head(body, self._symbol(body), received, is_futures="pu" in body),
            first_sequence=body.text("U"),
            sequence=body.text("u"),
            previous_sequence=body.optional("pu"),
            book="L2",
            event="update",
            bids=levels(body.entries("b")),
            asks=levels(body.entries("a")),
            extra=extra | {"kind": "depthUpdate"} | body.fields,
        )

    def _best(self, body: Message, received: str | None, extra: dict[str, Any]) -> bytes:
        return record(
            "market_depth",
            _head(body, self._symbol(body), received, is_futures="T" in body or "E" in body),
            sequence=body.text("u"),
            depth=1,
            bids=quote(body.optional("b"), body.optional("B")),
            asks=quote(body.optional("a"), body.optional("A")),
            extra=extra | {"kind": "bookTicker"} | body.fields,
        )

    def _view(self, body: Message, symbol: str, depth: int, received: str | None, extra: dict[str, Any]) -> bytes:
        is_futures = "e" in body
        self._symbols.add(symbol)
        bids, asks = ("b", "a") if is_futures else ("bids", "asks")
        return record(
            "market_depth",
            _head(body, symbol, received, is_futures=is_futures),
            first_sequence=body.optional("U"),
            sequence=body.text("u" if is_futures else "lastUpdateId"),
            previous_sequence=body.optional("pu"),
            depth=depth,
            bids=levels(body.entries(bids)),
            asks=levels(body.entries(asks)),
            extra=extra | body.fields,
        )

    def _rest_book(self, body: Message, received: str | None) -> bytes:
        if len(self._symbols) != 1:
            named = ", ".join(sorted(self._symbols)) or "none"
            raise LineError(f"a book by REST has no symbol: the messages before it must name exactly one, not {named}")
        (symbol,) = self._symbols
        return record(
            "order_book",
            _head(body, symbol, received, is_futures="T" in body or "E" in body),
            sequence=body.text("lastUpdateId"),
            book="L2",
            event="snapshot",
            bids=levels(body.entries("bids")),
            asks=levels(body.entries("asks")),
            extra={"kind": "rest_book", "symbol_source": "session"} | body.fields,
        )


def _eventless(body: Message) -> str:
    """Classify a message that names no event."""
    if body.fields.keys() >= _BEST:
        return "bookTicker"
    if body.fields.keys() >= _REST_BOOK:
        return "rest_book"
    if "result" in body or "error" in body:
        return "response"
    raise LineError("a message that is no event, no best bid and offer, and no book")


def _head(body: Message, symbol: str, received: str | None, *, is_futures: bool) -> Head:
    # The matching engine's time, else the message's; if both exist, the latter goes to `extra`.
    time = body.optional("T") or body.optional("E")
    exchange = "BINANCE-FUTURES" if is_futures else "BINANCE"
    return Head(symbol, exchange, None if time is None else from_unix_milliseconds(time), received)
