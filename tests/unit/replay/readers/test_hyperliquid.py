"""Hyperliquid's messages."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from tests.unit.replay.readers.reading import read

FRAME = "1737918858641970001 "


def test_a_view_has_levels_with_their_orders() -> None:
    levels = [[{"px": "105055.0", "sz": "0.12432", "n": 4}], [{"px": "105056.0", "sz": "1", "n": 1}]]

    view = {"channel": "l2Book", "data": {"coin": "BTC", "levels": levels, "time": 1000001}}
    assert read("hyperliquid", view, FRAME) == [
        {
            "type": "market_depth", "symbol": "BTC", "exchange": "HYPERLIQUID",
            "timestamp": "1970-01-01T00:16:40.001Z", "receive_timestamp": "2025-01-26T19:14:18.641970001Z",
            "depth": 20, "bids": [{"price": "105055.0", "volume": "0.12432", "order_count": 4}],
            "asks": [{"price": "105056.0", "volume": "1", "order_count": 1}], "extra": {"kind": "l2Book"},
        }
    ]  # fmt: skip


def test_a_best_bid_and_offer_may_lack_a_side() -> None:
    best = {"coin": "BTC", "time": 1000001, "bbo": [{"px": "5.0", "sz": "1", "n": 2}, None]}

    (depth,) = read("hyperliquid", {"channel": "bbo", "data": best}, FRAME)

    assert (depth["depth"], depth["asks"]) == (1, [])
    assert depth["bids"] == [{"price": "5.0", "volume": "1", "order_count": 2}]


@pytest.mark.parametrize(("letter", "side"), [("A", "sell"), ("B", "buy")])
def test_each_trade_of_a_message_is_a_record(letter: str, side: str) -> None:
    row = {"coin": "BTC", "side": letter, "px": "105056.0", "sz": "0.00011", "tid": 116365321456789, "time": 1000001}

    first, second = read("hyperliquid", {"channel": "trades", "data": [row | {"hash": "0x0"}, row]}, FRAME)

    assert (first["price"], first["volume"], first["side"]) == ("105056.0", "0.00011", side)
    assert (first["trade_id"], first["extra"]) == ("116365321456789", {"kind": "trades", "hash": "0x0"})
    assert second["side"] == side


@pytest.mark.parametrize("kind", ["subscriptionResponse", "pong", "candle"])
def test_what_is_no_market_data_is_skipped(kind: str) -> None:
    assert read("hyperliquid", {"channel": kind, "data": {}}, FRAME) == [Skipped(kind)]


@pytest.mark.parametrize(
    "message",
    [
        [],
        {"data": {}},
        {"channel": "trades"},
        {"channel": "trades", "data": [{"coin": "BTC", "side": "C", "px": "1", "sz": "1", "time": 1}]},
        {"channel": "trades", "data": [{"coin": "BTC", "side": "A", "sz": "1", "time": 1}]},
        {"channel": "l2Book", "data": {"coin": "BTC", "levels": [[]], "time": 1}},
        {"channel": "l2Book", "data": {"coin": "BTC", "levels": [[{"px": "1"}], []], "time": 1}},
        {"channel": "l2Book", "data": {"coin": "BTC", "levels": [[{"px": "1", "sz": "1", "n": "x"}], []], "time": 1}},
        {"channel": "l2Book", "data": {"levels": [[], []], "time": 1}},
        {"channel": "bbo", "data": {"coin": "BTC", "bbo": [None], "time": 1}},
    ],
    ids=str,
)
def test_a_message_that_is_not_hyperliquids_is_refused(message: Any) -> None:
    with pytest.raises(LineError):
        read("hyperliquid", message, FRAME)
