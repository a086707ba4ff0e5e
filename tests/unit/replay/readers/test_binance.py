"""Binance's messages, spot and futures."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import read, session

FRAME = "1723161255030314667 "
RECEIVED = "2024-08-08T23:54:15.030314667Z"

SPOT_TRADE = {"e": "trade", "E": 1000002, "s": "BTCUSDT", "t": 5, "p": "61800.30", "q": "0.006", "T": 1000001}
SPOT_TRADE |= {"m": True, "M": True}
FUTURES_TRADE = {**SPOT_TRADE, "X": "MARKET", "m": False}
del FUTURES_TRADE["M"]
UPDATE = {"e": "depthUpdate", "E": 1000002, "s": "BTCUSDT", "U": 7, "u": 9, "b": [["1.50", "0.000"]], "a": []}
BEST = {"u": 9, "s": "BTCUSDT", "b": "1.50", "B": "3.0", "a": "0.00", "A": "0.000"}
REST = {"lastUpdateId": 9, "bids": [["1.50", "2"]], "asks": [["1.60", "3"]]}


def on(stream: str, data: Any) -> dict[str, Any]:
    return {"stream": stream, "data": data}


def test_a_trade_has_the_takers_side_and_the_engines_time() -> None:
    """`m` is true if the buyer was the maker: then the seller was the taker."""
    (spot,) = read("binance", on("btcusdt@trade", SPOT_TRADE), FRAME)
    (futures,) = read("binance", on("btcusdt@trade", FUTURES_TRADE), FRAME)

    assert spot == {
        "type": "trade", "symbol": "BTCUSDT", "exchange": "BINANCE", "timestamp": "1970-01-01T00:16:40.001Z",
        "receive_timestamp": RECEIVED, "price": "61800.30", "volume": "0.006", "side": "sell", "trade_id": "5",
        "extra": {"stream": "btcusdt@trade", "kind": "trade", "E": 1000002, "M": True},
    }  # fmt: skip
    assert (futures["side"], futures["exchange"]) == ("buy", "BINANCE-FUTURES")


def test_an_aggregate_of_trades_is_a_trade() -> None:
    aggregate = {"e": "aggTrade", "s": "A", "a": 26129, "p": "0.01", "q": "4", "f": 1, "l": 3, "T": 1000001, "m": True}

    (futures,) = read("binance", aggregate, FRAME)
    (spot,) = read("binance", aggregate | {"M": True}, FRAME)

    assert (futures["trade_id"], futures["extra"]["f"], futures["exchange"]) == ("26129", 1, "BINANCE-FUTURES")
    assert spot["exchange"] == "BINANCE"


def test_a_change_of_the_book_tells_the_numbers_it_covers() -> None:
    (spot,) = read("binance", on("btcusdt@depth@100ms", UPDATE), FRAME)
    (futures,) = read("binance", on("btcusdt@depth@0ms", UPDATE | {"pu": 6, "T": 1000001}), FRAME)

    assert (spot["first_sequence"], spot["sequence"], spot["event"]) == ("7", "9", "update")
    assert (spot["bids"], spot["asks"]) == ([{"price": "1.50", "volume": "0.000"}], [])
    assert (spot["exchange"], spot["timestamp"]) == ("BINANCE", "1970-01-01T00:16:40.002Z")
    assert (futures["exchange"], futures["previous_sequence"]) == ("BINANCE-FUTURES", "6")
    assert (futures["timestamp"], futures["extra"]["E"]) == ("1970-01-01T00:16:40.001Z", 1000002)


def test_a_best_bid_and_offer_has_no_time_on_spot() -> None:
    (spot,) = read("binance", on("btcusdt@bookTicker", BEST), FRAME)
    (futures,) = read("binance", on("btcusdt@bookTicker", BEST | {"e": "bookTicker", "T": 1000001, "E": 5}), FRAME)

    assert (spot["depth"], spot["bids"], spot["asks"]) == (1, [{"price": "1.50", "volume": "3.0"}], [])
    assert (spot["timestamp"], spot["extra"]["timestamp_source"]) == (RECEIVED, "receive")
    assert (futures["timestamp"], futures["exchange"]) == ("1970-01-01T00:16:40.001Z", "BINANCE-FUTURES")


def test_a_partial_book_is_a_view_as_deep_as_its_stream_says() -> None:
    (spot,) = read("binance", on("btcusdt@depth5@100ms", REST), FRAME)
    (futures,) = read("binance", on("btcusdt@depth20", UPDATE | {"pu": 6}), FRAME)

    assert (spot["type"], spot["depth"], spot["symbol"], spot["sequence"]) == ("market_depth", 5, "BTCUSDT", "9")
    assert (futures["depth"], futures["exchange"]) == (20, "BINANCE-FUTURES")


def test_a_book_by_rest_is_of_the_one_symbol_before_it() -> None:
    """Its response names no symbol, and the recorder requests it in the middle of the streams."""
    records = session("binance", on("btcusdt@bookTicker", BEST), REST, frame=FRAME)
    (futures,) = session("binance", on("btcusdt@bookTicker", BEST), REST | {"E": 5, "T": 1000001}, frame=FRAME)[1]

    (book,) = records[1]
    assert (book["symbol"], book["event"], book["book"], book["sequence"]) == ("BTCUSDT", "snapshot", "L2", "9")
    assert book["extra"] == {"kind": "rest_book", "symbol_source": "session", "timestamp_source": "receive"}
    assert (futures["exchange"], futures["timestamp"]) == ("BINANCE-FUTURES", "1970-01-01T00:16:40.001Z")


def test_a_book_by_rest_that_could_be_of_two_symbols_is_refused() -> None:
    with pytest.raises(LineError, match="not none"):
        read("binance", REST, FRAME)
    other = on("ethusdt@bookTicker", BEST | {"s": "ETHUSDT"})
    with pytest.raises(LineError, match="not BTCUSDT, ETHUSDT"):
        session("binance", on("btcusdt@bookTicker", BEST), other, REST, frame=FRAME)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"result": None, "id": 1}, "response"),
        (on("btcusdt@kline_1m", {"e": "kline", "s": "BTCUSDT", "k": {}}), "kline"),
        (on("btcusdt@markPrice", {"e": "markPriceUpdate", "s": "BTCUSDT", "p": "1"}), "markPriceUpdate"),
    ],
)
def test_what_is_no_market_data_is_skipped(message: Any, kind: str) -> None:
    assert read("binance", message, FRAME) == [Skipped(kind)]


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        on("btcusdt@trade", {**SPOT_TRADE, "m": "true"}),
        on("btcusdt@trade", {**SPOT_TRADE, "p": None}),
        on("btcusdt@trade", {**SPOT_TRADE, "T": "soon"}),
        on("btcusdt@depth", {**UPDATE, "b": [["1"]]}),
        on("btcusdt@depth", {key: value for key, value in UPDATE.items() if key != "a"}),
        on("btcusdt@bookTicker", {**BEST, "B": None}),
        on("btcusdt@depth5", BEST),
        {"stream": "btcusdt@trade"},
    ],
    ids=str,
)
def test_a_message_that_is_not_binances_is_refused(message: Any) -> None:
    with pytest.raises(LineError):
        read("binance", message, FRAME)
