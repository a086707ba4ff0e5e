"""What each venue's messages become. The messages are made up after the venues' documentation."""

import json
from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.formats import FORMATS
from harness.replay.items import Skipped
from harness.replay.venues import databento_exchange, tape_exchange
from market_data import parse


def read(name: str, message: Any, frame: str = "") -> list[Any]:
    """The outcomes for a line, records as Python values; each must be one of the contract's."""
    line = frame.encode() + (message if isinstance(message, bytes) else json.dumps(message).encode())
    outcomes = list(FORMATS[name]().read(line))
    for outcome in outcomes:
        if isinstance(outcome, bytes):
            parse(outcome)
    return [json.loads(o, parse_float=str) if isinstance(o, bytes) else o for o in outcomes]


# ---------------------------------------------------------------------------------------------------------- lean ----
LEAN = {"date": "20200102", "symbol": "ABC", "ms": "34200001", "exchange": "N", "conditions": "1", "suspicious": "0"}
LEAN_TRADE = LEAN | {"price": "1234500", "size": "300"}


def test_a_row_of_an_equity_tape_is_a_trade_in_dollars() -> None:
    assert read("lean", LEAN_TRADE) == [
        {
            "type": "trade",
            "symbol": "ABC",
            "exchange": "XNYS",
            "timestamp": "2020-01-02T14:30:00.001Z",
            "price": "123.4500",
            "volume": "300",
            "conditions": ["1"],
            "extra": {"exchange_code": "N", "suspicious": "0"},
        }
    ]


def test_numbers_instead_of_text_are_read_alike() -> None:
    as_numbers = LEAN_TRADE | {"date": 20200102, "ms": 34200001, "price": 1234500, "size": 300, "conditions": 1}

    assert read("lean", as_numbers) == read("lean", LEAN_TRADE)


def test_a_futures_row_has_plain_prices() -> None:
    (trade,) = read("lean", LEAN_TRADE | {"exchange": "CME", "price": "4800"})

    assert (trade["exchange"], trade["price"]) == ("XCME", "4800")


def test_an_unknown_exchange_never_decides_about_a_price_by_guessing() -> None:
    """48000 is 4.80 on an equity tape and 48,000 on a futures market: a guess is a wrong price nobody notices."""
    with pytest.raises(LineError, match="SOMEWHERE"):
        read("lean", LEAN_TRADE | {"exchange": "SOMEWHERE"})
    (trade,) = read("lean", LEAN_TRADE | {"exchange": "somewhere", "price": "12.5"})
    assert (trade["exchange"], trade["price"]) == ("SOMEWHERE", "12.5")


@pytest.mark.parametrize(("letter", "exchange"), [("W", "CBSX"), ("X", "XPSX"), ("D", "FINR"), ("S", "TAPE-S")])
def test_a_tapes_letter_is_an_exchange(letter: str, exchange: str) -> None:
    """W and X are the equity venues of two companies whose options exchanges are better known."""
    assert tape_exchange(letter) == exchange
    assert read("lean", LEAN_TRADE | {"exchange": letter})[0]["exchange"] == exchange


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
        assert b'"asks":[{"price":"0.0000","volume":"5"}]' in next(
            iter(FORMATS["lean"]().read(json.dumps(row).encode()))
        )
        return
    (depth,) = read("lean", row)

    assert (depth["depth"], depth["bids"], depth["asks"]) == (1, bids, asks)


# ------------------------------------------------------------------------------------------------------ coinbase ----
FRAME = "1600000000.1234567: "
RECEIVED = "2020-09-13T12:26:40.1234567Z"
TIME = "2020-09-13T12:26:39.987654Z"


def test_a_match_names_the_resting_side_and_the_trade_the_aggressor() -> None:
    """Taken over as it is, every Coinbase trade would have the wrong direction."""
    match = {"type": "match", "trade_id": 7, "side": "sell", "size": "0.10", "price": "9.50", "product_id": "A-B"}
    match |= {"sequence": 9007199254740993, "time": TIME, "maker_order_id": "m"}

    assert read("coinbase", match, FRAME) == [
        {
            "type": "trade",
            "symbol": "A-B",
            "exchange": "COINBASE",
            "timestamp": TIME,
            "receive_timestamp": RECEIVED,
            "sequence": "9007199254740993",
            "price": "9.50",
            "volume": "0.10",
            "side": "buy",
            "trade_id": "7",
            "extra": {"kind": "match", "maker_order_id": "m"},
        }
    ]


def test_a_snapshot_has_no_time_of_its_own_and_says_so() -> None:
    snapshot = {"type": "snapshot", "product_id": "A-B", "asks": [["2.0", "1"]], "bids": [["1.50", 3], [1.0, "4.00"]]}

    (book,) = read("coinbase", snapshot, FRAME)

    assert (book["timestamp"], book["extra"]["timestamp_source"]) == (RECEIVED, "receive")
    assert (book["book"], book["event"], book["asks"]) == ("L2", "snapshot", [{"price": "2.0", "volume": "1"}])
    assert book["bids"] == [{"price": "1.50", "volume": "3"}, {"price": "1.0", "volume": "4.00"}]


def test_an_update_sorts_its_changes_by_side() -> None:
    changes = [["buy", "1.0", "0.0"], ["sell", "2", "5"], ["buy", "0.9", "1"]]
    update = {"type": "l2update", "product_id": "A-B", "changes": changes, "time": TIME}

    (book,) = read("coinbase", update, FRAME)

    assert (book["event"], book["timestamp"], book["asks"]) == ("update", TIME, [{"price": "2", "volume": "5"}])
    assert book["bids"] == [{"price": "1.0", "volume": "0.0"}, {"price": "0.9", "volume": "1"}]
    assert "timestamp_source" not in book["extra"]


def test_a_ticker_is_a_depth_of_one_level() -> None:
    ticker = {"type": "ticker", "product_id": "A-B", "best_bid": "1.0", "best_ask": "1.1", "time": TIME}
    with_sizes = ticker | {"best_bid_size": "3.5", "best_ask_size": "4.0"}

    (old,), (new,) = read("coinbase", ticker, FRAME), read("coinbase", with_sizes, FRAME)

    assert (old["depth"], old["bids"], old["asks"]) == (
        1,
        [{"price": "1.0", "volume": "0"}],
        [{"price": "1.1", "volume": "0"}],
    )
    assert old["extra"]["volume_source"] == "none"
    assert (new["bids"], new["asks"]) == ([{"price": "1.0", "volume": "3.5"}], [{"price": "1.1", "volume": "4.0"}])
    assert "volume_source" not in new["extra"]


def test_a_ticker_of_a_market_without_orders_has_no_sides() -> None:
    (depth,) = read("coinbase", {"type": "ticker", "product_id": "A-B", "best_bid": "0", "best_ask": None}, FRAME)

    assert (depth["bids"], depth["asks"]) == ([], [])


def test_what_is_no_market_data_is_skipped_by_the_venues_own_name() -> None:
    assert read("coinbase", {"type": "subscriptions", "channels": []}, FRAME) == [Skipped("subscriptions")]
    assert read("coinbase", b"wss://a <-> 1.5") == [Skipped("connected", is_message=False)]


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
        read("coinbase", message, FRAME)


def test_a_line_of_another_recorder_is_refused() -> None:
    with pytest.raises(LineError):
        read("coinbase", b'1600000000123 {"type":"ticker"}')


# ----------------------------------------------------------------------------------------------------- databento ----
HEADER = {"ts_event": "1600000000000000001", "rtype": 160, "publisher_id": 1, "instrument_id": 5}
ORDER = {
    "ts_recv": "1600000000000000009",
    "hd": HEADER,
    "action": "A",
    "side": "B",
    "price": "4800250000000",
    "size": 2,
}
ORDER |= {"channel_id": 0, "order_id": "6412777162812", "flags": 128, "sequence": 682, "symbol": "ESH4"}
NO_PRICE, NO_TIME = str(2**63 - 1), str(2**64 - 1)
LEVEL = {"bid_px": "1500000000", "ask_px": NO_PRICE, "bid_sz": 3, "ask_sz": 0, "bid_ct": 1, "ask_ct": 0}


def test_an_order_message_is_a_book_of_one_entry() -> None:
    assert read("databento", ORDER) == [
        {
            "type": "order_book",
            "symbol": "ESH4",
            "exchange": "XCME",
            "timestamp": "2020-09-13T12:26:40.000000001Z",
            "receive_timestamp": "2020-09-13T12:26:40.000000009Z",
            "sequence": "682",
            "book": "L3",
            "event": "update",
            "bids": [{"price": "4800.250000000", "volume": "2", "order_id": "6412777162812", "action": "new"}],
            "asks": [],
            "extra": {"rtype": 160, "publisher_id": 1, "instrument_id": 5, "action": "A", "side": "B", "channel_id": 0}
            | {"flags": 128},
        }
    ]


@pytest.mark.parametrize(("action", "meaning"), [("A", "new"), ("M", "change"), ("C", "delete"), ("F", "fill")])
@pytest.mark.parametrize(("side", "place"), [("B", "bids"), ("A", "asks"), ("N", "bids")])
def test_an_entry_says_what_became_of_the_order(action: str, meaning: str, side: str, place: str) -> None:
    (book,) = read("databento", ORDER | {"action": action, "side": side})

    assert [entry["action"] for entry in book[place]] == [meaning]
    assert len(book["bids"]) + len(book["asks"]) == 1
    assert book["extra"]["side"] == side


def test_a_clear_empties_the_book_and_a_note_changes_nothing() -> None:
    (clear,) = read("databento", ORDER | {"action": "R", "side": "N", "price": NO_PRICE})
    (note,) = read("databento", ORDER | {"action": "N", "side": "N", "price": NO_PRICE})

    assert (clear["event"], clear["bids"], clear["asks"]) == ("clear", [], [])
    assert (note["event"], note["bids"], note["asks"]) == ("update", [], [])


def test_an_order_without_a_price_has_none() -> None:
    (book,) = read("databento", ORDER | {"action": "C", "price": NO_PRICE})

    assert book["bids"] == [{"volume": "2", "order_id": "6412777162812", "action": "delete"}]


@pytest.mark.parametrize(("letter", "side"), [("B", "buy"), ("A", "sell"), ("N", "none")])
def test_action_t_is_a_trade_and_its_levels_are_kept(letter: str, side: str) -> None:
    trade = ORDER | {"action": "T", "side": letter, "levels": [LEVEL]}

    (record,) = read("databento", trade)

    assert (record["type"], record["price"], record["volume"], record["side"]) == ("trade", "4800.250000000", "2", side)
    assert record["extra"]["levels"] == [LEVEL]


def test_a_message_with_levels_is_a_depth() -> None:
    full = {"bid_px": "-1500000000", "ask_px": "0", "bid_sz": 3, "ask_sz": 1, "bid_ct": 1, "ask_ct": 2}
    message = ORDER | {"hd": HEADER | {"rtype": 10}, "levels": [full, LEVEL]}

    (depth,) = read("databento", message)

    assert depth["depth"] == 2
    assert depth["asks"] == [{"price": "0.000000000", "volume": "1", "order_count": 2}]
    assert [level["price"] for level in depth["bids"]] == ["-1.500000000", "1.500000000"]


def test_a_wrapped_record_is_read_like_a_bare_one() -> None:
    wrapped = {"dataset": "GLBX.MDP3", "schema": "mbo", "record": ORDER}

    (record,), (bare,) = read("databento", wrapped), read("databento", ORDER)

    assert record["extra"] == bare["extra"] | {"dataset": "GLBX.MDP3", "schema": "mbo"}
    assert {k: v for k, v in record.items() if k != "extra"} == {k: v for k, v in bare.items() if k != "extra"}


def test_a_record_without_event_time_has_the_time_of_receipt() -> None:
    (record,) = read("databento", ORDER | {"hd": HEADER | {"ts_event": NO_TIME}})

    assert record["timestamp"] == record["receive_timestamp"] == "2020-09-13T12:26:40.000000009Z"
    assert record["extra"]["timestamp_source"] == "receive"


@pytest.mark.parametrize(("rtype", "kind"), [(18, "status"), (20, "imbalance"), (24, "statistics"), (99, "rtype_99")])
def test_kinds_outside_the_feeds_are_skipped(rtype: int, kind: str) -> None:
    assert read("databento", {"hd": HEADER | {"rtype": rtype}}) == [Skipped(kind)]
    wrapped = {"dataset": "D", "schema": "named", "record": {"hd": HEADER | {"rtype": rtype}}}
    assert read("databento", wrapped) == [Skipped("named")]


@pytest.mark.parametrize(
    "change",
    [
        {"hd": {}},
        {"hd": 5},
        {"hd": HEADER | {"ts_event": NO_TIME}, "ts_recv": NO_TIME},
        {"action": "X"},
        {"side": "Q"},
        {"symbol": None},
        {"price": "1.5"},
        {"action": "T", "price": NO_PRICE},
        {"order_id": None},
        {"levels": [{"bid_px": "1"}]},
        {"levels": 5},
    ],
    ids=str,
)
def test_a_record_that_is_not_databentos_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LineError):
        read("databento", ORDER | change)


@pytest.mark.parametrize(
    ("publisher", "dataset", "exchange"),
    [
        ("1", None, "XCME"),
        ("57", "IFEU.IMPACT", "IFEU"),
        ("95", "EQUS.MINI", "EQUS"),
        ("9999", "XNEW.FEED", "XNEW"),
        ("9999", None, "DATABENTO-9999"),
        ("9999", "\u0410", "DATABENTO-9999"),
    ],
)
def test_a_publisher_is_an_exchange(publisher: str, dataset: str | None, exchange: str) -> None:
    assert databento_exchange(publisher, dataset) == exchange
