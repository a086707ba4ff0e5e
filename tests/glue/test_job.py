"""The whole job on a bucket in a folder: what it replaces, what it rejects, and what it reports."""

import json
import random
import re
from collections import namedtuple

import pytest

from json_to_parquet.errors import TransformFailed
from json_to_parquet.plan import Partition, Work, divided_into, objections
from json_to_parquet.staging import Staging
from pipeline_store.keys import validated_key
from tests.glue.fakes import (
    FOLDER,
    HOUR,
    IN_BUCKET_0,
    IN_BUCKET_1,
    LATER,
    RULES,
    Lake,
    NoSpark,
    Unlucky,
    file_name,
    hours,
    line,
    lines,
    stage_without_spark,
)

# ------------------------------------------------------------------------------------------- what it does ----


def test_validated_objects_become_parquet(lake, capsys):
    """One run over all feeds: files under fixed keys, rows marked, lineage written, staging empty, one log line."""
    trades = lake.add("a", [line(n, symbol=symbol) for n, symbol in enumerate(["IBM", "AAPL", "IBM", "C"])])
    again = lake.add("b", lines(0, symbol="IBM"))
    book = lake.add("c", [line(9, "order_book")], "order_book", LATER)
    depth = lake.add("d", [line(9, "market_depth")], "market_depth")

    result = lake.run()

    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == result
    assert {key: result[key] for key in ("rows", "rows_read", "duplicates_removed", "objects_read", "rows_marked")} == {
        "rows": 6, "rows_read": 7, "duplicates_removed": 1, "objects_read": 4, "rows_marked": 4,
    }  # fmt: skip
    assert result["problems"] == []
    assert result["files"].keys() == lake.files().keys()
    assert {re.sub("bucket-[01]", "bucket-n", key) for key in result["files"]} == {
        "parquet/feed=market_depth/date=2026-11-22/hour=22/bucket-n-of-2.parquet",
        "parquet/feed=order_book/date=2026-11-22/hour=23/bucket-n-of-2.parquet",
        "parquet/feed=trade/date=2026-11-22/hour=22/bucket-n-of-2.parquet",
    }
    assert lake.positions() == [("shardId-000000000000", str(n)) for n in range(4)]
    assert lake.staged() == []
    assert lake.open_rows() == set()
    for raw_key in (trades, again, book, depth):
        row = lake.job_row(raw_key)
        assert (row["Stage"], row["TransformedBy"], row["TransformedAt"]) == (
            "3", result["run_id"], "2026-11-23T00:05:00.000+00:00",
        )  # fmt: skip


def test_a_time_long_ago_does_not_stop_the_job(lake):
    """By default Spark refuses to write times before 1900; one such record would block its partition for ever."""
    lake.add("a", lines(1, timestamp="1677-09-21T00:12:43.145224192Z", timestamp_ns=-(2**63)))

    assert lake.run()["rows"] == 1


def test_each_file_has_a_lineage_row(lake):
    lake.add("a", lines(1, 2))
    lake.add("b", lines(2, 3))

    result = lake.run(buckets=1)

    (row,) = lake.dynamodb.tables["lineage"].values()
    assert {name: next(iter(value.values())) for name, value in row.items()} == {
        "DatasetId": f"s3://processed/{FOLDER}bucket-0-of-1.parquet",
        "ProcessingTimestamp": "1795392300000",
        "SourceLocation": f"s3://processed/validated/market-data/feed=trade/{HOUR}",
        "SourceObjectCount": "2",
        "Transformation": "PARQUET",
        "RecordCount": "3",
        "RunId": result["run_id"],
    }


def test_nothing_to_do_starts_no_spark(lake):
    """The job runs every hour; starting Spark for nothing costs money."""
    result = lake.run(spark=NoSpark())

    assert (result["partitions"], result["rows_marked"]) == ([], 0)


def test_a_late_record_joins_its_partition(lake):
    """A partition is rebuilt from all its objects; an untouched partition stays as it is."""
    lake.add("a", lines(1, 2))
    lake.add("other", lines(5), hour=LATER)
    lake.run(buckets=1)
    lake.add("b", lines(3))

    result = lake.run(buckets=1)

    assert result["partitions"] == ["feed=trade/date=2026-11-22/hour=22/"]
    assert (result["rows"], result["objects_read"], result["rows_marked"]) == (3, 2, 1)
    assert [sequence for _, sequence in lake.positions()] == ["1", "2", "3", "5"]


def test_a_partition_keeps_its_number_of_buckets(lake):
    """With a new bucket count, a symbol's records would be in two files of one partition."""
    symbols = ["A", "B", "C", "D"]
    lake.add("a", [line(n, symbol=symbol) for n, symbol in enumerate(symbols)])
    lake.run(buckets=2)
    before = set(lake.files())
    lake.add("b", [line(n + 10, symbol=symbol) for n, symbol in enumerate(symbols)])
    lake.add("c", lines(99), hour=LATER)

    lake.run(buckets=3)

    after = set(lake.files())
    assert {key for key in after if "hour=22" in key} == before
    assert {key[-5 - len(".parquet") :] for key in after - before} <= {"-of-3.parquet"}
    assert len(lake.positions()) == 9


def test_running_again_changes_nothing(lake):
    """A run that crashed after replacing files is repeated."""
    first = lake.add("a", lines(1, 2, 3))
    lake.run()
    before = lake.files()
    lake.add_row(first, 3)

    result = lake.run()

    assert result["rows_marked"] == 1
    assert lake.files() == before


def test_only_objects_that_rows_name_are_read(lake):
    """An object without a row is of a try that did not finish: its records are judged again, perhaps by other rules."""
    lake.add("a", lines(1))
    lake.add("orphan", lines(7), row=False)
    early = lake.add("b", lines(2), row=False)
    folder = lake.folder / f"validated/market-data/feed=trade/{HOUR}"
    (folder / "stray.json.gz").write_bytes(b"no gzip at all")
    (folder / "marker").mkdir()

    result = lake.run()
    assert (result["objects_read"], result["rows_marked"]) == (1, 1)
    lake.add_row(early, 1)
    result = lake.run()

    assert (result["objects_read"], result["rows_marked"]) == (2, 1)
    assert [sequence for _, sequence in lake.positions()] == ["1", "2"]
    assert lake.job_row(early)["Status"] == "TRANSFORMED/trade/2026-11-22/22"


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_whatever_is_delivered_each_position_is_there_once(lake, seed):
    """Random batches, overlapping, late and repeated, compared with the simplest model: a set."""
    chance = random.Random(seed)
    delivered = set()
    for run in range(3):
        for number in range(chance.randrange(1, 4)):
            shard = chance.randrange(2)
            batch = [(shard, chance.randrange(12)) for _ in range(chance.randrange(1, 9))]
            delivered.update((f"shardId-00000000000{shard}", str(sequence)) for shard, sequence in batch)
            lake.add(
                f"object-{run}-{number}",
                [
                    line(sequence, shard=f"shardId-00000000000{shard}", symbol=f"S{sequence}")
                    for shard, sequence in batch
                ],
            )
        lake.run(buckets=3)

        assert lake.positions() == sorted(delivered)


# ---------------------------------------------------------------------------------------- what it refuses ----


def test_a_missing_object_is_named_and_the_rest_is_done(lake):
    """Its row stays open, so that the object is transformed after it is restored."""
    missing, there = lake.add("a", lines(1)), lake.add("b", lines(2))
    other = lake.add("c", lines(3), hour=LATER)
    (lake.folder / validated_key(missing, RULES)).unlink()

    with pytest.raises(TransformFailed, match=re.escape(f"{validated_key(missing, RULES)} is missing")):
        lake.run()

    assert lake.open_rows() == {missing}
    assert {lake.job_row(key)["Stage"] for key in (there, other)} == {"3"}
    assert [sequence for _, sequence in lake.positions()] == ["2", "3"]


def test_an_object_without_a_line_is_named(lake):
    """The validator writes no empty object; marking it would hide that something emptied it."""
    empty = lake.add("a", [])
    lake.add("b", lines(1), hour=LATER)

    with pytest.raises(TransformFailed, match=re.escape(f"{validated_key(empty, RULES)} is empty")):
        lake.run()

    assert lake.open_rows() == {empty}


def test_a_row_that_names_no_object_of_ours_is_named(lake):
    lake.add_row("market-data/feed=unknown/" + HOUR + file_name("a"), 1)
    lake.add("b", lines(1))

    with pytest.raises(TransformFailed, match=r"feed=unknown.* is not the key of a validated object"):
        lake.run()

    assert len(lake.positions()) == 1


def test_a_file_is_never_replaced_by_one_with_less(lake):
    """If an object vanishes after it was transformed, a later rebuild must not drop its records from Parquet."""
    vanished = lake.add("a", lines(1, 2))
    lake.run(buckets=1)
    before = lake.files()
    (lake.folder / validated_key(vanished, RULES)).unlink()
    late, other = lake.add("b", lines(2, 3, 4, 5)), lake.add("c", lines(9), hour=LATER)

    loss = (
        f"{FOLDER}bucket-0-of-1.parquet would lose 1 positions, such as shardId-000000000000 1 of {vanished}: "
        f"its row names {validated_key(vanished, RULES)}, which is missing"
    )
    with pytest.raises(TransformFailed, match=re.escape(loss)):
        lake.run(buckets=1)

    assert before.items() <= lake.files().items()
    assert lake.open_rows() == {late}
    assert lake.job_row(other)["Stage"] == "3"


def test_a_bucket_that_would_vanish_is_kept(lake):
    """No row is left for the bucket, so no file would replace the old one; the run must not count it as done."""
    vanished = lake.add("a", lines(1, symbol=IN_BUCKET_0))
    lake.run(buckets=2)
    (lake.folder / validated_key(vanished, RULES)).unlink()
    lake.add("b", lines(2, symbol=IN_BUCKET_1))

    with pytest.raises(TransformFailed, match="would lose 1 positions"):
        lake.run(buckets=2)

    assert len(lake.files()) == 1


def test_a_staged_file_that_is_not_there_replaces_nothing(lake):
    """The files in staging count, whatever Spark reports."""
    lake.add("a", [line(1, symbol=IN_BUCKET_0), line(2, symbol=IN_BUCKET_1)])
    lake.s3.hidden = lambda key: key.startswith("staging/") and "bucket=0" in key

    with pytest.raises(TransformFailed, match=r"bucket-0-of-2.parquet: 1 positions read, .* staged in 0 files"):
        lake.run(buckets=2)

    assert lake.files() == {}
    assert len(lake.open_rows()) == 1


Counted = namedtuple("Counted", "rows positions lost lost_position")


@pytest.mark.parametrize(
    ("counted", "files", "message"),
    [
        pytest.param(Counted(3, 3, 0, None), 1, None, id="all is well"),
        pytest.param(
            Counted(2, 2, 0, None), 1, "3 positions read, but 2 rows of 2 positions staged in 1 files", id="too few"
        ),
        pytest.param(
            Counted(4, 4, 0, None), 1, "3 positions read, but 4 rows of 4 positions staged in 1 files", id="too many"
        ),
        pytest.param(
            Counted(3, 2, 0, None), 1, "3 positions read, but 3 rows of 2 positions staged in 1 files", id="one twice"
        ),
        pytest.param(
            Counted(3, 3, 0, None), 2, "3 positions read, but 3 rows of 3 positions staged in 2 files", id="two files"
        ),
        pytest.param(None, 0, "3 positions read, but 0 rows of 0 positions staged in 0 files", id="nothing"),
        pytest.param(
            Counted(3, 3, 1, ("gone", "s", "1")),
            1,
            "would lose 1 positions, such as s 1 of gone: its row names validated/gone, which is missing",
            id="an object is missing",
        ),
        pytest.param(
            Counted(3, 3, 1, ("there", "s", "1")),
            1,
            "would lose 1 positions, such as s 1 of there: its row names validated/there, which does not hold it",
            id="an object is another",
        ),
        pytest.param(
            Counted(3, 3, 1, ("raw", "s", "1")),
            1,
            "would lose 1 positions, such as s 1 of raw: no row of raw in this partition names a validated object",
            id="no row",
        ),
    ],
)
def test_a_file_is_replaced_only_by_all_that_was_read(counted, files, message):
    work = Work(
        Partition("trade", "2026-11-22", "22"),
        [],
        {"there": "validated/there"},
        {"there": 3},
        {"gone": "validated/gone"},
        2,
        0,
        positions={1: 3},
        read={"there": 3},
    )
    work.staged[1] = [("key", 1)] * files
    work.counted = {1: counted} if counted else {}

    found = objections(work)

    assert [each.partition(" ")[2] if "would" in each else each.partition(": ")[2] for each in found] == (
        [message] if message else []
    )
    assert all(each.startswith("bucket-1-of-2.parquet") for each in found)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(
            ["part-00000.snappy.parquet"], "part-00000.snappy.parquet was not written by this job", id="foreign"
        ),
        pytest.param(
            ["bucket-0-of-2.parquet", "bucket-2-of-3.parquet"],
            "different numbers of buckets: 2 and 3",
            id="two divisions",
        ),
        pytest.param(["bucket-0-of-0.parquet"], "was not written by this job", id="no bucket"),
        pytest.param(["bucket-0-of-1000000000.parquet"], "was not written by this job", id="a billion tasks"),
        pytest.param(["bucket-2-of-2.parquet"], "was not written by this job", id="beyond the last"),
        pytest.param(["bucket-01-of-2.parquet"], "was not written by this job", id="another spelling"),
    ],
)
def test_a_partition_that_others_wrote_to_is_left_alone(names, message):
    """Readers read every file in the folder: with an extra file, every row would count twice."""
    with pytest.raises(TransformFailed, match=message):
        divided_into(dict.fromkeys(names, "etag"))


# ----------------------------------------------------------------------------------- when the world fails ----


def test_a_crash_while_files_are_replaced_is_healed_by_the_next_run(lake):
    """Some files are new and some old: no row was marked, so the next run does it again, and the leftovers stay."""
    raw_key = lake.add("a", [line(1, symbol=IN_BUCKET_0), line(2, symbol=IN_BUCKET_1)])
    completed = []

    def crash(call, key):
        if call == "CompleteMultipartUpload":
            completed.append(key)
            if len(completed) == 2:
                raise Unlucky

    lake.s3.meanwhile = crash

    with pytest.raises(Unlucky):
        lake.run(buckets=2)
    assert lake.open_rows() == {raw_key}
    leftovers = lake.staged()
    lake.run(buckets=2)

    assert len(leftovers) == 2
    assert len(lake.positions()) == 2
    assert lake.open_rows() == set()
    assert lake.staged() == leftovers


# ------------------------------------------------------------------------- one partition with bad objects ----


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(
            [b"{not JSON"], "malformed JSON in a validated line of .*" + re.escape(file_name("bad")), id="no JSON"
        ),
        pytest.param([line(9, venue="X")], r"a field that this job does not read \(venue\) in", id="a new field"),
    ],
)
def test_an_object_that_cannot_be_read_stops_its_partition_only(lake, content, cause):
    """Spark fails everything that it reads together; the job finds the bad partition by reading fewer at a time."""
    good = [lake.add("a", lines(number), hour=hour) for number, hour in enumerate(hours(5)) if number != 3]
    bad = lake.add("bad", content, hour=hours(5)[3])
    beside = lake.add("beside", lines(3), hour=hours(5)[3])

    with pytest.raises(TransformFailed, match=rf"(?s)hour=03/: .*{cause}") as failure:
        lake.run()

    assert "hour=02" not in str(failure.value)
    assert lake.open_rows() == {bad, beside}
    assert {lake.job_row(key)["Stage"] for key in good} == {"3"}
    assert [sequence for _, sequence in lake.positions()] == ["0", "1", "2", "4"]
    assert {values[-1] for values in lake.glue.locations()} == {"00", "01", "02", "04"}
    assert lake.staged() == []


def test_an_object_that_is_no_gzip_stops_its_partition_only(lake):
    bad, other = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)
    (lake.folder / validated_key(bad, RULES)).write_bytes(b"no gzip at all")

    with pytest.raises(TransformFailed, match="hour=22/: "):
        lake.run()

    assert lake.open_rows() == {bad}
    assert lake.job_row(other)["Stage"] == "3"


# ------------------------------------------------------------------------------------------ without Spark ----


def _plain(counted):
    return (*counted[:-1], counted[-1] and tuple(counted[-1]))


def test_staging_without_spark_leaves_what_spark_leaves(lake, tmp_path, monkeypatch):
    """Then what test_stores.py shows without Spark holds with Spark."""

    def left(stage):
        each = Lake(tmp_path / stage.__name__, lake.spark, lake.now)
        found = []

        def noted(staging, work):
            found.append([work.partition for work in work])
            stage(staging, work)
            for one in work:
                counted = {bucket: _plain(tuple(count)[-4:]) for bucket, count in sorted(one.counted.items())}
                files = {bucket: len(keys) for bucket, keys in sorted(one.staged.items())}
                found.append([one.lines, sorted(one.read.items()), sorted(one.positions.items()), files, counted])

        monkeypatch.setattr(Staging, "stage", noted)
        symbols = [IN_BUCKET_0, IN_BUCKET_1, IN_BUCKET_1]
        vanishing = each.add("a", [line(number, symbol=symbol) for number, symbol in enumerate(symbols)])
        each.add("b", [line(2, symbol=IN_BUCKET_1), line(3, symbol=IN_BUCKET_1)])
        each.add("c", lines(1, 1), hour=LATER)
        each.add("d", [line(9, "order_book")], "order_book")
        each.add("empty", [], hour=hours(1)[0])
        with pytest.raises(TransformFailed, match="is empty"):
            each.run()
        (each.folder / validated_key(vanishing, RULES)).unlink()
        each.add("e", lines(4))
        each.add("bad", [b"{not JSON"], hour=hours(2)[1])
        each.add("f", lines(2), hour=LATER)
        with pytest.raises(TransformFailed, match="would lose"):
            each.run()
        return found, each.files().keys(), len(each.staged()), each.open_rows(), each.glue.locations()

    assert left(Staging.stage) == left(stage_without_spark)
