"""The whole job on a bucket in a folder: what it replaces, what it rejects, and what it reports."""

import json
import random
import re
from collections import namedtuple

import pytest
from pyspark.errors import PySparkException

from json_to_parquet.errors import LockHeld, TransformFailed
from json_to_parquet.plan import Partition, Work, divided_into, objections
from json_to_parquet.staging import Staging
from tests.glue.fakes import HOUR, IN_BUCKET_0, IN_BUCKET_1, Unlucky, file_name, line, refused

LATER = HOUR.replace("hour=22", "hour=23")
FOLDER = "parquet/feed=trade/date=2026-11-22/hour=22/"


class NoSpark:
    """A Spark that must not be used."""

    def __getattr__(self, name):
        raise AssertionError("Spark was asked for, though there is nothing to do")


def lines(*numbers, **fields):
    return [line(number, **fields) for number in numbers]


# ------------------------------------------------------------------------------------------- what it does ----


def test_validated_objects_become_parquet(lake, capsys):
    """One run over all feeds: files under fixed keys, rows marked, lineage written, staging empty, one log line."""
    trades = lake.add("a", [line(n, symbol=symbol) for n, symbol in enumerate(["IBM", "AAPL", "IBM", "C"])])
    again = lake.add("b", lines(0, symbol="IBM"))
    book = lake.add("c", [line(9, "order_book")], "order_book", LATER)
    depth = lake.add("d", [line(9, "market_depth", shard="shardId-000000000001")], "market_depth")

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
    lake.add_row(first)

    result = lake.run()

    assert result["rows_marked"] == 1
    assert lake.files() == before


def test_only_the_rows_that_were_read_are_marked(lake):
    """An object whose row appeared after the run's query is read anyway, and marked by the next run."""
    lake.add("a", lines(1))
    early = lake.add("b", lines(2), row=False)

    result = lake.run()
    assert (result["objects_read"], result["rows_marked"]) == (2, 1)
    lake.add_row(early)

    assert lake.run()["rows_marked"] == 1
    assert len(lake.positions()) == 2


def test_all_pages_of_answers_are_read(lake):
    """S3 and DynamoDB return pages; the second one must be read too."""
    lake.s3.page_size = lake.dynamodb.page_size = 2
    for number in range(5):
        lake.add(f"object-{number}", lines(number))

    result = lake.run(buckets=1)

    assert (result["rows"], result["rows_marked"]) == (5, 5)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_whatever_is_delivered_each_position_is_there_once(lake, seed):
    """Random batches, overlapping, late and repeated, compared with the simplest model: a set."""
    chance = random.Random(seed)
    delivered = set()
    for run in range(3):
        for number in range(chance.randrange(1, 4)):
            batch = [(chance.randrange(2), chance.randrange(12)) for _ in range(chance.randrange(1, 9))]
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
    (lake.folder / "validated" / missing).unlink()

    with pytest.raises(TransformFailed, match=re.escape(f"validated/{missing} is missing")):
        lake.run()

    assert lake.open_rows() == {missing}
    assert {lake.job_row(key)["Stage"] for key in (there, other)} == {"3"}
    assert [sequence for _, sequence in lake.positions()] == ["2", "3"]


def test_a_partition_without_any_object_does_not_stop_the_others(lake, capsys):
    missing, there = lake.add("a", lines(1), hour=LATER), lake.add("b", lines(2))
    (lake.folder / "validated" / missing).unlink()

    with pytest.raises(TransformFailed, match="is missing"):
        lake.run()

    assert lake.open_rows() == {missing}
    assert lake.job_row(there)["Stage"] == "3"
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["problems"] == [f"validated/{missing} is missing"]


def test_an_object_without_a_line_is_named(lake):
    """The validator writes no empty object; marking it would hide that something emptied it."""
    empty = lake.add("a", [])
    lake.add("b", lines(1))

    with pytest.raises(TransformFailed, match=re.escape(f"validated/{empty} is empty")):
        lake.run()

    assert lake.open_rows() == {empty}


def test_a_row_that_names_no_object_of_ours_is_named(lake):
    lake.add_row("market-data/feed=unknown/" + HOUR + file_name("a"))
    lake.add("b", lines(1))

    with pytest.raises(TransformFailed, match=r"feed=unknown.* is not the key of a validated object"):
        lake.run()

    assert len(lake.positions()) == 1


def test_a_file_is_never_replaced_by_one_with_less(lake):
    """If an object vanishes after it was transformed, a later rebuild must not drop its records from Parquet."""
    vanished = lake.add("a", lines(1, 2))
    lake.run(buckets=1)
    before = lake.files()
    (lake.folder / "validated" / vanished).unlink()
    late, other = lake.add("b", lines(2, 3, 4, 5)), lake.add("c", lines(9), hour=LATER)

    loss = f"{FOLDER}bucket-0-of-1.parquet would lose 1 positions, such as shardId-000000000000 1"
    with pytest.raises(TransformFailed, match=re.escape(loss)):
        lake.run(buckets=1)

    assert before.items() <= lake.files().items()
    assert lake.open_rows() == {late}
    assert lake.job_row(other)["Stage"] == "3"


def test_a_bucket_that_would_vanish_is_kept(lake):
    """No row is left for the bucket, so no file would replace the old one; the run must not count it as done."""
    vanished = lake.add("a", lines(1, symbol=IN_BUCKET_0))
    lake.run(buckets=2)
    (lake.folder / "validated" / vanished).unlink()
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
        pytest.param(Counted(3, 3, 1, "s 1"), 1, "would lose 1 positions, such as s 1", id="loss"),
    ],
)
def test_a_file_is_replaced_only_by_all_that_was_read(counted, files, message):
    work = Work(Partition("trade", "2026-11-22", "22"), [], 2, 0, positions={1: 3})
    work.staged[1] = ["key"] * files
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
    ],
)
def test_a_partition_that_others_wrote_to_is_left_alone(names, message):
    """Readers read every file in the folder: with an extra file, every row would count twice."""
    with pytest.raises(TransformFailed, match=message):
        divided_into(names, 2)


def test_a_foreign_file_stops_its_partition_only(lake):
    lake.add("a", lines(1))
    lake.add("b", lines(2), hour=LATER)
    foreign = lake.folder / FOLDER / "extra.parquet"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"")

    with pytest.raises(TransformFailed, match=r"extra\.parquet was not written by this job"):
        lake.run()

    assert [key for key in lake.files() if "hour=23" in key]
    assert len(lake.open_rows()) == 1


# ----------------------------------------------------------------------------------- when the world fails ----


def test_a_crash_while_files_are_replaced_is_healed_by_the_next_run(lake):
    """Some files are new and some old: no row was marked, so the next run does it again, and the leftovers stay."""
    raw_key = lake.add("a", [line(1, symbol=IN_BUCKET_0), line(2, symbol=IN_BUCKET_1)])
    lake.s3.copies_left = 1

    with pytest.raises(Unlucky):
        lake.run(buckets=2)
    assert lake.open_rows() == {raw_key}
    leftovers = lake.staged()
    lake.s3.copies_left = None
    lake.run(buckets=2)

    assert len(leftovers) == 2
    assert len(lake.positions()) == 2
    assert lake.open_rows() == set()
    assert lake.staged() == leftovers


def test_a_run_that_failed_lets_the_next_one_in(lake):
    lake.add("a", lines(1))
    lake.s3.copies_left = 0
    with pytest.raises(Unlucky):
        lake.run()
    lake.s3.copies_left = None
    lake.now = lake.now.replace(year=2020)  # before any lock could have expired

    assert lake.run()["rows"] == 1


def test_staging_that_cannot_be_deleted_is_a_failure(lake):
    """DeleteObjects succeeds even if it deletes nothing, so nobody would know why the bucket grows."""
    lake.add("a", lines(1))
    lake.s3.undeletable = True

    with pytest.raises(TransformFailed, match="was not deleted: AccessDenied"):
        lake.run()


@pytest.fixture
def other_run(lake):
    """Give the lock to another run that holds it for `seconds` from now on."""

    def hold(seconds):
        until = {"N": str(int(lake.now.timestamp()) + seconds)}
        lock = {"JobId": {"S": "lock/json_to_parquet"}, "Timestamp": {"N": "0"}, "LockOwner": {"S": "other"}}
        lake.dynamodb.tables["jobs"][("lock/json_to_parquet", "0")] = lock | {"ExpiresAt": until}

    return hold


def test_a_second_run_at_the_same_time_does_nothing(lake, other_run):
    lake.add("a", lines(1))
    other_run(seconds=2 * 3600)

    with pytest.raises(LockHeld, match="another run holds lock/json_to_parquet in jobs"):
        lake.run(spark=NoSpark())

    assert lake.dynamodb.tables["jobs"][("lock/json_to_parquet", "0")]["LockOwner"] == {"S": "other"}


def test_the_lock_of_a_run_that_died_expires(lake, other_run):
    lake.add("a", lines(1))
    other_run(seconds=60)

    assert lake.run()["rows"] == 1


def test_a_run_that_lost_its_lock_replaces_nothing(lake, other_run):
    """It took so long that another run started: two runs that replace the same files would undo each other's work."""
    lake.add("a", lines(1))
    updates = []

    def meanwhile(job_id):
        updates.append(job_id)
        if len(updates) == 2:
            other_run(seconds=2 * 3600)

    lake.dynamodb.meanwhile = meanwhile

    with pytest.raises(LockHeld):
        lake.run()

    assert lake.files() == {}
    assert len(lake.open_rows()) == 1


@pytest.mark.parametrize("gone", [False, True], ids=["taken and let go", "row gone"])
def test_a_lock_that_another_run_has_had_is_not_taken_again(lake, other_run, gone):
    """The other run has added a late record and marked it: files staged before that would overwrite it."""
    lake.add("a", lines(1))
    session = lake.spark

    class Slow:
        """A Spark so slow that another run starts and finishes meanwhile."""

        def __getattr__(self, name):
            other_run(seconds=-60)
            if gone:
                del lake.dynamodb.tables["jobs"][("lock/json_to_parquet", "0")]
            return getattr(session, name)

    with pytest.raises(LockHeld, match="no longer holds"):
        lake.run(spark=Slow())

    assert lake.files() == {}
    assert len(lake.open_rows()) == 1


def test_a_lock_that_has_only_expired_is_kept(lake):
    """The lock expired, but no other run took it, so nothing has changed."""
    lake.add("a", lines(1))

    assert lake.run(lock_seconds=-60)["rows"] == 1


def test_a_row_that_another_run_marked_is_not_counted(lake):
    """Rows only move forward; a row that two runs mark is counted once."""
    raw_key = lake.add("a", lines(1))

    def meanwhile(job_id):
        if job_id == raw_key:
            lake.dynamodb.tables["jobs"][(raw_key, "1795385000123")]["Stage"] = {"N": "3"}

    lake.dynamodb.meanwhile = meanwhile

    assert lake.run()["rows_marked"] == 0


# ------------------------------------------------------------------------------------------ the catalogue ----

HERE, THERE = ("trade", "2026-11-22", "22"), ("trade", "2026-11-22", "23")


def test_each_rebuilt_partition_is_in_the_catalogue(lake):
    """Readers list the hours in the catalogue, and no query waits for a crawler."""
    lake.add("a", lines(1))
    lake.add("b", [line(2, "order_book")], "order_book", LATER)

    lake.run()

    assert lake.glue.locations() == {
        HERE: "s3://processed/parquet/feed=trade/date=2026-11-22/hour=22/",
        ("order_book", "2026-11-22", "23"): "s3://processed/parquet/feed=order_book/date=2026-11-22/hour=23/",
    }
    assert [column["Name"] for column in lake.glue.partitions[HERE[0], HERE[1:]]["StorageDescriptor"]["Columns"]] == [
        "symbol", "price",
    ]  # fmt: skip


def test_a_partition_is_in_the_catalogue_only_after_its_files(lake):
    """To a query at that moment, an entry without files looks like an hour without trades."""
    seen = []
    lake.glue.meanwhile = lambda call, values: seen.append((call, sorted(lake.files()), lake.open_rows()))
    raw_key = lake.add("a", lines(1))

    result = lake.run(buckets=1)

    assert seen[-1] == ("CreatePartition", sorted(result["files"]), {raw_key})


def test_a_partition_without_a_record_is_not_in_the_catalogue(lake):
    """It has no file, so its hour would look like one without trades."""
    lake.add("a", [])

    with pytest.raises(TransformFailed, match="is empty"):
        lake.run()

    assert lake.glue.locations() == {}


def test_a_partition_that_is_known_already_is_left_as_it_is(lake):
    lake.add("a", lines(1))
    lake.run()
    before = dict(lake.glue.partitions)
    lake.add("b", lines(2))

    result = lake.run()

    assert lake.glue.partitions == before
    assert (result["problems"], result["catalogue_entries_mended"]) == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"Location": "s3://elsewhere/date=2026-11-22/hour=22/"}, id="another place"),
        pytest.param(
            {"Columns": [{"Name": "symbol", "Type": "string"}]}, id="a column less", marks=pytest.mark.nightly
        ),
        pytest.param({"InputFormat": "text"}, id="another format", marks=pytest.mark.nightly),
        pytest.param(
            {"SerdeInfo": {"SerializationLibrary": "json"}}, id="another serializer", marks=pytest.mark.nightly
        ),
    ],
)
def test_a_wrong_entry_is_repaired_and_reported(lake, wrong):
    """A crawler, an operator or an older release may have written it."""
    lake.glue.partitions["trade", HERE[1:]] = {
        "Values": list(HERE[1:]),
        "Parameters": {"comment": "kept"},
        "StorageDescriptor": lake.glue.storage("trade") | {"Location": f"s3://processed/{FOLDER}"} | wrong,
    }
    lake.add("a", lines(1))

    result = lake.run()

    entry = lake.glue.partitions["trade", HERE[1:]]
    assert entry["StorageDescriptor"] == lake.glue.storage("trade") | {"Location": f"s3://processed/{FOLDER}"}
    assert entry["Parameters"] == {"comment": "kept"}
    assert [each.partition(" ")[0] for each in result["catalogue_entries_mended"]] == [FOLDER]


def test_a_location_without_the_last_slash_is_the_same_place(lake):
    lake.glue.partitions["trade", HERE[1:]] = {
        "Values": list(HERE[1:]),
        "StorageDescriptor": lake.glue.storage("trade") | {"Location": f"s3://processed/{FOLDER}".rstrip("/")},
    }
    lake.add("a", lines(1))

    assert lake.run()["catalogue_entries_mended"] == []


def test_a_partition_that_the_catalogue_refuses_stays_open_and_stops_no_other(lake):
    """Its files are in place, but no reader finds them: the next run retries it, even without new objects."""
    refusing, other = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)

    def refuse(call, values):
        if call == "CreatePartition" and values == list(HERE[1:]):
            raise refused(call)

    lake.glue.meanwhile = refuse
    with pytest.raises(TransformFailed, match=re.escape(FOLDER) + ".*glue:CreatePartition"):
        lake.run()

    assert set(lake.glue.locations()) == {THERE}
    assert lake.open_rows() == {refusing}
    assert lake.job_row(other)["Stage"] == "3"

    lake.glue.meanwhile = lambda call, values: None
    lake.run()

    assert set(lake.glue.locations()) == {HERE, THERE}
    assert lake.open_rows() == set()


def test_an_entry_that_cannot_be_repaired_stays_open(lake):
    wrong = lake.glue.storage("trade") | {"Location": "s3://elsewhere/"}
    lake.glue.partitions["trade", HERE[1:]] = {"Values": list(HERE[1:]), "StorageDescriptor": wrong}
    lake.glue.unchangeable.add(HERE[1:])
    raw_key = lake.add("a", lines(1))

    with pytest.raises(TransformFailed, match="could not be repaired: InternalServiceException"):
        lake.run()

    assert lake.open_rows() == {raw_key}


def test_a_feed_whose_table_is_not_there_stops_no_other_feed(lake):
    lake.add("a", lines(1))
    book = lake.add("b", [line(2, "order_book")], "order_book")

    def refuse(call, values):
        if (call, values) == ("GetTable", ["order_book"]):
            raise refused(call, "EntityNotFoundException")

    lake.glue.meanwhile = refuse
    with pytest.raises(TransformFailed, match="EntityNotFoundException"):
        lake.run()

    assert set(lake.glue.locations()) == {HERE}
    assert lake.open_rows() == {book}


def test_a_table_that_lies_elsewhere_is_not_added_to(lake):
    """Otherwise readers of another pipeline's database would find our prices in their tables."""
    lake.glue.location = "s3://elsewhere/parquet/feed={}/"
    raw_key = lake.add("a", lines(1))

    with pytest.raises(TransformFailed, match=r"table catalogue\.trade points elsewhere"):
        lake.run()

    assert lake.glue.partitions == {}
    assert lake.open_rows() == {raw_key}


# ------------------------------------------------------------------------- one partition with bad objects ----


def hours(count):
    return [HOUR.replace("hour=22", f"hour={number:02}") for number in range(count)]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param([b"{not JSON"], "JsonParseException: .*" + re.escape(file_name("bad")), id="no JSON"),
        pytest.param([line(9, symbol=None)], "no symbol in a validated line of market-data", id="no symbol"),
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
    (lake.folder / "validated" / bad).write_bytes(b"no gzip at all")

    with pytest.raises(TransformFailed, match="hour=22/: "):
        lake.run()

    assert lake.open_rows() == {bad}
    assert lake.job_row(other)["Stage"] == "3"


def test_when_everything_fails_the_run_gives_up_early(lake, monkeypatch):
    """Then the objects are not the cause, and each attempt costs money."""
    monkeypatch.setattr("json_to_parquet.job._MAX_FAILED", 2)
    bad = {lake.add("a", [b"{not JSON"], hour=hour) for hour in hours(6)}

    with pytest.raises(TransformFailed, match="4 partitions were not tried, because 2 others failed") as failure:
        lake.run()

    assert str(failure.value).count(FOLDER.partition("hour=")[0]) == 2
    assert lake.open_rows() == bad


def test_many_bad_partitions_keep_no_good_one_from_parquet(lake, monkeypatch):
    """Bad hours stay open: retried in the same order, they would use up the limit of every run."""
    limit = 5
    monkeypatch.setattr("json_to_parquet.job._MAX_FAILED", limit)
    feeds_and_hours = [(feed, hour) for hour in hours(10) for feed in ("trade", "order_book")]
    bad, good = set(), set()
    for number, (feed, hour) in enumerate(feeds_and_hours):
        # The oldest five, the newest five and two in between.
        is_bad = number < 5 or number >= 15 or number % 4 == 0
        key = lake.add("a", [b"{not JSON" if is_bad else line(number, feed)], feed, hour)
        (bad if is_bad else good).add(key)
    assert (len(bad), len(good)) == (12, 8)
    stage = Staging.stage

    def fail_early(job, work):
        """Spark's behaviour on a bad object (shown by other tests), without waiting for it."""
        if any(row.job_id in bad for each in work for row in each.job_rows):
            raise PySparkException("bad.json.gz")
        stage(job, work)

    monkeypatch.setattr(Staging, "stage", fail_early)

    for _ in range(len(bad) // limit + 1):
        with pytest.raises(TransformFailed, match="not tried"):
            lake.run(buckets=1)

    assert lake.open_rows() == bad
    assert len(lake.files()) == len(good)
    assert len(lake.glue.locations()) == len(good)


def test_a_search_that_is_cut_off_has_finished_what_it_could(lake, monkeypatch):
    """A run ends at its time limit at any point: the next run must not repeat all the work."""
    stage, good = Staging.stage, lake.add("a", lines(1), hour=hours(2)[1])
    bad = lake.add("bad", [b"{not JSON"], hour=hours(2)[0])
    attempts = []

    def cut_off(job, work):
        attempts.append([each.partition.hour for each in work])
        if attempts[-1] == ["00"]:
            raise Unlucky
        stage(job, work)

    monkeypatch.setattr(Staging, "stage", cut_off)
    with pytest.raises(Unlucky):
        lake.run()

    assert attempts == [["01", "00"], ["01"], ["00"]]
    assert lake.open_rows() == {bad}
    assert lake.job_row(good)["Stage"] == "3"


def test_a_run_that_is_cut_off_lets_the_next_one_begin_elsewhere(lake, monkeypatch):
    """Otherwise an attempt that never ends would come first in every run."""
    for number, hour in enumerate(hours(3)):
        lake.add("a", lines(number), hour=hour)
    attempts = []

    def cut_off(_, work):
        attempts.append([each.partition.hour for each in work])
        raise Unlucky

    monkeypatch.setattr(Staging, "stage", cut_off)
    for _ in range(3):
        with pytest.raises(Unlucky):
            lake.run()

    assert attempts == [["02", "01", "00"], ["01", "00", "02"], ["00", "02", "01"]]


@pytest.mark.parametrize("prefix", ["validated/market-data/feed=trade/" + HOUR, FOLDER])
def test_a_refused_listing_stops_its_partition_only(lake, prefix):
    refusing, other = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)
    list_objects = lake.s3.list_objects_v2

    def refuse(**request):
        if request["Prefix"] == prefix:
            raise refused("ListObjectsV2")
        return list_objects(**request)

    lake.s3.list_objects_v2 = refuse
    with pytest.raises(TransformFailed, match=re.escape(FOLDER) + ".*ListObjectsV2"):
        lake.run()

    assert lake.open_rows() == {refusing}
    assert lake.job_row(other)["Stage"] == "3"


def test_a_refused_copy_stops_its_partition_only(lake):
    refusing, other = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)
    copy = lake.s3.copy

    def refuse(source, bucket, key):
        if "hour=22" in key:
            raise refused("CopyObject")
        copy(source, bucket, key)

    lake.s3.copy = refuse
    with pytest.raises(TransformFailed, match="CopyObject"):
        lake.run()

    assert lake.open_rows() == {refusing}
    assert set(lake.glue.locations()) == {THERE}
    assert lake.job_row(other)["Stage"] == "3"
