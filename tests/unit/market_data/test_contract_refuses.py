"""What the contract rejects, and for which reason: every hostile fragment, one by one."""

import json
import time
import tracemalloc
from typing import Any

import pytest

from market_data import UNKNOWN, Reason, RejectedRecord, feed_of, parse
from tests import hostile
from tests.waiting import cpu_seconds

HEAD = '"symbol":"A","exchange":"X","timestamp":"2026-11-22T22:04:46Z"'
TRADE = f'{{"type":"trade",{HEAD},"price":1,"volume":1@}}'
BOOK = f'{{"type":"order_book",{HEAD},"book":"L2","event":"update","bids":[],"asks":[@]}}'
DEPTH = f'{{"type":"market_depth",{HEAD},"depth":5,"bids":[@],"asks":[]}}'


def reason_of(raw: str | bytes) -> str:
    """The reason's code, after checking that its detail is readable."""
    with pytest.raises(RejectedRecord) as refusal:
        parse(raw if isinstance(raw, bytes) else raw.encode())
    detail = refusal.value.detail
    assert len(detail) < 300
    assert detail.isascii()
    assert not detail or detail.isprintable()
    return refusal.value.reason


def short(value: Any) -> str:
    return ascii(value)[:40]


@pytest.mark.parametrize(("fragment", "reason"), hostile.HOSTILE_NUMERALS + hostile.HOSTILE_PRICES, ids=short)
def test_a_price_is_refused(fragment: str, reason: str) -> None:
    for record in (TRADE.replace("@", "").replace('"price":1', f'"price":{fragment}'), BOOK, DEPTH):
        assert reason_of(record.replace("@", f'{{"volume":"1","price":{fragment}}}')) == reason


@pytest.mark.parametrize(("fragment", "reason"), hostile.HOSTILE_NUMERALS + hostile.HOSTILE_VOLUMES, ids=short)
def test_a_volume_is_refused(fragment: str, reason: str) -> None:
    for record in (TRADE.replace("@", "").replace('"volume":1', f'"volume":{fragment}'), BOOK, DEPTH):
        assert reason_of(record.replace("@", f'{{"price":"1","volume":{fragment}}}')) == reason


@pytest.mark.parametrize("name", ["timestamp", "receive_timestamp"])
@pytest.mark.parametrize(("text", "reason"), hostile.HOSTILE_TIMESTAMPS, ids=short)
def test_a_time_is_refused(text: str, reason: str, name: str) -> None:
    record = json.loads(TRADE.replace("@", "")) | {name: text}

    assert reason_of(json.dumps(record)) == reason


@pytest.mark.parametrize(("name", "fragment", "reason"), hostile.HOSTILE_FIELDS, ids=short)
def test_a_field_is_refused(name: str, fragment: str, reason: str) -> None:
    record = json.loads(TRADE.replace("@", "")) | {name: "@@"}

    assert reason_of(json.dumps(record).replace('"@@"', fragment)) == reason


@pytest.mark.parametrize(("fields", "reason"), hostile.HOSTILE_AMENDMENTS, ids=short)
def test_a_trade_that_does_not_say_which_one_it_amends_is_refused(fields: dict[str, str], reason: str) -> None:
    """An average price that counts a cancelled trade, or leaves out a good one, is wrong without anybody seeing it."""
    assert reason_of(json.dumps(json.loads(TRADE.replace("@", "")) | fields)) == reason


@pytest.mark.parametrize(("fragment", "reason"), hostile.HOSTILE_MEMBERS, ids=short)
def test_a_member_of_extra_is_refused(fragment: str, reason: str) -> None:
    assert reason_of(TRADE.replace("@", f',"extra":{{{fragment}}}')) == reason


@pytest.mark.parametrize(("fragment", "reason"), hostile.HOSTILE_BOOK_LEVELS, ids=short)
def test_an_entry_of_a_book_is_refused(fragment: str, reason: str) -> None:
    assert reason_of(BOOK.replace("@", fragment)) == reason
    assert reason_of(BOOK.replace("@", f'{{"price":1}},{fragment},{{"order_id":1}}')) == reason


@pytest.mark.parametrize(("fragment", "reason"), hostile.HOSTILE_DEPTH_LEVELS, ids=short)
def test_a_level_of_a_depth_view_is_refused(fragment: str, reason: str) -> None:
    assert reason_of(DEPTH.replace("@", fragment)) == reason


@pytest.mark.parametrize("record", [TRADE, BOOK, DEPTH], ids=["trade", "order_book", "market_depth"])
def test_every_required_field_is_required(record: str) -> None:
    fields = json.loads(record.replace("@", ""))
    for name in fields.keys() - {"type"}:
        left = {key: value for key, value in fields.items() if key != name}
        assert reason_of(json.dumps(left)) == "missing_field"


@pytest.mark.parametrize("name", ["symbol", "price", "volume", "timestamp", "exchange"])
def test_without_a_type_the_original_five_fields_must_all_be_there(name: str) -> None:
    """Four of them could be anything; the feed would be a guess."""
    fields = json.loads(TRADE.replace("@", ""))
    del fields["type"], fields[name]
    record = json.dumps(fields)

    assert reason_of(record) == "unknown_feed"
    assert feed_of(record.encode()) == UNKNOWN


def test_an_unknown_field_is_refused_in_the_original_format_too() -> None:
    """A silently dropped field is data loss; it belongs in `extra`."""
    assert reason_of(f'{{{HEAD},"price":1,"volume":1,"bid":2}}') == "unknown_field"


def test_one_level_too_many_is_refused() -> None:
    levels = ",".join(['{"price":"1"}'] * 10_001)

    assert reason_of(BOOK.replace("@", levels)) == "too_many_levels"


@pytest.mark.parametrize("raw", hostile.NOT_OBJECTS)
def test_json_that_is_no_object_is_stored_as_unknown_and_then_refused(raw: bytes) -> None:
    assert feed_of(raw) == UNKNOWN
    assert reason_of(raw) == "not_an_object"


@pytest.mark.parametrize(("raw", "reason"), hostile.HOSTILE_BYTES, ids=short)
def test_bytes_are_refused_at_the_door_and_by_the_parser_alike(raw: bytes, reason: str) -> None:
    with pytest.raises(RejectedRecord) as refusal:
        feed_of(raw)
    assert refusal.value.reason == reason == reason_of(raw)


@pytest.mark.parametrize(("raw", "reason"), hostile.HUGE_BYTES, ids=short)
def test_huge_input_is_refused_in_bounded_time_and_memory(raw: bytes, reason: str) -> None:
    """One record must not exhaust the batch's time or the function's memory. Measured: 0.2 s and 20 MB at most."""
    began = time.process_time()
    with pytest.raises(RejectedRecord) as refusal:
        feed_of(raw)
    assert refusal.value.reason == reason == reason_of(raw)
    assert time.process_time() - began < cpu_seconds(5)

    tracemalloc.start()
    try:
        reason_of(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000


def test_a_record_of_900_000_bytes_is_read_and_a_longer_one_refused() -> None:
    """With Base64 and the envelope it is 1.2 MB: the largest that every later stage is known to accept."""
    around = len(TRADE.replace("@", ',"extra":{"a":""}'))
    record = TRADE.replace("@", f',"extra":{{"a":"{"x" * (900_000 - around)}"}}').encode()
    longer = record.replace(b"xx", b"xxx", 1)

    assert len(record) == 900_000
    assert parse(record).symbol == "A"
    assert reason_of(longer) == "too_large"


@pytest.mark.parametrize("before", [b'"price":', b'"trade_id":', b'"extra":{"a":', b'"order_count":'])
@pytest.mark.parametrize("numeral", [b"9" * 890_000, b"0." + b"9" * 890_000, b"1e" + b"9" * 890_000])
def test_an_endless_numeral_is_refused_wherever_it_stands(before: bytes, numeral: bytes) -> None:
    """Python takes minutes to parse a number of a million digits."""
    end = b"}" if b"{" in before else b""
    record = b'{"type":"trade",' + HEAD.encode() + b',"volume":1,' + before + numeral + end + b"}"
    began = time.process_time()

    assert reason_of(record) == "too_many_digits"
    assert time.process_time() - began < cpu_seconds(5)


def test_every_reason_has_a_meaning_and_is_given_for_something() -> None:
    """A reason code that is never used is a false promise in the documentation."""
    tables = [value for name, value in vars(hostile).items() if name.isupper()]
    given = {entry[-1] for table in tables for entry in table if isinstance(entry, tuple)}

    assert set(Reason) - given == {Reason.NOT_AN_OBJECT, Reason.TOO_MANY_LEVELS}, "these two have tests of their own"
    assert all(reason.meaning and reason == reason.value for reason in Reason)
