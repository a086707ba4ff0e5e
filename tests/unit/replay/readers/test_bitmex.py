"""BitMEX's messages."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, read

TIME = "2021-07-22T22:36:09.757Z"


def table(name: str, action: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"table": name, "action": action, **more, "data": list(rows)}


def test_a_partial_is_a_snapshot_and_keeps_level_ids() -> None:
    bid = {"symbol": "XBTUSD", "id": 8799967820, "side": "Buy", "size": 100, "price": 32180}
    ask = bid | {"id": 8799967810, "side": "Sell", "size": 7}

    (book,) = read("bitmex", table("orderBookL2", "partial", bid, ask, keys=["symbol", "id", "side"]))

    assert (book["event"], book["book"], book["exchange"]) == ("snapshot", "L2", "BITMEX")
    assert book["bids"] == [{"price": "32180", "volume": "100", "level_id": "8799967820"}]
    assert book["asks"] == [{"price": "32180", "volume": "7", "level_id": "8799967810"}]
    assert (book["timestamp"], book["extra"]["timestamp_source"]) == (RECEIVED, "receive")
    assert book["extra"]["keys"] == ["symbol", "id", "side"]


@pytest.mark.parametrize(
    ("action", "entry", "expected"),
    [
        ("insert", {"size": 5, "price": 3.5e-7}, {"price": "3.5e-07", "volume": "5", "action": "new"}),
        ("update", {"size": 5}, {"volume": "5", "action": "change"}),
        ("delete", {}, {"action": "delete"}),
    ],
)
def test_a_change_says_what_became_of_the_level(action: str, entry: dict[str, Any], expected: dict[str, Any]) -> None:
    (book,) = read("bitmex", table("orderBookL2_25", action, {"symbol": "A", "id": 1, "side": "Buy", **entry}))

    assert (book["event"], book["bids"]) == ("update", [{"level_id": "1", **expected}])


def test_a_message_about_two_symbols_is_two_records() -> None:
    rows = [{"symbol": symbol, "id": 1, "side": "Sell", "size": 1} for symbol in ("A", "B", "A")]

    books = read("bitmex", table("orderBookL2", "update", *rows))

    assert [(book["symbol"], len(book["asks"])) for book in books] == [("A", 2), ("B", 1)]


def test_levels_with_times_give_the_latest_and_keep_all() -> None:
    """BitMEX has timestamps on levels since 2022."""
    rows = [
        {"symbol": "A", "id": number, "side": "Buy", "size": 1, "timestamp": f"2022-03-01T00:00:0{second}.000Z"}
        for number, second in ((1, 3), (2, 5), (3, 4))
    ]

    (book,) = read("bitmex", table("orderBookL2", "update", *rows))

    assert (book["timestamp"], book["extra"]["timestamp_source"]) == ("2022-03-01T00:00:05.000Z", "latest_level")
    assert [row["timestamp"][17:19] for row in book["extra"]["rows"]] == ["03", "05", "04"]


def test_each_row_of_trades_is_a_record() -> None:
    row = {"timestamp": TIME, "symbol": "XBTUSD", "side": "Sell", "size": 20, "price": 32180.5, "trdMatchID": "9-a"}

    first, second = read("bitmex", table("trade", "insert", row | {"tickDirection": "MinusTick"}, row | {"size": 1}))

    assert (first["price"], first["volume"], first["side"], first["trade_id"]) == ("32180.5", "20", "sell", "9-a")
    assert first["timestamp"] == TIME
    assert first["extra"] == {"kind": "trade", "action": "insert", "tickDirection": "MinusTick"}
    assert second["volume"] == "1"


def test_a_quote_is_a_depth_of_one_level_and_a_view_one_of_ten() -> None:
    best = {"timestamp": TIME, "symbol": "A", "bidSize": 15, "bidPrice": 0.0125, "askPrice": None, "askSize": None}
    view = {"symbol": "A", "bids": [[32180, 5]], "asks": [[32181, 6]], "timestamp": TIME}

    (quote,) = read("bitmex", table("quote", "insert", best))
    (depth,) = read("bitmex", table("orderBook10", "update", view))

    assert (quote["depth"], quote["bids"], quote["asks"]) == (1, [{"price": "0.0125", "volume": "15"}], [])
    assert (depth["depth"], depth["bids"]) == (10, [{"price": "32180", "volume": "5"}])


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"info": "Welcome to the BitMEX Realtime API.", "version": "1"}, "info"),
        ({"success": True, "subscribe": "trade:XBTUSD"}, "subscribe"),
        ({"status": 400, "error": "no such table"}, "error"),
        (table("instrument", "update", {"symbol": "A", "lastPrice": 5}), "instrument"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, kind: str) -> None:
    assert read("bitmex", message) == [Skipped(kind)]


@pytest.mark.parametrize(
    "message",
    [
        [],
        b"",
        table("orderBookL2", "vanish", {"symbol": "A", "id": 1, "side": "Buy"}),
        table("orderBookL2", "update", {"symbol": "A", "id": 1, "side": "Up"}),
        table("orderBookL2", "update", {"symbol": "A", "side": "Buy"}),
        table("orderBookL2", "update", {"id": 1, "side": "Buy"}),
        table("trade", "insert", {"symbol": "A", "size": 1, "timestamp": TIME}),
        table("trade", "insert", {"symbol": "A", "size": 1, "price": 1, "side": "Up", "timestamp": TIME}),
        table("quote", "insert", {"symbol": "A", "bidPrice": 1, "timestamp": TIME}),
        {"table": "trade", "action": "insert"},
        {"table": "trade", "action": "insert", "data": [5]},
    ],
    ids=str,
)
def test_a_message_that_is_not_bitmexs_is_refused(message: Any) -> None:
    with pytest.raises(LineError):
        read("bitmex", message)
