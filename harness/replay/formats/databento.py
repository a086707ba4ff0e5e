"""Databento's records as JSON lines, bare or wrapped as {dataset, schema, record}: orders, trades, depth of price."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from harness.replay.errors import LineError
from harness.replay.messages import Message, numeral
from harness.replay.numerals import from_unix_nanoseconds, point_inserted, whole
from harness.replay.records import Head, meaning, record
from harness.replay.source_records import Skipped
from harness.replay.venues import databento_exchange

_NO_PRICE = str(2**63 - 1)
_NO_TIME = str(2**64 - 1)
_LEVELS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

_BY_ORDER = "160"
_TRADES = "0"
_KINDS = {
    "17": "ohlcv",
    "18": "status",
    "19": "definition",
    "20": "imbalance",
    "21": "error",
    "22": "symbol_mapping",
    "23": "system",
    "24": "statistics",
    **{str(number): "ohlcv" for number in range(0x20, 0x25)},
}

_AGGRESSOR = {"B": "buy", "A": "sell", "N": "none"}
# In an opening auction fills have no side. The contract's books have two, so those stand among the bids; `extra.side`
# says N, and the order is known by its id. Looking its side up would make a record depend on where a file was cut.
_BOOK_SIDES = {"B": "bids", "A": "asks", "N": "bids"}
# A fill does not change the book: the cancel or change that follows does.
_ENTRY_ACTIONS = {"A": "new", "C": "delete", "M": "change", "F": "fill"}


class Databento:
    """One record per line. Prices are whole numbers of 10**-9, with one number for "none"."""

    name: ClassVar[str] = "databento"

    @staticmethod
    def recognises(line: bytes) -> bool:
        """A record with Databento's header `hd`, or one wrapped with its dataset and schema."""
        if line[:1] != b"{":
            return False
        try:
            message = Message(line)
        except LineError:
            return False
        return "hd" in message or message.fields.keys() >= {"dataset", "schema", "record"}

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """Action T is a trade, any other order message an order book, any other price message a market depth."""
        message = Message(line)
        dataset = schema = None
        if "record" in message:
            dataset, schema = message.text("dataset"), message.text("schema")
            message = message.inside("record")
        header = message.inside("hd")
        rtype, publisher = header.peek("rtype"), header.peek("publisher_id")
        if rtype is None or publisher is None:
            raise LineError("'hd' has no rtype or no publisher_id")
        if "levels" not in message and rtype not in (_BY_ORDER, _TRADES):
            yield Skipped(schema or _KINDS.get(rtype) or f"rtype_{rtype}")
            return
        action = message.peek("action")
        event, received = _time(header.optional("ts_event")), _time(message.optional("ts_recv"))
        head = Head(message.text("symbol"), databento_exchange(publisher, dataset), event, received)
        sequence = message.optional("sequence")
        if action == "T" or rtype == _TRADES:
            feed, body = "trade", _trade(message)
        elif "levels" in message:
            feed, body = "market_depth", _depth(message)
        else:
            feed, body = "order_book", _order(message, action)
        wrapper: dict[str, Any] = {} if dataset is None else {"dataset": dataset, "schema": schema}
        yield record(feed, head, sequence=sequence, **body, extra=wrapper | header.fields | message.fields)


def _time(text: str | None) -> str | None:
    return None if text is None or text == _NO_TIME else from_unix_nanoseconds(text)


def _trade(message: Message) -> dict[str, Any]:
    side = message.peek("side")
    price = _price(message.text("price"))
    if price is None:
        raise LineError("a trade without a price")
    return {
        "price": price,
        "volume": message.text("size"),
        "side": None if side is None else meaning(side, _AGGRESSOR, "a trade's side"),
    }


def _order(message: Message, action: str | None) -> dict[str, Any]:
    side = meaning(message.peek("side"), _BOOK_SIDES, "an order's side")
    sides: dict[str, list[dict[str, Any]]] = {"bids": [], "asks": []}
    if action in _ENTRY_ACTIONS:
        entry = {"price": _price(message.text("price")), "volume": message.text("size")}
        entry |= {"order_id": message.text("order_id"), "action": _ENTRY_ACTIONS[action]}
        sides[side].append({name: value for name, value in entry.items() if value is not None})
    elif action not in ("R", "N"):
        raise LineError(f"'action' is {action!r}")
    return {"book": "L3", "event": "clear" if action == "R" else "update", **sides}


def _depth(message: Message) -> dict[str, Any]:
    levels = [{name: numeral(raw) for name, raw in level.items()} for level in message.take("levels", _LEVELS)]
    sides = {f"{side}s": [e for e in (_level(level, side) for level in levels) if e] for side in ("bid", "ask")}
    return {"depth": len(levels), **sides}


def _level(level: dict[str, str], side: str) -> dict[str, Any] | None:
    try:
        price, size = _price(level[f"{side}_px"]), level[f"{side}_sz"]
    except KeyError as exc:
        raise LineError(f"a level without {exc}") from exc
    if price is None:
        return None  # fewer levels than the message has room for
    count = level.get(f"{side}_ct")
    return {"price": price, "volume": size} | ({} if count is None else {"order_count": whole(count)})


def _price(digits: str) -> str | None:
    return None if digits == _NO_PRICE else point_inserted(digits, 9)
