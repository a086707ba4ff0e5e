"""Rows of Lean's tick files."""

import json
from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.formats import FORMATS
from harness.replay.venues import tape_exchange
from tests.unit.replay.readers.reading import read

LEAN = {"date": "20200102", "symbol": "ABC", "ms": "34200001", "exchange": "N", "conditions": "1", "suspicious": "0"}
LEAN_TRADE = LEAN | {"price": "1234500", "size": "300"}


def test_a_row_of_an_equity_tape_is_a_trade_in_dollars() -> None:
    assert read("lean", LEAN_TRADE, "") == [
        {
            "type": "trade", "symbol": "ABC", "exchange": "XNYS", "timestamp": "2020-01-02T14:30:00.001Z",
            "price": "123.4500", "volume": "300", "conditions": ["1"],
            "extra": {"exchange_code": "N", "suspicious": "0"},
        }
    ]  # fmt: skip


def test_numbers_instead_of_text_are_read_alike() -> None:
    as_numbers = LEAN_TRADE | {"date": 20200102, "ms": 34200001, "price": 1234500, "size": 300, "conditions": 1}

    assert read("lean", as_numbers, "") == read("lean", LEAN_TRADE, "")


def test_a_futures_row_has_plain_prices() -> None:
    (trade,) = read("lean", LEAN_TRADE | {"exchange": "CME", "price": "4800"}, "")

    assert (trade["exchange"], trade["price"]) == ("XCME", "4800")


def test_an_unknown_exchange_never_decides_about_a_price_by_guessing() -> None:
    """48000 means 4.80 on an equity tape and 48,000 on a futures market: a wrong guess goes unnoticed."""
    with pytest.raises(LineError, match="SOMEWHERE"):
        read("lean", LEAN_TRADE | {"exchange": "SOMEWHERE"}, "")
    (trade,) = read("lean", LEAN_TRADE | {"exchange": "somewhere", "price": "12.5"}, "")
    assert (trade["exchange"], trade["price"]) == ("SOMEWHERE", "12.5")


@pytest.mark.parametrize(("letter", "exchange"), [("W", "CBSX"), ("X", "XPSX"), ("D", "FINR"), ("S", "TAPE-S")])
def test_a_tapes_letter_is_an_exchange(letter: str, exchange: str) -> None:
    """W and X are equity venues of two companies that are better known for their options exchanges."""
    assert tape_exchange(letter) == exchange
    assert read("lean", LEAN_TRADE | {"exchange": letter}, "")[0]["exchange"] == exchange


@pytest.mark.parametrize(
    ("bid", "ask", "bids", "asks"),
    [
        (("1234500", "2"), ("0", "0"), [{"price": "123.4500", "volume": "2"}], []),
        (("0", "0"), ("1", "7"), [], [{"price": "0.0001", "volume": "7"}]),
        (("0", "0"), ("0", "0"), [], []),
        (("10000", "0"), ("0", "5"), [{"price": "1.0000", "volume": "0"}], None),
    ],
)
def test_a_quote_rows_zero_side_is_absent(
    bid: tuple[str, str], ask: tuple[str, str], bids: list[Any], asks: list[Any] | None
) -> None:
    row = LEAN | {"bid_price": bid[0], "bid_size": bid[1], "ask_price": ask[0], "ask_size": ask[1]}
    if asks is None:  # a size without a price is no absent side: it goes on, and the contract refuses it
        (record,) = FORMATS["lean"]().read(json.dumps(row).encode())
        assert b'"asks":[{"price":"0.0000","volume":"5"}]' in record
        return
    (depth,) = read("lean", row, "")

    assert (depth["depth"], depth["bids"], depth["asks"]) == (1, bids, asks)
