"""Databento's records."""

from typing import Any

import pytest

from harness.replay.errors import LineError
from harness.replay.source_records import Skipped
from harness.replay.venues import databento_exchange
from tests.unit.replay.readers.reading import read


def read_bare(message: Any) -> list[Any]:
    return read("databento", message, "")


HEADER = {"ts_event": "1600000000000000001", "rtype": 160, "publisher_id": 1, "instrument_id": 5}
ORDER = {
    "ts_recv": "1600000000000000009", "hd": HEADER, "action": "A", "side": "B", "price": "4800250000000", "size": 2,
}  # fmt: skip
ORDER |= {"channel_id": 0, "order_id": "6412777162812", "flags": 128, "sequence": 682, "symbol": "ESH4"}
NO_PRICE, NO_TIME = str(2**63 - 1), str(2**64 - 1)
LEVEL = {"bid_px": "1500000000", "ask_px": NO_PRICE, "bid_sz": 3, "ask_sz": 0, "bid_ct": 1, "ask_ct": 0}


def test_an_order_message_is_a_book_of_one_entry() -> None:
    assert read_bare(ORDER) == [
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
    (book,) = read_bare(ORDER | {"action": action, "side": side})

    assert [entry["action"] for entry in book[place]] == [meaning]
    assert len(book["bids"]) + len(book["asks"]) == 1
    assert book["extra"]["side"] == side


def test_a_clear_empties_the_book_and_a_note_changes_nothing() -> None:
    (clear,) = read_bare(ORDER | {"action": "R", "side": "N", "price": NO_PRICE})
    (note,) = read_bare(ORDER | {"action": "N", "side": "N", "price": NO_PRICE})

    assert (clear["event"], clear["bids"], clear["asks"]) == ("clear", [], [])
    assert (note["event"], note["bids"], note["asks"]) == ("update", [], [])


def test_an_order_without_a_price_has_none() -> None:
    (book,) = read_bare(ORDER | {"action": "C", "price": NO_PRICE})

    assert book["bids"] == [{"volume": "2", "order_id": "6412777162812", "action": "delete"}]


@pytest.mark.parametrize(("letter", "side"), [("B", "buy"), ("A", "sell"), ("N", "none")])
def test_action_t_is_a_trade_and_its_levels_are_kept(letter: str, side: str) -> None:
    trade = ORDER | {"action": "T", "side": letter, "levels": [LEVEL]}

    (record,) = read_bare(trade)

    assert (record["type"], record["price"], record["volume"], record["side"]) == ("trade", "4800.250000000", "2", side)
    assert record["extra"]["levels"] == [LEVEL]


def test_a_message_with_levels_is_a_depth() -> None:
    full = {"bid_px": "-1500000000", "ask_px": "0", "bid_sz": 3, "ask_sz": 1, "bid_ct": 1, "ask_ct": 2}
    message = ORDER | {"hd": HEADER | {"rtype": 10}, "levels": [full, LEVEL]}

    (depth,) = read_bare(message)

    assert depth["depth"] == 2
    assert depth["asks"] == [{"price": "0.000000000", "volume": "1", "order_count": 2}]
    assert [level["price"] for level in depth["bids"]] == ["-1.500000000", "1.500000000"]


def test_a_wrapped_record_is_read_like_a_bare_one() -> None:
    wrapped = {"dataset": "GLBX.MDP3", "schema": "mbo", "record": ORDER}

    (record,), (bare,) = read_bare(wrapped), read_bare(ORDER)

    assert record["extra"] == bare["extra"] | {"dataset": "GLBX.MDP3", "schema": "mbo"}
    assert {k: v for k, v in record.items() if k != "extra"} == {k: v for k, v in bare.items() if k != "extra"}


def test_a_record_without_event_time_has_the_time_of_receipt() -> None:
    (record,) = read_bare(ORDER | {"hd": HEADER | {"ts_event": NO_TIME}})

    assert record["timestamp"] == record["receive_timestamp"] == "2020-09-13T12:26:40.000000009Z"
    assert record["extra"]["timestamp_source"] == "receive"


@pytest.mark.parametrize(("rtype", "kind"), [(18, "status"), (20, "imbalance"), (24, "statistics"), (99, "rtype_99")])
def test_kinds_outside_the_feeds_are_skipped(rtype: int, kind: str) -> None:
    assert read_bare({"hd": HEADER | {"rtype": rtype}}) == [Skipped(kind)]
    wrapped = {"dataset": "D", "schema": "named", "record": {"hd": HEADER | {"rtype": rtype}}}
    assert read_bare(wrapped) == [Skipped("named")]


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
        read_bare(ORDER | change)


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
