"""The simulation (harness.faults) models Spark's part of the job; here it is held to Spark, on the same objects."""

import gzip
import json
from random import Random
from types import SimpleNamespace

import pytest

from harness.faults import spark as model
from harness.faults.aws.dynamodb import DynamoDb, Schema
from harness.faults.aws.glue import Glue
from harness.faults.aws.s3 import S3
from harness.faults.process import Calls, Process
from json_to_parquet import job
from tests.glue.fakes import HOUR, IN_BUCKET_0, IN_BUCKET_1, LATER, NoSpark, line, lines


def modelled(lake, monkeypatch):
    """The same lake with the simulation's S3 and Spark; returns it, and its S3."""
    s3 = S3(lambda: lake.now, lambda bucket, key: None)
    for path in lake.folder.rglob("*"):
        if path.is_file() and path.suffix != ".crc":
            s3.write("processed", str(path.relative_to(lake.folder)), path.read_bytes())
    jobs = Schema("JobId", "Timestamp", {"StatusIndex": ("Status", "Timestamp")})
    tables = DynamoDb({"jobs": jobs, "lineage": Schema("DatasetId", "ProcessingTimestamp")}, lambda *changed: None)
    for item in lake.dynamodb.tables["jobs"].values():
        tables.put_item(TableName="jobs", Item=item)
    calls = Calls()
    calls.current = Process("job", None, Random(1), lambda process, number, operation: None, 0)
    monkeypatch.setattr(job, "spark_errors", lambda: (model.SparkFailed,))
    monkeypatch.setattr(job, "cause", str)
    monkeypatch.setattr(job.Staging, "stage", lambda staging, work: model.stage(staging, work, s3, "processed", calls))
    return SimpleNamespace(s3=s3, dynamodb=tables, glue=Glue("s3://processed/parquet/feed={}/")), s3


def outcome(lake, run):
    """A run's result: numbers as they are, and problems up to what only Spark can say."""
    try:
        result = run()
    except job.TransformFailed as failure:
        return sorted({problem.split(": ")[0] for problem in str(failure).split("; ")})
    return {name: value for name, value in result.items() if name != "run_id"}


@pytest.fixture
def both(lake, spark, monkeypatch):
    """Runs the job on the lake with Spark, and on its copy with the model; compares results, files and marked rows."""

    def run():
        clients = lake.s3, lake.dynamodb, lake.glue
        with monkeypatch.context() as patched:
            copy, s3 = modelled(lake, patched)
            lake.s3, lake.dynamodb, lake.glue = copy.s3, copy.dynamodb, copy.glue
            for key, rows in rows_of(spark, lake).items():
                s3.write("processed", key, model.file_of(dict(rows)))
            from_model = outcome(lake, lambda: lake.run(spark=NoSpark()))
        lake.s3, lake.dynamodb, lake.glue = clients
        from_spark = outcome(lake, lake.run)
        assert from_model == from_spark
        assert {key: sorted(model.rows_of(body)) for key, body in s3.under("processed", "parquet/")} == {
            key: sorted(rows) for key, rows in rows_of(spark, lake).items()
        }
        stages = {row["JobId"]["S"]: row["Stage"] for row in copy.dynamodb.tables["jobs"].values() if "Stage" in row}
        assert stages == {key: row["Stage"] for (key, _), row in lake.dynamodb.tables["jobs"].items() if "Stage" in row}
        return from_spark

    return run


def rows_of(spark, lake):
    """Positions and raw keys of each Parquet file."""
    return {
        key: [
            (model.Position(row.shard_id, row.sequence_number), row.raw_key)
            for row in spark.read.parquet(f"file:{lake.folder}/{key}").collect()
        ]
        for key in lake.files()
    }


def test_it_reads_counts_and_stages_as_spark_does(lake, both):
    """Overlapping objects, two files of a partition, a line twice, and a partition that has a file already."""
    lake.add("first", [*lines(1, 2, 3), *lines(4, 5, symbol=IN_BUCKET_0)])
    lake.add("overlapping", [*lines(3, 6, symbol=IN_BUCKET_1), *lines(5, symbol=IN_BUCKET_0), *lines(6)])
    lake.run()
    lake.add("more", lines(10, 2))
    lake.add("book", lines(7, 8, 8, feed="order_book"), feed="order_book", hour=LATER)
    assert both()["rows"] == 9


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(b"no gzip", id="no gzip", marks=pytest.mark.nightly),
        pytest.param(gzip.compress(b'{"v":1}\n' * 50)[:-20], id="cut off"),
        pytest.param(gzip.compress(b'{"v":1,"shard":\n'), id="half a line", marks=pytest.mark.nightly),
        pytest.param(b"", id="empty", marks=pytest.mark.nightly),
        pytest.param(
            gzip.compress(json.dumps(line("1" + "0" * 60)).encode()), id="of another object", marks=pytest.mark.nightly
        ),
    ],
)
def test_it_fails_where_spark_fails(lake, both, damaged):
    """The other partition is rebuilt all the same."""
    lake.add("good", lines(1, 2), hour=LATER)
    raw_key = lake.add("damaged", lines(3))
    next(lake.folder.glob(f"validated/{raw_key.removesuffix('.json.gz')}*")).write_bytes(damaged)
    both()


def test_it_counts_what_a_file_would_lose(lake, both):
    """A validated object that is gone after its partition was built."""
    first = lake.add("first", lines(1, 2), hour=HOUR)
    lake.run()
    next(lake.folder.glob(f"validated/{first.removesuffix('.json.gz')}*")).unlink()
    lake.add("second", lines(3), hour=HOUR)
    assert any("would lose" in problem or "missing" in problem for problem in both())
