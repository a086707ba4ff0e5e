"""The generated feed: its valid records are valid, its bad ones bad for the reason they say."""

from collections import Counter
from itertools import islice

import pytest

from harness.replay.generator import EXPENSIVE_AT_MOST, generate
from harness.replay.hostile import EXPENSIVE
from market_data import (
    DEFAULT_NON_POSITIVE_EXCHANGES,
    FEEDS,
    MAX_RECORD_BYTES,
    Reason,
    RejectedRecord,
    Trade,
    feed_of,
    parse,
)


def refusal(raw: bytes) -> str | None:
    try:
        parse(raw)
    except RejectedRecord as rejected:
        return rejected.reason.value
    return None


def test_every_record_ends_as_it_says() -> None:
    """The run that users see stands on this: no more and no fewer records are quarantined, each under its reason."""
    wrong = [item for item in generate(4_000, seed=7, bad_per_mille=500) if refusal(item.raw) != item.expected_reason]

    assert not wrong


def test_every_reason_is_reached() -> None:
    """A reason that no record has is a line of the quarantine that no run has ever seen."""
    seen = {item.expected_reason for item in generate(1_000, seed=1, bad_per_mille=1000)}

    assert seen == {reason.value for reason in Reason}


def test_the_default_feed_shows_every_reason_too() -> None:
    seen = {item.expected_reason for item in generate(50_000, seed=1, bad_per_mille=15)}

    assert seen == {None} | {reason.value for reason in Reason}


def test_the_same_seed_is_the_same_feed_and_another_is_another() -> None:
    first, again, other = (list(generate(500, seed, 50)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_a_longer_feed_starts_like_a_shorter_one() -> None:
    """So that a failure at record 90,000 is found again without generating a million."""
    assert list(islice(generate(10_000, 1, 15), 500)) == list(generate(500, 1, 15))


def test_no_record_holds_a_line_end() -> None:
    assert not [item for item in generate(3_000, seed=2, bad_per_mille=400) if b"\n" in item.raw]


def test_no_record_is_too_long_for_the_stream_and_few_are_long() -> None:
    long = [item for item in generate(20_000, seed=2, bad_per_mille=1000) if len(item.raw) > 10_000]

    assert len(EXPENSIVE) <= len(long) <= EXPENSIVE_AT_MOST
    assert max(len(item.raw) for item in long) == MAX_RECORD_BYTES + 1


def test_valid_records_are_what_a_market_sends() -> None:
    items = list(generate(20_000, seed=1, bad_per_mille=0))
    feeds = Counter(feed_of(item.raw) for item in items)
    records = [parse(item.raw) for item in items]
    at_or_below_zero = {r.exchange for r in records if isinstance(r, Trade) and r.price <= 0}

    assert [round(feeds[feed] / len(items), 1) for feed in FEEDS] == [0.7, 0.1, 0.2]
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
