"""How many records each capture becomes, and why that many. Every record must be one the contract accepts."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.replay.sources import open_sources
from market_data import feed_of, parse


class Expected(NamedTuple):
    """What a capture becomes; the lines are all explained: session + skipped + records, at one record a line."""

    format: str
    lines: int
    trades: int
    books: int
    depths: int
    skipped: dict[str, int] = {}  # noqa: RUF012 - never changed
    session: dict[str, int] = {}  # noqa: RUF012 - never changed


# Derived with zcat, grep and wc, not with the readers: the message types counted in the files' text.
EXPECTED = {
    # A row is a record.
    "us_equity_ibm_trades_20131008.ndjson.gz": Expected("lean", 33_381, 33_381, 0, 0),
    "us_equity_ibm_quotes_20131008.ndjson.gz": Expected("lean", 40_000, 0, 0, 40_000),
    # 97 match + 10 last_match; 10 snapshot + 9,719 l2update; 107 ticker. Of 9,952 lines 9,946 are messages.
    "coinbase_ws_20210417.txt.gz": Expected(
        "coinbase", 9_952, 107, 9_729, 107, {"subscriptions": 3}, {"connected": 1, "sent": 3, "blank": 2}
    ),
    # Action T 1,033; A 16,245 + C 5,939 + F 1,888 + M 4,895.
    "cme_es_mbo_20231225_a.ndjson.gz": Expected("databento", 30_000, 1_033, 28_967, 0),
    "cme_es_trades_20240701.ndjson.gz": Expected("databento", 120, 120, 0, 0),
    # Action T 120; A 1,061 + C 989 + M 118.
    "cme_es_mbp1_20240701.ndjson.gz": Expected("databento", 2_288, 120, 0, 2_168),
    "cme_es_mbp10_20231225_derived.ndjson.gz": Expected("databento", 6_000, 0, 0, 6_000),
    # Four of each schema of each dataset. Trades: trades and tbbo of four datasets, and IFEU's mbo, mbp-1 and mbp-10.
    # Books: mbo of two. Depths: mbp-1 of three, mbp-10 of two. The rest: statistics of two, status, imbalance of one.
    "databento_venue_samples.ndjson.gz": Expected(
        "databento", 88, 44, 8, 20, {"statistics": 8, "status": 4, "imbalance": 4}
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_capture_becomes_the_records_it_should(captures: Path, name: str) -> None:
    expected = EXPECTED[name]
    feed = open_sources(str(captures / name))
    feeds: Counter[str] = Counter()
    for item in feed:
        parse(item.raw)
        feeds[feed_of(item.raw)] += 1

    (source,) = feed.sources
    assert source.format == expected.format
    assert [feeds["trade"], feeds["order_book"], feeds["market_depth"]] == [
        expected.trades,
        expected.books,
        expected.depths,
    ]
    assert source.skipped_by_kind == expected.skipped
    assert source.session_lines_by_kind == expected.session
    assert source.lines == expected.lines == source.session_lines + source.skipped + source.records


def test_captures_are_read_one_after_the_other(captures: Path) -> None:
    names = ["cme_es_trades_20240701.ndjson.gz", "databento_venue_samples.ndjson.gz"]
    feed = open_sources(" ".join(str(captures / name) for name in names))

    assert len(list(feed)) == 120 + 72
    assert [source.records for source in feed.sources] == [120, 72]
    assert feed.skipped_by_kind.total() == 16
