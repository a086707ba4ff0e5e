"""One row per position and one file per bucket, in order."""

import json

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
