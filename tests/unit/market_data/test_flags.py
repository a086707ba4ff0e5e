"""Flags mark odd records, which are kept: a flag never rejects."""

from typing import Any

import pytest

from market_data import flags, parse
from tests.strategies import encode

ARRIVAL = 1_795_385_086_123 * 1_000_000  # 2026-11-22T22:04:46.123Z


def level(price: str, volume: str = "1", **more: Any) -> dict[str, Any]:
    return {"price": price, "volume": volume, **more}


def book(bids: list[Any], asks: list[Any], **changes: Any) -> bytes:
    head = {"type": "order_book", "symbol": "A", "exchange": "X", "timestamp": "2026-11-22T22:04:46Z"}
    return encode({**head, "book": "L2", "event": "snapshot", "bids": bids, "asks": asks, **changes})


def depth(bids: list[Any], asks: list[Any]) -> bytes:
    return book(bids, asks, type="market_depth").replace(b'"book":"L2","event":"snapshot"', b'"depth":5')


def trade(timestamp: str) -> bytes:
    return encode({"symbol": "A", "exchange": "X", "timestamp": timestamp, "price": 1, "volume": 1})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(book([level("10")], [level("11")]), [], id="a book"),
        pytest.param(book([level("11")], [level("10")]), ["crossed_book"], id="bid above ask"),
        pytest.param(book([level("10")], [level("10.0")]), [], id="locked is not crossed"),
        pytest.param(book([level("9"), level("11")], [level("10")]), ["crossed_book"], id="not only the first level"),
        pytest.param(book([level("11", "0.00")], [level("10")]), [], id="volume 0 deletes"),
        pytest.param(book([level("11", action="delete")], [level("10")]), [], id="so does the action"),
        pytest.param(book([level("11", action="fill")], [level("10")]), [], id="a fill is no order"),
        pytest.param(book([{"order_id": "1"}], [level("10")]), [], id="an order without price"),
        pytest.param(book([{"price": "11"}], [{"price": "10"}]), ["crossed_book"], id="prices without volume"),
        pytest.param(book([], [level("10")]), [], id="an empty side"),
        pytest.param(book([level("9"), level("10")], []), [], id="a book promises no order"),
        pytest.param(depth([level("10"), level("9")], [level("11"), level("12")]), [], id="best first"),
        pytest.param(depth([level("9"), level("10")], []), ["unsorted_levels"], id="bids rise"),
        pytest.param(depth([], [level("12"), level("11")]), ["unsorted_levels"], id="asks fall"),
        pytest.param(depth([level("9"), level("12")], [level("11")]), ["crossed_book", "unsorted_levels"], id="both"),
        pytest.param(trade("2026-11-22T22:04:46.123Z"), [], id="the arrival's own instant"),
        pytest.param(trade("2026-11-22T22:04:46.123999999Z"), [], id="within the arrival's millisecond"),
        pytest.param(trade("2026-11-22T22:04:46.124Z"), ["event_after_arrival"], id="a millisecond ahead"),
        pytest.param(trade("2026-11-22T22:04:46.124+00:01"), [], id="zones are counted in"),
    ],
)
def test_flags(raw: bytes, expected: list[str]) -> None:
    assert flags(parse(raw), ARRIVAL) == expected
