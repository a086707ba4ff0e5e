"""One row per position and one file per bucket, in order."""

import json
from collections import defaultdict

import pytest

from json_to_parquet.transforms import count_read, keep_first_delivery, read_rows
from tests.glue.fakes import HOUR, IN_BUCKET_0, IN_BUCKET_1, RULES, line, write_object

PREFIX = "validated/market-data/"
TWO = {"2026-11-22/22": 2}


@pytest.fixture
def rows_of(spark, tmp_path):
    """Read the named objects as the job does."""

    def read(buckets=2, **objects):
        keys = {
            f"{PREFIX}feed=trade/{HOUR}{lines[0]['shard']}-0-{'9' * 60}-2-{name * 16}-{RULES}.json.gz": lines
            for name, lines in objects.items()
        }
        for key, lines in keys.items():
            write_object(tmp_path / key, lines)
        return read_rows(spark, f"file:{tmp_path}/", PREFIX, list(keys), {"2026-11-22/22": buckets})

    return read


def test_a_redelivered_record_appears_once(rows_of):
    """Retries and bisection regroup batches: objects overlap, and an object may contain a line twice."""
    rows = rows_of(b=[line(1), line(2)], a=[line(2), line(3), line(3)])

    kept = keep_first_delivery(rows, TWO).collect()

    assert sorted(row.sequence_number for row in kept) == ["1", "2", "3"]


def test_of_several_deliveries_a_rerun_keeps_the_same(rows_of):
    rows = rows_of(b=[line(1)], a=[line(1)])

    (row,) = keep_first_delivery(rows, TWO).collect()

    assert row.raw_key.endswith("-aaaaaaaaaaaaaaaa.json.gz")


def test_equal_records_at_different_positions_are_different_records(rows_of):
    """Real tapes repeat lines: 2,149 of 33,381 trades of one day do."""
    rows = rows_of(a=[line(1), line(2)], b=[line(1, shard="shardId-000000000001")])

    assert keep_first_delivery(rows, TWO).count() == 3


def test_a_bucket_is_sorted(rows_of):
    """By instrument, then time, then sequence number, compared as a number and not as text."""
    lines = [line(10), line(9), line(8, timestamp_ns=5), line(7, symbol="AAPL")]
    others = [line(9, shard="shardId-000000000001")]

    kept = keep_first_delivery(rows_of(buckets=1, a=lines, b=others), {"2026-11-22/22": 1}).collect()

    assert [(row.symbol, row.sequence_number, row.shard_id[-1]) for row in kept] == [
        ("AAPL", "7", "0"),
        ("IBM", "8", "0"),
        ("IBM", "9", "0"),
        ("IBM", "9", "1"),
        ("IBM", "10", "0"),
    ]


SEQUENCES = {
    "first": ([{"sequence": "5", "previous_sequence": "4"}], [([], None)]),
    "rising, with holes": ([{"sequence": "5"}, {"sequence": "9"}], [([], None)] * 2),
    "sent again": (
        [{"sequence": "5", "previous_sequence": "4"}] * 2 + [{"sequence": "6", "previous_sequence": "5"}],
        [([], None), (["sequence_repeated"], None), ([], None)],
    ),
    "begun again": ([{"sequence": "10"}, {"sequence": "9"}], [([], None), (["sequence_reset"], None)]),
    "above an int64": (
        [{"sequence": "9" * 38}, {"sequence": "1" + "0" * 37}],
        [([], None), (["sequence_reset"], None)],
    ),
    "too long to compare": ([{"sequence": "9" * 39}, {"sequence": "1"}], [([], None)] * 2),
    "a gap": ([{"sequence": "5"}, {"sequence": "9", "previous_sequence": "8"}], [([], None), (["sequence_gap"], 3)]),
    "an overlap": (
        [{"sequence": "5"}, {"sequence": "9", "previous_sequence": "4"}],
        [([], None), (["sequence_gap"], -1)],
    ),
    "no gap: one has no sequence": (
        [{"sequence": "5"}, {}, {"sequence": "6", "previous_sequence": "5"}],
        [([], None)] * 3,
    ),
    "leading zeros": ([{"sequence": "007"}, {"sequence": "8", "previous_sequence": "7"}], [([], None)] * 2),
    "no numbers": (
        [{"sequence": "a"}, {"sequence": "c", "previous_sequence": "b"}, {"sequence": "c", "previous_sequence": "b"}],
        [([], None), (["sequence_gap"], None), (["sequence_repeated"], None)],
    ),
    "a gap that no column holds": (
        [{"sequence": "-" + "9" * 38}, {"sequence": "1", "previous_sequence": "9" * 38}],
        [([], None), (["sequence_gap"], None)],
    ),
    "no integers": ([{"sequence": "2"}, {"sequence": "1.5"}, {"sequence": "1e0"}], [([], None)] * 3),
}


def test_a_sequence_is_compared_with_that_of_the_message_before(rows_of):
    """In the stream's order, not the events': a late event is no reset. Each case is an instrument of its own."""
    lines = [
        # A hundred numbers each, from one where they must be compared as numbers.
        line(100 * case + 9 + n, symbol=name, timestamp_ns=100 - n, **fields)
        for case, (name, (sent, _)) in enumerate(SEQUENCES.items())
        for n, fields in enumerate(sent)
    ]
    first = 100 * list(SEQUENCES).index("a gap") + 9
    # Neither another venue's message nor another shard's stands between two of one instrument.
    lines = [each | {"seq": str(int(each["seq"]) + (int(each["seq"]) > first))} for each in lines]
    lines.append(line(first + 1, symbol="a gap", exchange="XNAS", sequence="99"))
    others = [line(first, symbol="a gap", sequence="99", shard="shardId-000000000001")]

    rows = keep_first_delivery(rows_of(buckets=1, a=lines, b=others), {"2026-11-22/22": 1}).collect()

    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row.sequence_number)):
        found[row.symbol, row.exchange, row.shard_id[-1]].append((row.flags, row.sequence_gap))
    assert found == {(name, "XNYS", "0"): found for name, (_, found) in SEQUENCES.items()} | {
        ("a gap", "XNAS", "0"): [([], None)],
        ("a gap", "XNYS", "1"): [([], None)],
    }


def test_the_validators_flags_stay(rows_of):
    first, second = line(1, sequence="1"), line(2, sequence="1") | {"flags": ["event_after_arrival"]}

    rows = keep_first_delivery(rows_of(buckets=1, a=[first, second]), {"2026-11-22/22": 1}).collect()

    assert [row.flags for row in rows] == [[], ["event_after_arrival", "sequence_repeated"]]


def test_each_bucket_is_one_file_by_a_task_of_its_own(rows_of, tmp_path):
    """A second file for a bucket could not be put under its one key. A task with two of them leaves a worker idle."""
    buckets = {"2026-11-22/21": 3, "2026-11-22/22": 5}
    rows = rows_of(buckets=5, a=[line(n, symbol=f"S{n}") for n in range(60)], b=[line(n) for n in range(60, 90)])

    kept = keep_first_delivery(rows, buckets)

    kept.selectExpr("*", "spark_partition_id() AS task").write.partitionBy("bucket").json(f"file:{tmp_path}/out")
    folders = sorted((tmp_path / "out").glob("bucket=*"))
    assert [folder.name for folder in folders] == [f"bucket={n}" for n in range(5)]
    files = [list(folder.glob("*.json")) for folder in folders]
    tasks = [{json.loads(text)["task"] for file in each for text in file.read_text().splitlines()} for each in files]
    # Those of the other hour come first.
    assert ([len(each) for each in files], tasks) == ([1] * 5, [{n} for n in range(3, 8)])


def test_what_was_read_is_counted_by_bucket_and_by_object(rows_of):
    rows = rows_of(buckets=1, a=[line(1), line(1), line(2)], b=[line(2)])

    counts = {count.raw_key: count for count in count_read({"trade": rows}).collect()}

    assert (counts[None].lines, counts[None].positions, counts[None].bucket) == (4, 2, 0)
    assert {key[-9:-8]: count.lines for key, count in counts.items() if key} == {"a": 3, "b": 1}


def test_a_position_under_two_symbols_is_counted_once(rows_of):
    """It would be written to two buckets, so the files would have more rows than counted and be rejected."""
    rows = rows_of(buckets=2, a=[line(1, symbol=IN_BUCKET_0), line(1, symbol=IN_BUCKET_1)])

    by_bucket = [count for count in count_read({"trade": rows}).collect() if count.raw_key is None]

    assert sum(count.positions for count in by_bucket) == 1
