"""The object keys: all other parts find records by them."""

from collections.abc import Callable

import pytest

from pipeline_store.keys import (
    SequenceRange,
    hour_of,
    parse_key,
    raw_key,
    raw_key_of,
    rejected_key,
    undecodable_key,
    validated_key,
)

SHARD = "shardId-000000000003"
SEQ = "49650000000000000000000000000000000000000000000000000001"
ARRIVAL_MS = 1_795_385_086_123
RULES, OTHER_RULES = "00000000000000aa", "00000000000000bb"


def test_a_key_tells_feed_hour_and_stretch() -> None:
    key = raw_key("trade", ARRIVAL_MS, SHARD, ["10", "9", "11"])

    assert key == (
        "market-data/feed=trade/year=2026/month=11/day=22/hour=22/shardId-000000000003-9-11-3-4172b04c7c9e328b.json.gz"
    )
    assert parse_key(key).sequence_range == SequenceRange.of(SHARD, ["9", "10", "11"])
    assert (parse_key(key).feed, parse_key(key).hour) == ("trade", hour_of(ARRIVAL_MS))


def test_stretches_with_the_same_ends_and_count_have_different_keys() -> None:
    """Batches are regrouped on retry: the second object must not be mistaken for the first."""
    first, second = (raw_key("trade", 0, SHARD, ["1", middle, "4"]) for middle in ("2", "3"))

    assert first != second
    assert first == raw_key("trade", 0, SHARD, ["4", "2", "1"])


@pytest.mark.parametrize(
    "key",
    [
        raw_key("unknown", ARRIVAL_MS, SHARD, [SEQ]),
        validated_key(raw_key("order_book", ARRIVAL_MS, SHARD, [SEQ]), RULES),
        rejected_key(raw_key("market_depth", ARRIVAL_MS, SHARD, [SEQ]), RULES),
        undecodable_key(ARRIVAL_MS, SHARD, [SEQ]),
    ],
)
def test_every_key_can_be_taken_apart_again(key: str) -> None:
    assert str(parse_key(key)) == key


@pytest.mark.parametrize("key_of", [validated_key, rejected_key])
def test_a_verdicts_key_tells_the_raw_object_and_the_rules(key_of: Callable[[str, str], str]) -> None:
    """Two tries under different rules must not meet under one key, or one is taken for the other."""
    raw = raw_key("trade", ARRIVAL_MS, SHARD, [SEQ])
    key = key_of(raw, RULES)

    assert key != key_of(raw, OTHER_RULES)
    assert (raw_key_of(key), parse_key(key).rules) == (raw, RULES)
    assert parse_key(key).sequence_range == parse_key(raw).sequence_range


@pytest.mark.parametrize(
    "key", [raw_key("trade", 0, SHARD, [SEQ]), undecodable_key(0, SHARD, [SEQ]), "validated/x.json.gz"]
)
def test_only_a_verdict_was_made_from_a_raw_object(key: str) -> None:
    with pytest.raises(ValueError, match="not "):
        raw_key_of(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "aws/lambda/x",
        "market-data/year=2026/month=11/day=22/hour=22/shardId-1-1-1-1-0123456789abcdef.json.gz",
        "market-data/feed=trade/year=2026/month=13/day=22/hour=22/shardId-1-1-1-1-0123456789abcdef.json.gz",
        "market-data/feed=trade/year=2026/month=11/day=22/hour=22/shardId-1-1-1-1-0123456789abcdef.json",
        "quarantine/kinesis_consumer/" + raw_key("trade", ARRIVAL_MS, SHARD, [SEQ]),
        "validated/" + raw_key("trade", ARRIVAL_MS, SHARD, [SEQ]),
        validated_key(raw_key("trade", ARRIVAL_MS, SHARD, [SEQ]), RULES).removeprefix("validated/"),
    ],
)
def test_a_foreign_key_is_not_taken_for_one_of_ours(key: str) -> None:
    with pytest.raises(ValueError, match=r"month|key of this pipeline"):
        parse_key(key)


def test_an_empty_stretch_has_no_key() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        raw_key("trade", 0, SHARD, [])
