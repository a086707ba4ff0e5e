"""Deribit's messages."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import RECEIVED, read


def on(channel: str, data: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}


BOOK = {"timestamp": 1000001, "instrument_name": "BTC-PERPETUAL", "change_id": 9007199254740993}
TICKER = {"timestamp": 1000001, "instrument_name": "BTC-FS-30SEP22_PERP"}


def test_a_change_keeps_actions_and_the_number_before_it() -> None:
    change = BOOK | {"type": "change", "prev_change_id": 5, "bids": [["new", 0.0015, 40.0]], "asks": [["delete", 1, 0]]}

    assert read("deribit", on("book.BTC-PERPETUAL.raw", change)) == [
        {
            "type": "order_book", "symbol": "BTC-PERPETUAL", "exchange": "DERIBIT",
            "timestamp": "1970-01-01T00:16:40.001Z", "receive_timestamp": RECEIVED, "sequence": "9007199254740993",
            "previous_sequence": "5", "book": "L2", "event": "update",
            "bids": [{"price": "0.0015", "volume": "40.0", "action": "new"}],
            "asks": [{"price": "1", "volume": "0", "action": "delete"}],
            "extra": {"channel": "book.BTC-PERPETUAL.raw"},
        }
    ]  # fmt: skip


def test_a_snapshot_of_nothing_is_a_snapshot() -> None:
    (book,) = read("deribit", on("book.X.raw", BOOK | {"type": "snapshot", "bids": [], "asks": []}))

    assert (book["event"], book["bids"], book["asks"]) == ("snapshot", [], [])


def test_a_grouped_book_is_a_view_as_deep_as_its_channel_says() -> None:
    (depth,) = read("deribit", on("book.X.none.20.100ms", BOOK | {"bids": [[5.0, 1]], "asks": []}))

    assert (depth["type"], depth["depth"], depth["bids"]) == ("market_depth", 20, [{"price": "5.0", "volume": "1"}])


def test_a_ticker_may_be_negative_and_lack_a_side() -> None:
    """Combos trade below zero; a zero price without a size means that nobody bids."""
    sides = {"best_bid_price": 0.0, "best_bid_amount": 0.0, "best_ask_price": -5.0, "best_ask_amount": 300000.0}

    (depth,) = read("deribit", on("ticker.X.raw", TICKER | sides | {"stats": {"volume": None}}), "")

    assert (depth["depth"], depth["bids"], depth["asks"]) == (1, [], [{"price": "-5.0", "volume": "300000.0"}])
    assert depth["extra"] == {"channel": "ticker.X.raw", "stats": {"volume": None}}
    # Without a recorder's frame there is no receive time, and none is needed.
    assert "receive_timestamp" not in depth


def test_a_quote_of_a_market_at_zero_is_a_level() -> None:
    sides = {"best_bid_price": 0.0, "best_bid_amount": 5.0, "best_ask_price": None, "best_ask_amount": 0.0}

    (depth,) = read("deribit", on("quote.X", TICKER | sides))

    assert (depth["bids"], depth["asks"]) == ([{"price": "0.0", "volume": "5.0"}], [])


def test_each_trade_of_a_message_is_a_record() -> None:
    row = {"trade_seq": 30, "trade_id": "48079", "timestamp": 1000001, "price": 8950.0, "instrument_name": "X"}
    row |= {"direction": "sell", "amount": 10.0, "index_price": 8955.88}

    first, second = read("deribit", on("trades.X.raw", [row, row | {"direction": "buy"}]))

    assert (first["price"], first["volume"], first["side"], first["trade_id"]) == ("8950.0", "10.0", "sell", "48079")
    assert (first["sequence"], first["extra"]["index_price"]) == ("30", "8955.88")
    assert second["side"] == "buy"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"jsonrpc": "2.0", "id": 0, "result": ["ticker.X.raw"]}, "response"),
        ({"jsonrpc": "2.0", "id": 0, "error": {"code": 1}}, "error"),
        ({"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}, "heartbeat"),
        (on("perpetual.X.raw", {"interest": 1}), "perpetual"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, kind: str) -> None:
    assert read("deribit", message) == [Skipped(kind)]


@pytest.mark.parametrize(
    "message",
    [
        [],
        on("book.X.raw", BOOK | {"type": "guess", "bids": [], "asks": []}),
        on("book.X.raw", BOOK | {"type": "change", "bids": []}),
        on("book.X.raw", BOOK | {"type": "change", "bids": [["new", 1]], "asks": []}),
        on("book.X.raw", BOOK | {"type": "change", "bids": [["vanish", 1, 1]], "asks": []}),
        on("book.X.raw", BOOK | {"bids": [[1, 1]], "asks": []}),
        on("ticker.X.raw", {"timestamp": 1}),
        on("ticker.X.raw", TICKER | {"best_bid_price": 1}),
        on("trades.X.raw", {"price": 1}),
        on("trades.X.raw", [{"instrument_name": "X", "direction": "up", "price": 1, "amount": 1, "timestamp": 1}]),
        {"jsonrpc": "2.0", "method": "subscription"},
    ],
    ids=str,
)
def test_a_message_that_is_not_deribits_is_refused(message: Any) -> None:
    with pytest.raises(LineError):
        read("deribit", message)
