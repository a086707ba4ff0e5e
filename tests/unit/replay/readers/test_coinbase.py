"""Coinbase Pro's messages."""

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, read

TIME = "2020-09-13T12:26:39.987654Z"


def test_a_match_names_the_resting_side_and_the_trade_the_aggressor() -> None:
    """Without conversion, every Coinbase trade would have the wrong direction."""
    match = {"type": "match", "trade_id": 7, "side": "sell", "size": "0.10", "price": "9.50", "product_id": "A-B"}
    match |= {"sequence": 9007199254740993, "time": TIME, "maker_order_id": "m"}

    assert read("coinbase", match) == [
        {
            "type": "trade", "symbol": "A-B", "exchange": "COINBASE", "timestamp": TIME,
            "receive_timestamp": RECEIVED, "sequence": "9007199254740993", "price": "9.50", "volume": "0.10",
            "side": "buy", "trade_id": "7", "extra": {"kind": "match", "maker_order_id": "m"},
        }
    ]  # fmt: skip


def test_a_snapshot_has_no_time_of_its_own_and_says_so() -> None:
    snapshot = {"type": "snapshot", "product_id": "A-B", "asks": [["2.0", "1"]], "bids": [["1.50", 3], [1.0, "4.00"]]}

    (book,) = read("coinbase", snapshot)

    assert (book["timestamp"], book["extra"]["timestamp_source"]) == (RECEIVED, "receive")
    assert (book["book"], book["event"], book["asks"]) == ("L2", "snapshot", [{"price": "2.0", "volume": "1"}])
    assert book["bids"] == [{"price": "1.50", "volume": "3"}, {"price": "1.0", "volume": "4.00"}]


def test_an_update_sorts_its_changes_by_side() -> None:
    changes = [["buy", "1.0", "0.0"], ["sell", "2", "5"], ["buy", "0.9", "1"]]
    update = {"type": "l2update", "product_id": "A-B", "changes": changes, "time": TIME}

    (book,) = read("coinbase", update)

    assert (book["event"], book["timestamp"], book["asks"]) == ("update", TIME, [{"price": "2", "volume": "5"}])
    assert book["bids"] == [{"price": "1.0", "volume": "0.0"}, {"price": "0.9", "volume": "1"}]
    assert "timestamp_source" not in book["extra"]


def test_a_ticker_is_a_depth_of_one_level() -> None:
    ticker = {"type": "ticker", "product_id": "A-B", "best_bid": "1.0", "best_ask": "1.1", "time": TIME}
    with_sizes = ticker | {"best_bid_size": "3.5", "best_ask_size": "4.0"}

    (old,), (new,) = read("coinbase", ticker), read("coinbase", with_sizes)

    assert (old["bids"], old["asks"]) == ([{"price": "1.0", "volume": "0"}], [{"price": "1.1", "volume": "0"}])
    assert (old["depth"], old["extra"]["volume_source"]) == (1, "none")
    assert (new["bids"], new["asks"]) == ([{"price": "1.0", "volume": "3.5"}], [{"price": "1.1", "volume": "4.0"}])
    assert "volume_source" not in new["extra"]


def test_a_ticker_of_a_market_without_orders_has_no_sides() -> None:
    (depth,) = read("coinbase", {"type": "ticker", "product_id": "A-B", "best_bid": "0", "best_ask": None})

    assert (depth["bids"], depth["asks"]) == ([], [])


def test_what_is_no_market_data_is_skipped_by_the_venues_own_name() -> None:
    assert read("coinbase", {"type": "subscriptions", "channels": []}) == [Skipped("subscriptions")]
    assert read("coinbase", b"wss://a <-> 1.5", "") == [Skipped("connected", is_message=False)]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b'{"product_id":"A-B"}',
        b'{"type":"match","product_id":"A-B","side":"up","size":"1","price":"1"}',
        b'{"type":"match","product_id":"A-B","side":"buy","size":"1"}',
        b'{"type":"l2update","product_id":"A-B","changes":[["buy","1"]]}',
        b'{"type":"l2update","product_id":"A-B","changes":[["up","1","1"]]}',
        b'{"type":"snapshot","product_id":"A-B","asks":[["1",null]],"bids":[]}',
        b'{"type":"snapshot","product_id":"A-B","asks":[]}',
        b'{"type":"ticker"}',
    ],
)
def test_a_message_that_is_not_coinbases_is_refused(message: bytes) -> None:
    with pytest.raises(LineError):
        read("coinbase", message)


def test_an_answer_by_http_is_skipped() -> None:
    """Recorders request Coinbase's products before they subscribe; the list is not market data."""
    assert read("coinbase", b"https://api.example/products -> 1.5: []", "") == [Skipped("http_answer")]
