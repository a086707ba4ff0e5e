"""The generated feed: its valid records are valid, its bad ones are rejected for the stated reason."""

import hashlib
import json
from collections import Counter
from functools import cache
from itertools import islice
from random import Random

import pytest

from conftest import NIGHTLY, PROFILE
from harness.replay import generator, producer
from harness.replay.generator import LARGE_AT_MOST, Item, generate
from harness.replay.hostile import CHEAP, EXPENSIVE, Spoil
from harness.replay.market import LARGE, ODDITIES, Market, Oddity
from market_data import (
    DEFAULT_NON_POSITIVE_EXCHANGES,
    FEEDS,
    MAX_RECORD_BYTES,
    MarketDepth,
    OrderBook,
    Reason,
    RejectedRecord,
    Trade,
    feed_of,
    parse,
)

#: How often each kind is tried alone. The large ones of ours take a third of a second each, and `mixed` has them again.
TIMES, TIMES_LARGE = 8, 8 if PROFILE == NIGHTLY else 2


@cache
def feed(count: int, seed: int, bad_per_mille: int) -> list[Item]:
    """A feed that several tests read."""
    return list(generate(count, seed, bad_per_mille))


def mixed() -> list[Item]:
    """Few runs make as many: each kind is in it, several times."""
    return feed(20_000, seed=7, bad_per_mille=500)


def valid() -> list[Item]:
    return feed(20_000, seed=1, bad_per_mille=0)


@cache
def parsed() -> list[Trade | OrderBook | MarketDepth]:
    return [parse(item.raw) for item in valid()]


def refusal(raw: bytes) -> str | None:
    try:
        parse(raw)
    except RejectedRecord as rejected:
        return rejected.reason.value
    return None


def test_every_record_ends_as_it_says() -> None:
    """`make pipeline` relies on this: exactly these records are quarantined, each for its reason."""
    wrong = [(item.raw[:100], item.expected_reason) for item in mixed() if refusal(item.raw) != item.expected_reason]

    assert not wrong


@pytest.mark.parametrize("spoil", CHEAP + EXPENSIVE)
def test_every_way_to_be_bad_is_refused_for_its_reason_and_no_other(spoil: Spoil) -> None:
    """The reason must not depend on the symbol or on the original number."""
    market = Market(Random(1))
    for _ in range(TIMES_LARGE if spoil in EXPENSIVE else TIMES):
        raw, reason = spoil(market)
        assert refusal(raw) == reason


@pytest.mark.parametrize("oddity", ODDITIES + LARGE)
def test_every_oddity_is_valid(oddity: Oddity) -> None:
    market = Market(Random(1))
    for _ in range(TIMES_LARGE if oddity in LARGE else TIMES):
        assert refusal(oddity(market)) is None


def test_every_reason_is_reached() -> None:
    """Without such a record, no run would ever exercise that reason."""
    seen = {item.expected_reason for item in generate(1_000, seed=1, bad_per_mille=1000)}

    assert seen == {reason.value for reason in Reason}


def test_the_default_feed_shows_every_reason_too() -> None:
    seen = {item.expected_reason for item in feed(50_000, seed=1, bad_per_mille=15)}

    assert seen == {None} | {reason.value for reason in Reason}


def test_the_same_seed_is_the_same_feed_and_another_is_another() -> None:
    first, again, other = (list(generate(500, seed, 50)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_a_longer_feed_starts_like_a_shorter_one() -> None:
    """So that a failure at record 90,000 can be reproduced without generating a million."""
    assert list(islice(generate(10_000, 1, 15), 500)) == list(generate(500, 1, 15))


def test_no_record_holds_a_line_end() -> None:
    """The feed can be written to a file, one record per line."""
    assert not [item for item in mixed() if b"\n" in item.raw]


def test_no_record_is_too_long_for_the_stream_and_some_are_as_long_as_can_be() -> None:
    sizes = {len(item.raw) + len(producer.partition_key(item.raw)) for item in mixed()}

    assert max(sizes) == producer.MAX_RECORD_BYTES
    assert {len(item.raw) for item in mixed()} >= {MAX_RECORD_BYTES, MAX_RECORD_BYTES + 1}


@pytest.mark.parametrize(("count", "bad_per_mille"), [(20_000, 0), (10_000, 1000)])
def test_few_records_are_long(count: int, bad_per_mille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million bad records must not take gigabytes, nor a million odd ones."""
    monkeypatch.setattr(generator, "ODD_PER_MILLE", 100)
    long = [item for item in generate(count, seed=2, bad_per_mille=bad_per_mille) if len(item.raw) > 10_000]

    assert len(long) == LARGE_AT_MOST >= len(EXPENSIVE) + len(LARGE)


def test_the_default_feed_shows_every_kind() -> None:
    """A newcomer's first run is also the one with the broadest coverage."""
    sizes = Counter(len(item.raw) > 10_000 for item in feed(50_000, seed=1, bad_per_mille=15))

    assert sizes[True] >= len(EXPENSIVE) + len(LARGE)


def _aggregates() -> list[bytes]:
    return [item.raw for item in mixed() if item.expected_reason == "kpl_aggregate"]


def test_an_aggregate_is_what_the_producer_library_writes() -> None:
    """Magic number, protobuf, MD5: the record is what producers really send, not just the first four bytes."""
    aggregates = _aggregates()
    for aggregate in aggregates:
        magic, packed, digest = aggregate[:4], aggregate[4:-16], aggregate[-16:]
        fields = _protobuf(packed)
        keys = [content for number, content in fields if number == 1]
        records = [_protobuf(content) for number, content in fields if number == 3]

        assert magic == b"\xf3\x89\x9a\xc2"
        assert hashlib.md5(packed, usedforsecurity=False).digest() == digest
        assert len(keys) == 3
        assert {number for number, _ in fields} == {1, 3}
        for (index, key), (data, content) in records:
            assert (index, data) == (1, 3)
            assert key in range(len(keys))
            assert refusal(content) is None

    assert max(map(len, aggregates)) > 1_000_000 > 10_000 > min(map(len, aggregates))


def _protobuf(packed: bytes) -> list[tuple[int, int | bytes]]:
    """Protobuf fields by number: varints, and length-prefixed bytes."""
    fields: list[tuple[int, int | bytes]] = []
    position = 0

    def varint() -> int:
        nonlocal position
        number = shift = 0
        while True:
            byte = packed[position]
            position += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while position < len(packed):
        tag = varint()
        if tag & 7 == 0:
            fields.append((tag >> 3, varint()))
            continue
        assert tag & 7 == 2
        length = varint()
        fields.append((tag >> 3, packed[position : position + length]))
        position += length
    assert position == len(packed)
    return fields


def test_valid_records_are_as_odd_as_the_contract_allows() -> None:
    """If every symbol were `IBM` and every number had two digits, nothing would be proven for others."""
    records = parsed()
    symbols = {r.symbol for r in records}
    ids = {str(r.sequence) for r in records}
    trades = [r for r in records if isinstance(r, Trade)]
    places = {-int(r.price.as_tuple().exponent) for r in trades}

    assert {letter for symbol in symbols for letter in symbol} >= set(' /:!%"\\.{}')
    assert {"../../etc/passwd", "%2F", "x" * 64} <= symbols
    assert any(id_.isdecimal() and int(id_) > 2**64 for id_ in ids)
    assert {"../../id", "-0", "007"} <= ids
    assert {-19, 2, 7, 23, 30} <= places
    assert max(r.price for r in trades) > 10**19
    assert any(r.timestamp.endswith("+23:59") for r in records)
    assert {r.timestamp_ns for r in records} >= {-(2**63), -1, 2**63 - 1}
    assert any("\r" in item.raw.decode() for item in valid())


def test_some_valid_records_are_as_large_and_as_deep_as_may_be() -> None:
    raws = [item.raw for item in valid()]
    records = [record for record, raw in zip(parsed(), raws, strict=True) if len(raw) > 100_000]

    assert MAX_RECORD_BYTES in map(len, raws)
    assert {len(r.bids) for r in records if isinstance(r, OrderBook | MarketDepth)} == {10_000}
    assert any(b'"a":' * 3 in raw.replace(b"{", b"") and _depth(json.loads(raw)) == 64 for raw in raws)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def test_valid_records_are_what_a_market_sends() -> None:
    records = parsed()
    feeds = Counter(feed_of(item.raw) for item in valid())
    at_or_below_zero = {r.exchange for r in records if isinstance(r, Trade) and r.price <= 0}

    assert [round(feeds[feed] / len(records), 1) for feed in FEEDS] == [0.7, 0.1, 0.2]
    assert at_or_below_zero
    assert at_or_below_zero <= DEFAULT_NON_POSITIVE_EXCHANGES
    assert len({r.symbol for r in records}) > 10
    assert any(len(r.timestamp.partition(".")[2]) == 10 for r in records)


def test_some_lines_repeat() -> None:
    """2,149 of 33,381 trades of one real day do: a pipeline that removes them by content loses trades."""
    items = [item.raw for item in generate(10_000, seed=1, bad_per_mille=0)]

    assert 10 < len(items) - len(set(items)) < 100


@pytest.mark.parametrize("bad_per_mille", [0, 1000])
def test_the_share_of_bad_records_may_be_none_or_all(bad_per_mille: int) -> None:
    bad = [item for item in generate(200, seed=1, bad_per_mille=bad_per_mille) if item.expected_reason]

    assert len(bad) == 200 * bad_per_mille // 1000
