"""Bitstamp's messages."""

import json
from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, read

TIMES = {"timestamp": "1000", "microtimestamp": "1000000001"}


def on(channel: str, event: str, **data: Any) -> dict[str, Any]:
    return {"channel": channel, "event": event, "data": data}


def test_a_trade_has_the_digits_of_its_text_and_its_takers_side() -> None:
    """`amount` has been rounded by a float; the exact text is in another field."""
    trade = TIMES | {"id": 211, "amount": 0.1, "amount_str": "0.10000000", "price": 3800.1, "price_str": "3800.10"}

    assert read("bitstamp", on("live_trades_ethusd", "trade", **trade, type=1, buy_order_id=5)) == [
        {
            "type": "trade",
            "symbol": "ethusd",
            "exchange": "BITSTAMP",
            "timestamp": "1970-01-01T00:16:40.000001Z",
            "receive_timestamp": RECEIVED,
            "price": "3800.10",
            "volume": "0.10000000",
            "side": "sell",
            "trade_id": "211",
            "extra": {
                "kind": "live_trades", "timestamp": "1000", "amount": "0.1", "price": "3800.1", "buy_order_id": 5,
            },
        }
    ]  # fmt: skip


def test_a_change_of_the_book_is_an_update_and_a_zero_deletes() -> None:
    (book,) = read("bitstamp", on("diff_order_book_btceur", "data", **TIMES, bids=[["1.50", "0"]], asks=[]))

    assert (book["book"], book["event"], book["asks"]) == ("L2", "update", [])
    assert book["bids"] == [{"price": "1.50", "volume": "0"}]


def test_the_book_channel_is_a_view_of_its_best_levels() -> None:
    (depth,) = read("bitstamp", on("order_book_btceur", "data", **TIMES, bids=[["1.50", "2"]], asks=[["2", "1"]]))

    assert (depth["type"], depth["depth"], depth["asks"]) == ("market_depth", 100, [{"price": "2", "volume": "1"}])


def test_a_book_with_order_ids_is_a_book_of_orders() -> None:
    (book,) = read("bitstamp", on("detail_order_book_btceur", "data", **TIMES, bids=[["1.5", "2", "77"]], asks=[]))

    assert (book["book"], book["event"]) == ("L3", "snapshot")
    assert book["bids"] == [{"price": "1.5", "volume": "2", "order_id": "77"}]


def test_a_book_by_http_is_a_snapshot_of_the_pair_in_its_address() -> None:
    body = json.dumps(TIMES | {"bids": [["1.5", "2"]], "asks": []})
    line = f"https://www.bitstamp.net/api/v2/order_book/btceur?group=1 -> 1600000000.5: {body}".encode()

    (book,) = read("bitstamp", line, "")

    assert (book["symbol"], book["event"], book["book"]) == ("btceur", "snapshot", "L2")
    assert (book["timestamp"], book["receive_timestamp"]) == ("1970-01-01T00:16:40.000001Z", "2020-09-13T12:26:40.5Z")


def test_another_answer_by_http_is_skipped() -> None:
    line = b'https://www.bitstamp.net/api/v2/ticker/btceur -> 1600000000.5: {"last":"1"}'

    assert read("bitstamp", line, "") == [Skipped("http_answer")]


@pytest.mark.parametrize(
    ("event", "action"), [("order_created", "new"), ("order_changed", "change"), ("order_deleted", "delete")]
)
@pytest.mark.parametrize(("order_type", "side"), [(0, "bids"), (1, "asks")])
def test_an_order_is_an_entry_of_its_side(event: str, action: str, order_type: int, side: str) -> None:
    order = {"id": 65595247, "order_type": order_type, "price": "236.47", "amount": "2.00", "datetime": "1430438404"}
    entry = {"price": "236.47", "volume": "2.00", "order_id": "65595247", "action": action}

    (live,) = read("bitstamp", on("live_orders_btceur", event, **order, microtimestamp="1000000001"))
    (pusher,) = read("bitstamp", order, f"1430438404518 {event} ")

    assert live[side] == pusher[side] == [entry]
    assert live["book"] == pusher["book"] == "L3"
    assert (live["symbol"], pusher["symbol"]) == ("btceur", "btcusd")
    # The creation time of an order is not the time of its change.
    assert (pusher["timestamp"], pusher["extra"]["timestamp_source"]) == ("2015-05-01T00:00:04.518Z", "receive")
    assert pusher["extra"]["datetime"] == "1430438404"


def test_pushers_trades_and_views_are_read() -> None:
    (trade,) = read("bitstamp", b'{"price": 236.47, "amount": 1.7885566900000001, "id": 81}', "1430438404518 trade ")
    (depth,) = read("bitstamp", {"bids": [["236.20", "0.1"]], "asks": []}, "1430438404518 order_book ")

    assert (trade["price"], trade["volume"], trade["trade_id"]) == ("236.47", "1.7885566900000001", "81")
    assert "side" not in trade
    assert (depth["type"], depth["depth"]) == ("market_depth", 20)
    assert depth["bids"] == [{"price": "236.20", "volume": "0.1"}]


@pytest.mark.parametrize(
    ("message", "frame", "kind"),
    [
        (on("diff_order_book_a", "bts:subscription_succeeded"), "1.5: ", "bts:subscription_succeeded"),
        ({"event": "bts:heartbeat", "channel": "", "data": {}}, "1.5: ", "bts:heartbeat"),
        (on("live_trades_a", "something"), "1.5: ", "something"),
        ({"a": 1}, "1430438404518 new_event ", "new_event"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, frame: str, kind: str) -> None:
    assert read("bitstamp", message, frame) == [Skipped(kind)]


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        ({}, "1.5: "),
        ([], "1.5: "),
        (on("live_trades_a", "trade", **TIMES, id=1, amount="1", type=0), "1.5: "),
        (on("live_trades_a", "trade", **TIMES, id=1, amount="1", price="1", type=2), "1.5: "),
        (on("diff_order_book_a", "data", **TIMES, bids=[]), "1.5: "),
        (on("diff_order_book_a", "data", **TIMES, bids=[["1"]], asks=[]), "1.5: "),
        (on("diff_order_book_a", "data", microtimestamp="x", bids=[], asks=[]), "1.5: "),
        ({"id": 1, "order_type": 7, "price": "1", "amount": "1"}, "1430438404518 order_created "),
        ({"id": 1, "order_type": 1, "price": "1"}, "1430438404518 order_created "),
    ],
    ids=str,
)
def test_a_message_that_is_not_bitstamps_is_refused(message: Any, frame: str) -> None:
    with pytest.raises(LineError):
        read("bitstamp", message, frame)
