"""The job's work with S3, DynamoDB and the Data Catalog, where it does not matter how Spark reads and writes."""

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest

from json_to_parquet.bucket import with_conditions
from json_to_parquet.errors import LockHeld, TransformFailed
from json_to_parquet.job import Job
from json_to_parquet.staging import Staging
from json_to_parquet.stores import JobTable
from pipeline_store.keys import validated_key
from tests.glue.fakes import (
    FOLDER,
    HOUR,
    LATER,
    RULES,
    Lake,
    NoSpark,
    Unlucky,
    failing,
    file_name,
    hours,
    line,
    lines,
    nothing,
    refused,
    stage_without_spark,
)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """As the other tests' lake, without Spark."""
    monkeypatch.setattr(Staging, "stage", stage_without_spark)
    return Lake(tmp_path, SimpleNamespace(conf=None), datetime(2026, 11, 22, 23, 5, tzinfo=UTC))


def test_all_pages_of_answers_are_read(lake):
    """S3 and DynamoDB return pages; the second one must be read too."""
    lake.s3.page_size = lake.dynamodb.page_size = 2
    for number in range(5):
        lake.add(f"object-{number}", lines(number))

    result = lake.run(buckets=1)

    assert (result["rows"], result["rows_marked"]) == (5, 5)


def test_a_partition_without_any_object_does_not_stop_the_others(lake, capsys):
    missing, there = lake.add("a", lines(1), hour=LATER), lake.add("b", lines(2))
    (lake.folder / validated_key(missing, RULES)).unlink()

    with pytest.raises(TransformFailed, match="is missing"):
        lake.run()

    assert lake.open_rows() == {missing}
    assert lake.job_row(there)["Stage"] == "3"
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["problems"] == [
        f"{validated_key(missing, RULES)} is missing"
    ]


def test_an_object_with_another_number_of_records_than_its_row_says_stays_open(lake):
    """Something replaced it, or cut it at the end of a line: its partition waits, and no other does."""
    other, whole = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)
    lake.add_row(other, 2)

    with pytest.raises(TransformFailed, match="holds 1 records, and its row says 2"):
        lake.run()

    assert lake.open_rows() == {other}
    assert lake.job_row(whole)["Stage"] == "3"


def test_a_row_that_names_another_object_by_now_stays_open(lake):
    """What was read is not what it names."""
    raw_key = lake.add("a", lines(1))
    row = lake.dynamodb.tables["jobs"][raw_key, "1795385000123"]

    def meanwhile(job_id):
        if job_id == raw_key:
            row["ValidatedKey"] = {"S": "another"}

    lake.dynamodb.meanwhile = meanwhile

    assert lake.run()["rows_marked"] == 0
    assert lake.open_rows() == {raw_key}


OTHER = validated_key(f"market-data/feed=trade/{HOUR}{file_name('other')}", RULES)


@pytest.mark.parametrize(
    "wrong",
    [{"ValidatedKey": {"S": "validated/x"}}, {"ValidatedKey": {"S": OTHER}}, {"Timestamp": {"N": "1795388600123"}}, {}],
    ids=["no key of ours", "another object's key", "another hour", "no key"],
)
def test_a_row_that_cannot_be_right_stops_no_other(lake, wrong):
    bad, good = lake.add("a", lines(1)), lake.add("b", lines(2))
    row = lake.dynamodb.tables["jobs"].pop((bad, "1795385000123")) | wrong
    if not wrong:
        del row["ValidatedKey"]
    lake.dynamodb.tables["jobs"][bad, row["Timestamp"]["N"]] = row

    with pytest.raises(TransformFailed, match=re.escape(bad)):
        lake.run()

    assert lake.open_rows() == {bad}
    assert lake.job_row(good)["Stage"] == "3"


def test_a_folder_marker_among_the_files_is_no_file(lake):
    """The console makes it, and no reader reads it."""
    lake.add("a", lines(1))
    list_objects = lake.s3.list_objects_v2

    def with_markers(**request):
        page = list_objects(**request)
        return page | {"Contents": [{"Key": request["Prefix"], "Size": 0, "ETag": "e"}, *page["Contents"]]}

    lake.s3.list_objects_v2 = with_markers
    lake.s3.delete_objects = lambda **_: {}

    assert lake.run()["rows_marked"] == 1


def test_lineage_has_the_time_before_the_files_are_replaced(lake):
    """Or a run that stalls after it would write the latest row, of files that another has replaced meanwhile."""
    lake.add("a", lines(1))
    complete = lake.s3.complete_multipart_upload
    before = []

    def slow(**request):
        before.append(lake.now)
        lake.now += timedelta(hours=2)
        return complete(**request)

    lake.s3.complete_multipart_upload = slow
    lake.run()

    ((_, written),) = lake.dynamodb.tables["lineage"]
    assert int(written) == int(before[0].timestamp() * 1000)


# ---------------------------------------------------------------------------------------------- a backlog ----


@pytest.fixture
def attempts(monkeypatch):
    """The hours of the partitions that are staged together, by attempt."""
    found = []

    def noted(staging, work):
        found.append([each.partition.hour for each in work])
        stage_without_spark(staging, work)

    monkeypatch.setattr(Staging, "stage", noted)
    return found


@pytest.mark.parametrize(
    ("limit", "value"), [("GROUP_PARTITIONS", 2), ("GROUP_BYTES", 600)], ids=["by partitions", "by bytes"]
)
def test_a_backlog_is_staged_in_groups_and_each_is_finished_by_itself(lake, monkeypatch, attempts, limit, value):
    """A run that is killed in a week's backlog has done all but its last group, and its files go after each."""
    monkeypatch.setattr(f"json_to_parquet.plan.{limit}", value)
    keys = [lake.add("a", lines(number), hour=hour) for number, hour in enumerate(hours(5))]
    done_before, staged_before = [], []
    stage = Staging.stage

    def look(staging, work):
        done_before.append(len(keys) - len(lake.open_rows()))
        staged_before.append(len(lake.staged()))
        stage(staging, work)

    monkeypatch.setattr(Staging, "stage", look)
    lake.run(buckets=1)

    assert attempts == [["04", "03"], ["02", "01"], ["00"]]
    assert (done_before, staged_before) == ([0, 2, 4], [0, 0, 0])


def test_planning_asks_once_an_hour_and_reads_each_row_once(lake):
    """It was quadratic in the rows of a partition: 36,000 took 11 seconds of CPU time."""
    compared = []

    class Key(str):
        __slots__ = ()

        def __eq__(self, other):
            compared.append(other)
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    for number in range(300):
        raw_key = lake.add(f"object-{number}", lines(number))
        row = lake.dynamodb.tables["jobs"].pop((raw_key, "1795385000123"))
        row["JobId"], row["ValidatedKey"] = ({"S": Key(row[name]["S"])} for name in ("JobId", "ValidatedKey"))
        row["Timestamp"] = {"N": str(1795385000123 + number)}
        lake.dynamodb.tables["jobs"][raw_key, row["Timestamp"]["N"]] = row

    lake.run(buckets=1)

    # Two that ask for an hour, and one for the rows of each stage.
    assert lake.dynamodb.queries == 4
    assert len(compared) < 20 * 300


def test_the_rows_of_one_hour_are_held_at_a_time(lake, monkeypatch):
    """A week's backlog has millions of rows."""
    monkeypatch.setattr("json_to_parquet.plan.GROUP_PARTITIONS", 1)
    for number, hour in enumerate(hours(4)):
        lake.add("a", lines(number), hour=hour)
    order = []
    validated, finish = JobTable.validated, Job.finish
    monkeypatch.setattr(JobTable, "validated", lambda *a: order.append(f"read {a[1]:%H}") or validated(*a))
    monkeypatch.setattr(Job, "finish", lambda *a: order.append(f"finish {a[1].partition.hour}") or finish(*a))

    lake.run()

    # A group is complete when the next partition is known.
    assert order == ["read 03", "read 02", "finish 03", "read 01", "finish 02", "read 00", "finish 01", "finish 00"]


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


def test_a_run_that_failed_lets_the_next_one_in(lake):
    lake.add("a", lines(1))
    lake.s3.meanwhile = failing("UploadPartCopy", Unlucky)
    with pytest.raises(Unlucky):
        lake.run()
    lake.s3.meanwhile = nothing
    lake.now = lake.now.replace(year=2020)  # before any lock could have expired

    assert lake.run()["rows"] == 1


def test_staging_that_cannot_be_deleted_is_a_failure(lake):
    """DeleteObjects succeeds even if it deletes nothing, so nobody would know why the bucket grows."""
    lake.add("a", lines(1))
    lake.s3.undeletable = True

    with pytest.raises(TransformFailed, match="was not deleted: AccessDenied"):
        lake.run()


# ----------------------------------------------------------------------------------------------- the lock ----


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
        pytest.param({"Columns": [{"Name": "symbol", "Type": "string"}]}, id="a column less"),
        pytest.param({"InputFormat": "text"}, id="another format"),
        pytest.param({"SerdeInfo": {"SerializationLibrary": "json"}}, id="another serializer"),
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


def test_when_everything_fails_the_run_gives_up_early(lake, monkeypatch):
    """Then the objects are not the cause, and each attempt costs money."""
    monkeypatch.setattr("json_to_parquet.job._MAX_FAILED", 2)
    bad = {lake.add("a", [b"{not JSON"], hour=hour) for hour in hours(6)}

    not_tried = "the partitions from feed=trade/date=2026-11-22/hour=03/ on were not tried, because 2 failed"
    with pytest.raises(TransformFailed, match=not_tried) as failure:
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


@pytest.mark.parametrize("call", ["CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"])
def test_a_refused_copy_stops_its_partition_only(lake, call):
    refusing, other = lake.add("a", lines(1)), lake.add("b", lines(2), hour=LATER)
    lake.s3.meanwhile = failing(call, refused(call), "hour=22")

    with pytest.raises(TransformFailed, match=call):
        lake.run()

    assert lake.open_rows() == {refusing}
    assert set(lake.glue.locations()) == {THERE}
    assert lake.job_row(other)["Stage"] == "3"
    assert lake.s3.uploads == {}


# ------------------------------------------------------------------------------------------- two drivers ----


@pytest.mark.parametrize("call", ["CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("there", [False, True], ids=["first file", "existing file"])
def test_a_run_that_stalls_overwrites_nothing_of_the_run_that_took_its_lock(lake, there, call):
    """Its files lack what the other run has added and marked: no later run would read those records again."""
    if there:
        lake.add("before", lines(0))
        lake.run(buckets=1)
    stalled = lake.add("a", lines(1))
    results = []

    def stall(now, key):
        if now == call:
            lake.s3.meanwhile = nothing
            lake.now += timedelta(hours=2)
            lake.add("b", lines(2))
            results.append(lake.run(buckets=1))

    lake.s3.meanwhile = stall
    with pytest.raises(LockHeld, match=rf"{FOLDER}bucket-0-of-1.parquet has changed .* another run has replaced it"):
        lake.run(buckets=1)

    assert results[0]["rows_marked"] == 2
    assert sorted(lake.files().popitem()[1].split()[1::3]) == [b"0", b"1", b"2"][not there :]
    assert lake.job_row(stalled)["TransformedBy"] == results[0]["run_id"]
    assert lake.s3.uploads == {}


def test_a_file_that_is_gone_is_not_replaced(lake):
    """Somebody deleted it meanwhile, or the partition with it: to write it again is for a run that planned to."""
    lake.add("a", lines(1))
    lake.run(buckets=1)
    late = lake.add("b", lines(2))
    target = lake.folder / FOLDER / "bucket-0-of-1.parquet"
    lake.s3.meanwhile = lambda call, key: target.unlink() if call == "CompleteMultipartUpload" else None

    with pytest.raises(TransformFailed, match="NoSuchKey"):
        lake.run(buckets=1)

    assert lake.open_rows() == {late}


def test_a_large_file_is_copied_in_parts(lake, monkeypatch):
    """S3 copies at most 5 GB in one request, and a client waits a minute for its answer."""
    monkeypatch.setattr("json_to_parquet.bucket._PART_BYTES", 10)
    parts = []
    lake.s3.meanwhile = lambda call, key: parts.append(call)
    lake.add("a", lines(1))

    lake.run(buckets=1)

    assert lake.files()[f"{FOLDER}bucket-0-of-1.parquet"].startswith(b"shardId-000000000000 1 market-data/feed=trade/")
    assert parts.count("UploadPartCopy") == -(-len(lake.files()[f"{FOLDER}bucket-0-of-1.parquet"]) // 10)


def test_what_failed_is_reported_even_if_the_upload_cannot_be_aborted(lake):
    lake.add("a", lines(1))

    def refuse(call, key):
        if call in ("CompleteMultipartUpload", "AbortMultipartUpload"):
            raise refused(call)

    lake.s3.meanwhile = refuse

    with pytest.raises(TransformFailed, match="CompleteMultipartUpload"):
        lake.run()


@pytest.mark.parametrize(
    ("condition", "header"),
    [({"IfMatch": '"etag"'}, ("If-Match", '"etag"')), ({"IfNoneMatch": "*"}, ("If-None-Match", "*"))],
)
def test_conditions_are_sent_by_a_botocore_that_does_not_know_them(condition, header):
    """Glue brings its own boto3. Without the header, S3 would replace the file whatever it is."""
    client = with_conditions(boto3.client("s3"))
    members = client.meta.service_model.operation_model("CompleteMultipartUpload").input_shape.members
    for parameter in ("IfMatch", "IfNoneMatch"):
        members.pop(parameter)
    sent = []

    def answer(request, **_):
        sent.append(request.headers)
        body = b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
        return SimpleNamespace(status_code=200, headers={}, content=body, raw=None, text="")

    client.meta.events.register("before-send.s3", answer)
    client.complete_multipart_upload(Bucket="b", Key="k", UploadId="u", MultipartUpload={"Parts": []}, **condition)
    client.complete_multipart_upload(Bucket="b", Key="k", UploadId="u", MultipartUpload={"Parts": []})

    conditional = [
        {
            name: str(each[name], "utf-8") if isinstance(each[name], bytes) else each[name]
            for name in ("If-Match", "If-None-Match")
            if name in each
        }
        for each in sent
    ]
    assert conditional == [dict([header]), {}]
