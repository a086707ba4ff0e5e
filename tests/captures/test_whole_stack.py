"""All captures through the whole stack in one run: nothing lost, no byte and no digit changed."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest

from harness.emulator.overlay.faults import BATCHES_AGAIN, KILLED, NO_ANSWER, NOTIFICATIONS_AGAIN, THROTTLED
from harness.pipeline.run import Run
from harness.replay.ledger import Entry, digest_of
from market_data import FEEDS, UNKNOWN
from pipeline_store.columns import columns
from tests.captures.expected import EXPECTED, counted_in
from tests.captures.oracle import as_said, iso
from tests.documents import blocks
from tests.integration.engines import QUICK, assert_prices_agree, in_spark
from tests.integration.runs import Outcome, raw_records
from tests.shared import CAPTURES, ROOT, reason

pytestmark = [pytest.mark.stack, pytest.mark.skipif(not CAPTURES.is_dir(), reason=reason(CAPTURES))]

Position = tuple[str, str]
#: At least this many records of each feed of each capture are compared, or all.
SAMPLE = 1_000
PAGE = ROOT / "docs" / "data.md"
NUMBERS = ("price", "price_exact", "price_text", "volume", "volume_exact", "volume_text")
#: The precision of the exact columns; the text columns have every digit.
DECIMAL_38_18 = Decimal("1e-18")


class Replayed(NamedTuple):
    """The run, with the records put and found by position; `counted`: expected counts by capture name."""

    outcome: Outcome
    entries: dict[Position, Entry]
    raw: dict[Position, bytes]
    counted: dict[str, dict[str, int]]

    def records(self, name: str) -> dict[str, int]:
        """Expected records of a capture, by feed."""
        return {feed: count for feed, count in self.counted[name].items() if feed in FEEDS and count}


@pytest.mark.parametrize(
    ("lines", "seed"),
    [
        pytest.param(200, 1, id="beginnings, with faults"),
        pytest.param(None, None, id="whole", marks=pytest.mark.nightly),
        pytest.param(None, 2, id="whole, with faults", marks=pytest.mark.nightly),
    ],
)
def test_all_captures_arrive_whole_byte_for_byte_and_digit_for_digit(
    tmp_path: Path, lines: int | None, seed: int | None
) -> None:
    """One test, so that only one worker makes the run. `lines` to use of each capture (None: all), seed of faults."""
    (tmp_path / "feed").mkdir()
    counted = {}
    for name, expected in EXPECTED.items():
        text = b"".join(gzip.decompress((CAPTURES / name).read_bytes()).splitlines(keepends=True)[:lines])
        (tmp_path / "feed" / name).write_bytes(gzip.compress(text, 1))
        counted[name] = counted_in(text, expected)
    entries: dict[Position, Entry] = {}
    raw: dict[Position, bytes] = {}

    def remember(run: Run) -> None:
        entries.update({tuple(entry.position): entry for entry in run.ledger})
        raw.update(raw_records(run))

    outcome = Outcome(tmp_path / "run", {"account": remember}, feed=str(tmp_path / "feed"), faults=seed)
    replayed = Replayed(outcome, entries, raw, counted)

    _faults_were_made(outcome, seed)
    _every_capture_is_accounted_for(replayed)
    _each_captures_records_are_of_the_feeds_they_should_be(replayed)
    _the_raw_bucket_has_every_byte_that_was_put(replayed)
    _the_parquet_has_the_captures_digits(replayed)
    _the_files_explain_their_columns(outcome)
    _what_the_page_of_the_data_shows_works(outcome)
    assert_prices_agree(outcome.folder / "parquet", QUICK if lines else (*QUICK, in_spark))


def _faults_were_made(outcome: Outcome, seed: int | None) -> None:
    made = outcome.summary["faults"]
    if seed is None:
        assert made == {}
        return
    # Few batches are in the beginnings: of the rarer kinds, each alone might be missing.
    assert made[THROTTLED]
    assert made[NO_ANSWER]
    assert made[KILLED] + made[BATCHES_AGAIN] + made[NOTIFICATIONS_AGAIN]


def _every_capture_is_accounted_for(replayed: Replayed) -> None:
    summary = replayed.outcome.summary
    sources = {Path(source["path"]).name: source for source in summary["sources"]}

    assert replayed.outcome.exit_code == 0, summary["error"]
    assert summary["lost"] == summary["doubled"] == summary["quarantined"] == summary["foreign"] == 0
    assert {name: source["records"] for name, source in sources.items()} == {
        name: sum(replayed.records(name).values()) for name in EXPECTED
    }
    total: Counter[str] = Counter()
    for counts in replayed.counted.values():
        total.update(counts)
    assert summary["records_by_feed"] == {feed: total.pop(feed, 0) for feed in (*FEEDS, UNKNOWN)}
    assert summary["skipped_by_kind"] == dict(+total)


def _each_captures_records_are_of_the_feeds_they_should_be(replayed: Replayed) -> None:
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in replayed.entries.values():
        counted[Path(entry.source.path).name][entry.feed] += 1

    assert counted == {name: replayed.records(name) for name in EXPECTED}


def _the_raw_bucket_has_every_byte_that_was_put(replayed: Replayed) -> None:
    put = {position: entry.digest for position, entry in replayed.entries.items()}

    assert {position: digest_of(data) for position, data in replayed.raw.items()} == put


def _the_parquet_has_the_captures_digits(replayed: Replayed) -> None:
    """Compared with the records that were put; test_digits.py compares those with the captures."""
    sample = dict(_sample(replayed.entries))
    compared: Counter[tuple[str, str]] = Counter()
    for feed, own in (("trade", NUMBERS), ("order_book", ("bids", "asks")), ("market_depth", ("bids", "asks"))):
        wanted = pyarrow.array([sequence for _, sequence in sample])
        for table in replayed.outcome.tables(feed, "shard_id", "sequence_number", "symbol", "timestamp_ns", *own):
            rows = table.filter(pyarrow.compute.is_in(table["sequence_number"], value_set=wanted)).to_pylist()
            for row in rows:
                position = (row["shard_id"], row["sequence_number"])
                expected = as_said(json.loads(replayed.raw[position]))
                assert feed == expected.feed
                assert (row["symbol"], row["timestamp_ns"]) == (expected.symbol, expected.nanoseconds)
                assert _numbers(row) == [
                    _as_stored(entry.side, entry.price, entry.volume) for entry in expected.entries
                ]
                compared[sample[position], feed] += 1

    enough = {(name, feed): min(SAMPLE, count) for name in EXPECTED for feed, count in replayed.records(name).items()}
    assert {key: compared[key] for key, least in enough.items() if compared[key] < least} == {}


def _the_files_explain_their_columns(outcome: Outcome) -> None:
    for feed in FEEDS:
        for path in (outcome.folder / "parquet" / f"feed={feed}").rglob("*.parquet"):
            metadata = pyarrow.parquet.read_schema(path).metadata
            fields = json.loads(metadata[b"org.apache.spark.sql.parquet.row.metadata"])["fields"]
            explained = [(each["name"], each["metadata"]["comment"]) for each in fields]
            assert explained == [(each.name, each.comment) for each in columns(feed)]


def _what_the_page_of_the_data_shows_works(outcome: Outcome) -> None:
    parquet = outcome.folder / "parquet"
    vwap, day, standing = (
        duckdb.sql(block.replace("build/pipeline/parquet", str(parquet))) for block in blocks(PAGE.read_text(), "sql")
    )
    trades = [
        row for table in outcome.tables("trade", "exchange", "symbol", "timestamp_ns") for row in table.to_pylist()
    ]
    first, last = (iso(f"2013-10-08T{time}:00Z") for time in ("13:30", "20:00"))

    counted = Counter((row["exchange"], row["symbol"]) for row in trades)
    assert {row[:2]: row[2] for row in vwap.fetchall()} == counted
    # No capture has an amendment; tests/unit/pipeline/test_standing.py has.
    assert {symbol for symbol, _ in standing.fetchall()} == {symbol for _, symbol in counted}
    session = [row["symbol"] for row in trades if first <= row["timestamp_ns"] < last]
    assert session
    assert Counter(row[0] for row in day.fetchall()) == Counter(session)


def _sample(entries: dict[Position, Entry]) -> Iterator[tuple[Position, str]]:
    """(position, capture name), spread evenly over each feed of each capture."""
    put: defaultdict[tuple[str, str], list[Position]] = defaultdict(list)
    for position, entry in entries.items():
        put[entry.source.path, entry.feed].append(position)
    for (path, _), positions in put.items():
        for position in positions[:: max(len(positions) // SAMPLE, 1)]:
            yield position, Path(path).name


def _numbers(row: dict[str, Any]) -> list[tuple[Any, ...]]:
    levels = [("", row)] if "price" in row else [(side, level) for side in ("bids", "asks") for level in row[side]]
    return [(side, *(level[name] for name in NUMBERS)) for side, level in levels]


def _as_stored(side: str, price: str | None, volume: str | None) -> tuple[Any, ...]:
    """The nearest double, the number to 18 decimals, and the same digits without an exponent."""
    stored: list[Any] = []
    for sent in (price, volume):
        text = None if sent is None else format(Decimal(sent), "f")
        stored += (
            [None] * 3 if text is None else [float(text), Decimal(text).quantize(DECIMAL_38_18, ROUND_HALF_UP), text]
        )
    return side, *stored
