"""The content of a capture, read without the readers: instrument, times and digits of every record.

Slow and simple on purpose. Numerals stay text; the arithmetic on them is this module's own.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.replay.source_records import Source, SourceRecord
from harness.replay.sources import open_sources
from market_data.timestamps import to_nanoseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The day of Lean's rows: New York was UTC-4.
NEW_YORK_MIDNIGHT_MS = int((datetime(2013, 10, 8, 4, tzinfo=UTC) - EPOCH) / timedelta(milliseconds=1))
NOWHERE = str(2**63 - 1)
NEVER = str(2**64 - 1)


class Entry(NamedTuple):
    """A price and a volume, of a trade (side "") or of one side of a book; None where the message has none."""

    side: str
    price: str | None
    volume: str | None


class Said(NamedTuple):
    """What a message contains for one record."""

    feed: str
    symbol: str
    nanoseconds: int
    entries: list[Entry]


def said(capture: Path) -> Iterator[tuple[int, Said]]:
    """Every record of a capture with the number of its line, in order."""
    venue = capture.name.split("_")[0]
    state: dict[str, Any] = {}
    with gzip.open(capture, "rt", encoding="utf-8", newline="\n") as text:
        for number, line in enumerate(text, 1):
            if " <-> " in line[:80] or " <- " in line[:80] or not line.strip():
                continue
            yield from ((number, one) for one in _VENUES[venue](line.rstrip("\n"), state))


@cache
def read(capture: Path) -> tuple[Source, list[SourceRecord]]:
    """The readers' output for a capture, cached. Nothing else here uses the readers."""
    feed = open_sources(str(capture))
    items = list(feed)
    (source,) = feed.sources
    return source, items


def pairs(capture: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line that became records, as text, with each record that the readers made of it."""
    with gzip.open(capture, "rt", encoding="utf-8", newline="\n") as text:
        number = 0
        for item in read(capture)[1]:
            while number < item.line:
                line = next(text)
                number += 1
            yield line.rstrip("\n"), json.loads(item.raw)


def as_said(record: dict[str, Any]) -> Said:
    """The same values from a record."""
    if record["type"] == "trade":
        entries = [Entry("", record["price"], record["volume"])]
    else:
        entries = [
            Entry(side, level.get("price"), level.get("volume")) for side in ("bids", "asks") for level in record[side]
        ]
    return Said(record["type"], record["symbol"], to_nanoseconds(record["timestamp"]), entries)


def loads(text: str) -> Any:
    """Parsed JSON with every numeral as text."""
    return json.loads(text, parse_int=str, parse_float=str)


def units(text: str, per_second: int) -> int:
    """A number of units since 1970, with or without a fraction, in nanoseconds."""
    return int(Decimal(text) * (1_000_000_000 // per_second))


def iso(text: str) -> int:
    """A time such as 2021-07-22T22:36:09.757Z in nanoseconds since 1970."""
    second, _, fraction = text.removesuffix("Z").partition(".")
    whole = datetime.fromisoformat(second).replace(tzinfo=UTC) - EPOCH
    return int(whole.total_seconds()) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def _book(bids: Iterable[Any], asks: Iterable[Any]) -> list[Entry]:
    return [Entry(side, entry[0], entry[1]) for side, found in (("bids", bids), ("asks", asks)) for entry in found]


def _quote(bid: str | None, bid_size: str | None, ask: str | None, ask_size: str | None) -> list[Entry]:
    sides = (("bids", bid, bid_size), ("asks", ask, ask_size))
    return [Entry(*side) for side in sides if any(value and Decimal(value) for value in side[1:])]


def _lean(line: str, _: dict[str, Any]) -> Iterator[Said]:
    row = loads(line)
    time = (NEW_YORK_MIDNIGHT_MS + int(row["ms"])) * 1_000_000
    if "price" in row:
        yield Said("trade", row["symbol"], time, [Entry("", _shifted(row["price"], 4), row["size"])])
        return
    entries = _quote(*(row[f"{side}_{what}"] for side in ("bid", "ask") for what in ("price", "size")))
    shifted = [entry._replace(price=_shifted(entry.price or "", 4)) for entry in entries]
    yield Said("market_depth", row["symbol"], time, shifted)


def _shifted(digits: str, places: int) -> str:
    """Digits with a point `places` before their end."""
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _databento(line: str, _: dict[str, Any]) -> Iterator[Said]:
    message = loads(line)
    if message.get("schema") in ("statistics", "status", "imbalance"):
        return
    message = message.get("record", message)
    time = message["hd"]["ts_event"]
    time = int(message["ts_recv"] if time == NEVER else time)
    if message["action"] == "T":
        yield Said("trade", message["symbol"], time, [Entry("", _shifted(message["price"], 9), message["size"])])
    elif "levels" in message:
        entries = [
            Entry(f"{side}s", _shifted(level[f"{side}_px"], 9), level[f"{side}_sz"])
            for side in ("bid", "ask")
            for level in message["levels"]
            if level[f"{side}_px"] != NOWHERE
        ]
        yield Said("market_depth", message["symbol"], time, entries)
    else:
        side = "asks" if message["side"] == "A" else "bids"
        yield Said("order_book", message["symbol"], time, [Entry(side, _shifted(message["price"], 9), message["size"])])


def _coinbase(line: str, _: dict[str, Any]) -> Iterator[Said]:
    received, _, body = line.partition(": ")
    message = loads(body)
    kind = message["type"]
    time = iso(message["time"]) if "time" in message else units(received, 1)
    if kind in ("match", "last_match"):
        yield Said("trade", message["product_id"], time, [Entry("", message["price"], message["size"])])
    elif kind == "ticker":
        # The message has no size.
        entries = _quote(message["best_bid"], "0", message["best_ask"], "0")
        yield Said("market_depth", message["product_id"], time, entries)
    elif kind == "snapshot":
        yield Said("order_book", message["product_id"], time, _book(message["bids"], message["asks"]))
    elif kind == "l2update":
        changes = {side: [change[1:] for change in message["changes"] if change[0] == side] for side in ("buy", "sell")}
        yield Said("order_book", message["product_id"], time, _book(changes["buy"], changes["sell"]))


def _kraken(line: str, _: dict[str, Any]) -> Iterator[Said]:
    message = loads(line.partition(": ")[2])
    if isinstance(message, dict):
        return
    changes = {name: levels for part in message[1:-2] for name, levels in part.items() if name != "c"}
    time = max(units(level[2], 1) for levels in changes.values() for level in levels)
    bids, asks = (changes.get(name) or changes.get(f"{name}s") or [] for name in "ba")
    yield Said("order_book", message[-1], time, _book(bids, asks))


def _bitstamp(line: str, _: dict[str, Any]) -> Iterator[Said]:
    if line.startswith("https://"):
        url, _, rest = line.partition(" -> ")
        message = loads(rest.partition(": ")[2])
        time = units(message["microtimestamp"], 1_000_000)
        yield Said("order_book", url.rpartition("/")[2], time, _book(message["bids"], message["asks"]))
        return
    if ": " not in line.partition("{")[0]:
        yield from _bitstamp_of_2015(*line.split(" ", 2))
        return
    message = loads(line.partition(": ")[2])
    if message["event"].startswith("bts:"):
        return
    data, symbol = message["data"], message["channel"].rpartition("_")[2]
    time = units(data["microtimestamp"], 1_000_000)
    if message["event"] == "trade":
        yield Said("trade", symbol, time, [Entry("", data["price_str"], data["amount_str"])])
    else:
        yield Said("order_book", symbol, time, _book(data["bids"], data["asks"]))


def _bitstamp_of_2015(milliseconds: str, event: str, body: str) -> Iterator[Said]:
    message, time = loads(body), units(milliseconds, 1_000)
    if event == "order_book":
        yield Said("market_depth", "btcusd", time, _book(message["bids"], message["asks"]))
    elif event == "trade":
        yield Said("trade", "btcusd", time, [Entry("", message["price"], message["amount"])])
    else:
        side = {"0": "bids", "1": "asks"}[message["order_type"]]
        yield Said("order_book", "btcusd", time, [Entry(side, message["price"], message["amount"])])


def _bitmex(line: str, _: dict[str, Any]) -> Iterator[Said]:
    received, _, body = line.partition(": ")
    message = loads(body)
    if "table" not in message:
        return
    rows = message["data"]
    if message["table"] == "orderBookL2":
        sides = {
            side: [(row.get("price"), row.get("size")) for row in rows if row["side"] == side]
            for side in ("Buy", "Sell")
        }
        yield Said("order_book", rows[0]["symbol"], units(received, 1), _book(sides["Buy"], sides["Sell"]))
    elif message["table"] == "trade":
        for row in rows:
            yield Said("trade", row["symbol"], iso(row["timestamp"]), [Entry("", row["price"], row["size"])])
    else:
        for row in rows:
            entries = _quote(row["bidPrice"], row["bidSize"], row["askPrice"], row["askSize"])
            yield Said("market_depth", row["symbol"], iso(row["timestamp"]), entries)


def _bitfinex(line: str, state: dict[str, Any]) -> Iterator[Said]:
    received, _, body = line.partition(": ")
    message = loads(body)
    if isinstance(message, dict):
        if message["event"] == "subscribed":
            state[message["chanId"]] = message
        return
    if message[1] == "hb":
        return
    channel, data, time = state[message[0]], message[1], units(received, 1)
    if channel["channel"] == "ticker":
        yield Said("market_depth", channel["symbol"], time, _quote(*data[:4]))
    elif channel["channel"] == "trades":
        for row in data:
            entries = [Entry("", row[3], row[2].lstrip("-"))]
            yield Said("trade", channel["symbol"], units(row[1], 1_000), entries)
    else:
        levels = data if isinstance(data[0], list) else [data]
        sides: dict[bool, list[Any]] = {True: [], False: []}
        for price, count, amount in levels:
            sides[amount.startswith("-")].append((price, "0" if count == "0" else amount.lstrip("-")))
        yield Said("order_book", channel["symbol"], time, _book(sides[False], sides[True]))


def _deribit(line: str, _: dict[str, Any]) -> Iterator[Said]:
    message = loads(line if line.startswith("{") else line.partition(": ")[2])
    if "params" not in message:
        return
    data = message["params"]["data"]
    time = units(data["timestamp"], 1_000)
    if "bids" in data:
        sides = ([entry[1:] for entry in data[side]] for side in ("bids", "asks"))
        yield Said("order_book", data["instrument_name"], time, _book(*sides))
    else:
        entries = _quote(*(data[f"best_{side}_{what}"] for side in ("bid", "ask") for what in ("price", "amount")))
        yield Said("market_depth", data["instrument_name"], time, entries)


def _hyperliquid(line: str, _: dict[str, Any]) -> Iterator[Said]:
    message = loads(line.partition(" ")[2])
    data = message["data"]
    if message["channel"] == "trades":
        for row in data:
            yield Said("trade", row["coin"], units(row["time"], 1_000), [Entry("", row["px"], row["sz"])])
    else:
        sides = ([(level["px"], level["sz"]) for level in side] for side in data["levels"])
        yield Said("market_depth", data["coin"], units(data["time"], 1_000), _book(*sides))


def _binance(line: str, _: dict[str, Any]) -> Iterator[Said]:
    received, _, body = line.partition(" ")
    message = loads(body)
    data = message.get("data", message)
    # The engine's time if there is one; all these books are about one pair.
    time = units(data["T"], 1_000) if "T" in data else units(data["E"], 1_000) if "E" in data else int(received)
    if data.get("e") == "trade":
        yield Said("trade", "BTCUSDT", time, [Entry("", data["p"], data["q"])])
    elif "B" in data:
        yield Said("market_depth", "BTCUSDT", time, _quote(data["b"], data["B"], data["a"], data["A"]))
    else:
        bids, asks = (data.get(name, data.get(name[0])) for name in ("bids", "asks"))
        yield Said("order_book", "BTCUSDT", time, _book(bids, asks))


_VENUES = {
    "us": _lean,
    "cme": _databento,
    "databento": _databento,
    "coinbase": _coinbase,
    "kraken": _kraken,
    "bitstamp": _bitstamp,
    "bitmex": _bitmex,
    "bitfinex": _bitfinex,
    "deribit": _deribit,
    "hyperliquid": _hyperliquid,
    "binance": _binance,
}
