"""The number of records of each capture, and its derivation. The contract must accept every record."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from harness.replay.sources import open_sources
from market_data import feed_of, parse
from tests.captures.expected import EXPECTED, counted_in
from tests.captures.oracle import read

FEEDS = ("trade", "order_book", "market_depth")


def test_every_capture_is_in_the_table(captures: Path) -> None:
    assert {path.name for path in captures.glob("*.gz")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_capture_becomes_the_records_it_should(captures: Path, name: str) -> None:
    expected = EXPECTED[name]
    source, items = read(captures / name)
    feeds: Counter[str] = Counter()
    for item in items:
        parse(item.raw)
        feeds[feed_of(item.raw)] += 1

    assert source.format == expected.format
    assert [feeds[name] for name in FEEDS] == [expected.by_feed[name] for name in FEEDS]
    assert source.skipped_by_kind == expected.skipped
    assert source.session_lines_by_kind == expected.session
    assert source.lines == expected.lines
    assert source.records == expected.records


@pytest.mark.parametrize("name", EXPECTED)
def test_the_table_was_counted_without_the_readers(captures: Path, name: str) -> None:
    """A table derived from the readers' output would agree with any reader."""
    expected = EXPECTED[name]
    counted = counted_in(gzip.decompress((captures / name).read_bytes()), expected)

    table = {feed: count for feed, count in expected.by_feed.items() if count} | expected.skipped
    assert {kind: count for kind, count in counted.items() if count} == table


def test_captures_are_read_one_after_the_other(captures: Path) -> None:
    names = ["cme_es_trades_20240701.ndjson.gz", "databento_venue_samples.ndjson.gz"]
    feed = open_sources(" ".join(str(captures / name) for name in names))

    assert len(list(feed)) == 120 + 72
    assert [source.records for source in feed.sources] == [120, 72]
    assert feed.skipped_by_kind.total() == 16
