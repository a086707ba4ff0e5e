"""The contract's guarantees for all inputs; known single cases are in tests/unit/market_data."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market_data import (
    DEFAULT_NON_POSITIVE_EXCHANGES,
    UNKNOWN,
    Reason,
    RejectedRecord,
    canonical,
    feed_of,
    flags,
    from_canonical,
    parse,
)
from market_data.envelope import (
    decode_quarantine_line,
    decode_raw_line,
    encode_quarantine_line,
    encode_raw_line,
    encode_validated_line,
)
from market_data.fast_path import read_common
from market_data.parsing import parse_exactly
from tests import contract_model
from tests.strategies import (
    COMPACT,
    encode,
    hostile_bytes,
    hostile_records,
    mutations,
    raw_records,
    records,
    styles,
    trades,
)

anything = st.binary(max_size=40) | mutations() | raw_records() | hostile_records().map(lambda pair: pair[0])
UNDECODABLE = {
    Reason.KPL_AGGREGATE,
    Reason.TOO_LARGE,
    Reason.NOT_UTF8,
    Reason.NESTING_TOO_DEEP,
    Reason.NON_FINITE_NUMBER,
    Reason.NOT_JSON,
    Reason.LONE_SURROGATE,
}


def verdict(raw: bytes) -> Any:
    """The result of `parse`: the canonical record, or the reason."""
    try:
        return canonical(parse(raw))
    except RejectedRecord as rejected:
        return rejected.reason


def at_the_door(raw: bytes) -> str:
    """The result of `feed_of`: the feed, or the reason."""
    try:
        return feed_of(raw)
    except RejectedRecord as rejected:
        return rejected.reason


def readable(record: dict[str, Any]) -> dict[str, Any]:
    """A record with `extra` parsed by the model, to compare model and canonical records."""
    return {name: repr_of(value) for name, value in record.items()}


def repr_of(value: Any) -> Any:
    if isinstance(value, contract_model.Number):
        return ("number", value.written)
    if isinstance(value, contract_model.Object):
        return [(key, repr_of(inner)) for key, inner in value]
    if isinstance(value, list):
        return [repr_of(inner) for inner in value]
    return value


@given(raw_records())
def test_a_valid_record_is_accepted_however_it_is_written(raw: bytes) -> None:
    """Numbers as text or number, exponents, spaces, escapes, key order: none of it may matter."""
    assert canonical(parse(raw))


@given(records(), styles)
def test_what_is_written_does_not_depend_on_how_it_was_sent(record: dict[str, Any], style: Any) -> None:
    """Equal records of two producers must become equal rows of the same table."""
    ours, theirs = json.loads(verdict(encode(record, style))), json.loads(verdict(encode(record, COMPACT)))

    # The formatting of `extra` is the producer's; it is kept, not validated.
    assert ours.pop("extra", None) is None or "extra" in theirs
    theirs.pop("extra", None)
    assert ours == theirs


@given(raw_records())
def test_canonical_form_round_trips(raw: bytes) -> None:
    """Later steps see only the validator's output: it must contain the complete record."""
    record = parse(raw)
    line = canonical(record)

    assert b"\n" not in line
    assert from_canonical(line) == record
    assert canonical(from_canonical(line)) == line


@given(anything)
@example(b'{"symbol":":a","price":1,"volume":1,"timestamp":"2020-01-01T00:00:00Z","exchange":"X","symbol" :"b"}')
def test_agrees_with_the_slow_model(raw: bytes) -> None:
    """The fast parser has shortcuts; the model has none."""
    reasons, expected = contract_model.judge(raw)
    said = verdict(raw)

    if reasons:
        assert said in reasons
    else:
        assert isinstance(said, bytes), said
        got = json.loads(said)
        if "extra" in got:
            text = got["extra"]
            assert text.encode() in raw
            got["extra"] = contract_model.read_json(text)
        assert readable(got) == readable(expected)


@given(anything)
def test_the_feed_agrees_with_the_slow_model(raw: bytes) -> None:
    """The feed decides the folder where a record is stored permanently."""
    reasons, expected = contract_model.feed(raw)

    assert at_the_door(raw) in (reasons or {expected})


@given(anything | hostile_bytes.map(lambda pair: pair[0]))
def test_feed_and_parser_agree(raw: bytes) -> None:
    """The validator would reject a record that the consumer quarantines, for the same reason."""
    feed, said = at_the_door(raw), verdict(raw)

    if isinstance(said, bytes):
        assert json.loads(said)["type"] == feed
    elif said in UNDECODABLE or isinstance(feed, Reason):
        assert feed == said
    elif said in {Reason.UNKNOWN_FEED, Reason.NOT_AN_OBJECT}:
        assert feed == UNKNOWN


@given(hostile_records())
def test_one_thing_wrong_gives_its_reason(hostile: tuple[bytes, str]) -> None:
    """A quarantined record is only as useful as the reason beside it."""
    raw, reason = hostile

    with pytest.raises(RejectedRecord) as refusal:
        parse(raw)
    assert refusal.value.reason == reason
    assert len(refusal.value.detail) < 1_000
    assert refusal.value.detail.isprintable()
    assert refusal.value.detail.isascii()


@given(anything)
def test_the_shortcut_never_differs_from_the_exact_way(raw: bytes) -> None:
    """A shortcut that accepts more than the contract would let bad records through unnoticed."""
    record = read_common(raw)

    if record is not None:
        assert record == parse_exactly(raw, DEFAULT_NON_POSITIVE_EXCHANGES)


@given(anything, st.text(max_size=8), st.integers(0, 4_000_000_000_000))
def test_what_has_a_feed_survives_the_raw_line(raw: bytes, key: str, arrival_ms: int) -> None:
    """Raw is the record: what comes out of the bucket is what came off the stream, byte for byte."""
    if isinstance(at_the_door(raw), Reason):
        return
    line = encode_raw_line("shardId-000000000003", "4965", key, arrival_ms, raw)

    assert line.count(b"\n") == 1
    assert line.endswith(b"}\n")
    assert json.loads(line, parse_int=str).keys() >= {"v", "shard", "seq", "key", "arrival"}
    record = decode_raw_line(line)
    assert (record.data, record.key, record.arrival_ms) == (raw, key, arrival_ms)


@given(st.binary(max_size=60), st.text(max_size=8))
def test_any_bytes_survive_the_quarantine_line(raw: bytes, detail: str) -> None:
    """A rejected record is kept byte for byte, so that somebody can investigate it."""
    line = encode_quarantine_line("shardId-1", "4", "k", 5, raw, reason="not_json", detail=detail)

    assert line.count(b"\n") == 1
    assert decode_quarantine_line(line).record.data == raw
    assert decode_quarantine_line(line).detail == detail


@given(raw_records(), st.integers(0, 4_000_000_000_000))
def test_a_validated_line_is_json_of_one_line(raw: bytes, arrival_ms: int) -> None:
    """Spark reads these files line by line, strictly by a schema."""
    record = parse(raw)
    line = encode_validated_line("shardId-1", "4", arrival_ms, flags(record, arrival_ms * 10**6), canonical(record))

    assert line.count(b"\n") == 1
    assert json.loads(line)["record"]["symbol"] == record.symbol


@given(trades(ordinary=True), styles)
def test_the_original_five_fields_are_a_trade(trade: dict[str, Any], style: Any) -> None:
    """Producers of the original format keep working without changes."""
    five = {name: trade[name] for name in ("symbol", "price", "volume", "timestamp", "exchange")}
    raw = encode(five, style)

    assert feed_of(raw) == "trade"
    assert canonical(parse(raw)) == canonical(parse(encode({"type": "trade", **five})))
