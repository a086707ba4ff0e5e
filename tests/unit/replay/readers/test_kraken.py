"""Kraken's messages."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, read


def test_a_snapshots_time_is_that_of_its_latest_level() -> None:
    """The venue has timestamps on levels, not on messages; times are compared as numbers and kept."""
    levels = {"as": [["5.10", "1.0", "999.5"], ["5.20", "2", "1000.000001"]], "bs": [["5.00", "3.00", "1000.0000009"]]}

    assert read("kraken", [336, levels, "book-1000", "ETH/XBT"]) == [
        {
            "type": "order_book",
            "symbol": "ETH/XBT",
            "exchange": "KRAKEN",
            "timestamp": "1970-01-01T00:16:40.000001Z",
            "receive_timestamp": RECEIVED,
            "book": "L2",
            "event": "snapshot",
            "bids": [{"price": "5.00", "volume": "3.00"}],
            "asks": [{"price": "5.10", "volume": "1.0"}, {"price": "5.20", "volume": "2"}],
            "extra": {
                "channel_id": "336",
                "channel_name": "book-1000",
                "level_times": {"bids": ["1000.0000009"], "asks": ["999.5", "1000.000001"]},
                "timestamp_source": "latest_level",
            },
        }
    ]


def test_an_update_of_both_sides_comes_in_two_objects() -> None:
    """Read as one object, half of the change would be lost."""
    asks, bids = {"a": [["5.1", "0.000", "1000.0"]]}, {"b": [["5.0", "1", "1001.0", "r"]], "c": "974942666"}

    (book,) = read("kraken", [336, asks, bids, "book-10", "XBT/USD"])

    assert (book["bids"], book["asks"]) == ([{"price": "5.0", "volume": "1"}], [{"price": "5.1", "volume": "0.000"}])
    assert (book["event"], book["checksum"]) == ("update", "974942666")
    assert book["extra"]["republished_levels"] == {"bids": [0]}


def test_a_snapshot_of_an_empty_book_has_the_time_of_receipt() -> None:
    (book,) = read("kraken", [336, {"as": [], "bs": []}, "book-10", "XBT/USD"])

    assert (book["timestamp"], book["extra"]["timestamp_source"]) == (RECEIVED, "receive")
    assert (book["event"], book["bids"], book["asks"]) == ("snapshot", [], [])


def test_each_trade_of_a_message_is_a_record() -> None:
    rows = [["5541.20000", "0.15850568", "1534614057.321597", "s", "l", ""], ["1", "2", "3.5", "b", "m", "x"]]

    first, second = read("kraken", [0, rows, "trade", "XBT/USD"])

    assert (first["price"], first["volume"], first["side"]) == ("5541.20000", "0.15850568", "sell")
    assert first["timestamp"] == "2018-08-18T17:40:57.321597Z"
    assert (second["side"], second["extra"]["order_type"], second["extra"]["miscellaneous"]) == ("buy", "m", ["x"])


def test_a_spread_and_a_ticker_are_depths_of_one_level() -> None:
    (spread,) = read("kraken", [0, ["5698.4", "5700.0", "1542057299.545897", "1.01", "0"], "spread", "XBT/USD"])
    ticker = {"a": ["5525.4", 1, "1.000"], "b": ["5525.1", 1, "2.000"], "c": ["5525.1", "0.00398963"]}
    (best,) = read("kraken", [0, ticker, "ticker", "XBT/USD"])

    assert (spread["depth"], spread["bids"]) == (1, [{"price": "5698.4", "volume": "1.01"}])
    assert spread["asks"] == [{"price": "5700.0", "volume": "0"}]
    assert best["bids"] == [{"price": "5525.1", "volume": "2.000"}]
    assert best["asks"] == [{"price": "5525.4", "volume": "1.000"}]
    assert (best["timestamp"], best["extra"]["c"]) == (RECEIVED, ["5525.1", "0.00398963"])


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"event": "heartbeat"}, "heartbeat"),
        ({"event": "subscriptionStatus", "channelName": "book-10", "status": "subscribed"}, "subscriptionStatus"),
        ([42, ["1", "2"], "ohlc-5", "XBT/USD"], "ohlc"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, kind: str) -> None:
    assert read("kraken", message) == [Skipped(kind)]


@pytest.mark.parametrize(
    "message",
    [
        {},
        [1, {"a": []}],
        [1, {"a": [["1", "1"]]}, "book-10", "A/B"],
        [1, {"a": [["1", None, "1"]]}, "book-10", "A/B"],
        [1, {"a": [["1", "1", "yesterday"]]}, "book-10", "A/B"],
        [1, {"a": {}}, "book-10", "A/B"],
        [1, [], "book-10", "A/B"],
        [1, [["1", "1", "1", "up", "l", ""]], "trade", "A/B"],
        [1, [["1", "1"]], "trade", "A/B"],
        [1, ["1", "1"], "spread", "A/B"],
        [1, {"a": ["1"], "b": ["1"]}, "ticker", "A/B"],
        [1, {"a": []}, "book-10", None],
        b"",
    ],
    ids=str,
)
def test_a_message_that_is_not_krakens_is_refused(message: Any) -> None:
    with pytest.raises(LineError):
        read("kraken", message)
