"""Bitfinex's messages: only the session defines the meaning of a channel number."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, session


def subscribed(channel: str, symbol: str = "tBTCUSD", **more: Any) -> dict[str, Any]:
    return {"event": "subscribed", "channel": channel, "chanId": 17, "symbol": symbol, **more}


def read(channel: str, message: Any, **more: Any) -> list[Any]:
    return session("bitfinex", subscribed(channel, **more), message)[1]


def test_a_books_update_is_one_level_of_the_side_its_sign_tells() -> None:
    (bid,) = read("book", [17, [0.0685, 2, 1234.5], 9])
    (ask,) = read("book", [17, b_raw := [60400, 1, -0.25], 10])

    assert bid == {
        "type": "order_book", "symbol": "tBTCUSD", "exchange": "BITFINEX", "timestamp": RECEIVED,
        "receive_timestamp": RECEIVED, "sequence": "9", "book": "L2", "event": "update",
        "bids": [{"price": "0.0685", "volume": "1234.5", "order_count": 2}], "asks": [],
        "extra": {"channel_id": "17", "precision": "P0", "timestamp_source": "receive"},
    }  # fmt: skip
    assert (ask["bids"], ask["asks"]) == ([], [{"price": str(b_raw[0]), "volume": "0.25", "order_count": 1}])


def test_a_level_without_orders_is_deleted() -> None:
    """Its amount is 1 or -1 only to give the side: as a volume it would be an order that nobody placed."""
    (book,) = read("book", [17, [60400, 0, -1], 9])

    assert book["asks"] == [{"price": "60400", "volume": "0", "action": "delete"}]


def test_a_snapshot_is_an_array_of_levels_and_may_be_empty() -> None:
    (book,) = read("book", b"[17,[[1.10,1,2],[1.20,3,-1.1e-7]],1]")
    (empty,) = read("book", [17, [], 1])

    assert (book["event"], book["bids"]) == ("snapshot", [{"price": "1.10", "volume": "2", "order_count": 1}])
    assert book["asks"] == [{"price": "1.20", "volume": "1.1e-7", "order_count": 3}]
    assert (empty["event"], empty["bids"], empty["asks"]) == ("snapshot", [], [])


def test_a_raw_book_is_of_orders() -> None:
    (book,) = read("book", [17, [34006738527, 8744.9, 0.25603413]], prec="R0")
    (gone,) = read("book", [17, [34006738527, 0, -1]], prec="R0")

    assert (book["book"], book["bids"]) == (
        "L3",
        [{"order_id": "34006738527", "price": "8744.9", "volume": "0.25603413"}],
    )
    assert gone["asks"] == [{"order_id": "34006738527", "volume": "0", "action": "delete"}]


def test_a_trade_is_read_once() -> None:
    """A trade comes as `te` at once and again as `tu` with its final id; the snapshot repeats earlier trades."""
    trade = [401597395, 1574694478808, -0.005, 7245.3]

    (executed,) = read("trades", [17, "te", trade, 5])
    update = read("trades", [17, "tu", trade, 6])
    old = read("trades", [17, [trade, [401597393, 1574694478000, 0.5, 7245.2]], 4])

    assert (executed["price"], executed["volume"], executed["side"]) == ("7245.3", "0.005", "sell")
    assert (executed["timestamp"], executed["trade_id"]) == ("2019-11-25T15:07:58.808Z", "401597395")
    assert executed["extra"]["kind"] == "te"
    assert update == [Skipped("trade_update")]
    assert [(one["side"], one["extra"]["kind"]) for one in old] == [("sell", "snapshot"), ("buy", "snapshot")]


def test_a_ticker_is_a_depth_of_one_level_with_a_sum_for_its_size() -> None:
    values = [1.1, 60157.3, 1.2, 48578.5, 0.1, 0.02, 1.15, 101459.3, 1.3, 1.0]

    (depth,) = read("ticker", [17, values, 1])
    (without,) = read("ticker", [17, [None, None, *values[2:]], 1])

    assert depth["bids"] == [{"price": "1.1", "volume": "60157.3"}]
    assert depth["asks"] == [{"price": "1.2", "volume": "48578.5"}]
    assert (depth["extra"]["volume_source"], depth["extra"]["last_price"]) == ("sum_of_25_levels", "1.15")
    assert without["bids"] == []


def test_numbers_at_the_end_are_sequence_and_time() -> None:
    """A session may subscribe to either, both or none."""
    ends = ([], [5], [1574694478808], [5, 1574694478808])

    books = [read("book", [17, [1, 1, 1], *end])[0] for end in ends]

    assert [book.get("sequence") for book in books] == [None, "5", None, "5"]
    assert [book["timestamp"] == RECEIVED for book in books] == [True, True, False, False]
    assert books[3]["timestamp"] == "2019-11-25T15:07:58.808Z"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"event": "info", "version": 2}, "info"),
        ([17, "hb", 5], "heartbeat"),
        ([17, "cs", 123456, 5], "checksum"),
        ([0, ["n", []]], "account"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, kind: str) -> None:
    assert read("book", message) == [Skipped(kind)]


def test_funding_is_skipped() -> None:
    assert read("book", [17, [0.0001, 2, 1, 500]], symbol="fUSD") == [Skipped("funding_book")]
    assert read("candles", [17, [1, 2, 3]], key="trade:1m:tBTCUSD") == [Skipped("candles")]


def test_a_channel_that_is_announced_nowhere_is_refused_by_its_number() -> None:
    """A file cut in mid-session does not say which book this is: guessing would mix up instruments."""
    with pytest.raises(LineError, match="channel 18 is announced on no line before this one"):
        read("book", [18, [1, 1, 1], 5])
    with pytest.raises(LineError, match="channel 17 "):
        session("bitfinex", subscribed("book"), {"event": "unsubscribed", "chanId": 17}, [17, [1, 1, 1]])


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("book", []),
        ("book", [17]),
        ("book", {"chanId": 17}),
        ("book", [17, [1, 2], 5]),
        ("book", [17, [1, "x", 3], 5]),
        ("book", [17, [1, 1, 1], 5, 6]),
        ("book", [17, [1, 1, None]]),
        ("ticker", [17, [1, 2, 3]]),
        ("ticker", [17, [1, None, 3, 4, 5, 6, 7, 8, 9, 10]]),
        ("trades", [17, "te", [1, 2, 3], 5]),
        ("trades", [17, [[1, "x", 3, 4]], 5]),
        ("trades", b""),
    ],
    ids=str,
)
def test_a_message_that_is_not_bitfinexs_is_refused(channel: str, message: Any) -> None:
    with pytest.raises(LineError):
        read(channel, message)
