"""The whole stack: real AWS CLI, emulated AWS with IAM enforced, real Spark. Each test is a run of `make pipeline`."""

import gzip
import io
import json
from collections import Counter

import pyarrow.parquet
import pytest

from conftest import NIGHTLY, PROFILE, PROFILE_VARIABLE
from harness.alarms.definition import Alarm, read
from harness.alarms.evaluation import history
from harness.alarms.lines import collect
from harness.alarms.series import Numbers
from harness.alarms.states import State
from harness.pipeline import run as run_module
from harness.pipeline.glue import spark_python
from market_data import FEEDS
from tests.integration.aws_cli import aws_cli
from tests.integration.runs import Outcome
from tests.integration.test_environments import consumer_reads_parquet_only, staging_with_a_consumer
from tests.shared import CAPTURES

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", autouse=True)
def _spark():
    assert spark_python().exists(), "no Spark environment: `tox run -e spark --notest` sets it up"


def printed_numbers(run):
    """The metrics in the functions' logs; minute 0 is 15 minutes before the first line."""
    logs, numbers = run.emulator.client("logs"), Numbers()
    lines = [
        event
        for group in ("KinesisConsumerLogGroup", "DataValidationLogGroup")
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=run.resources[group])
        for event in page["events"]
    ]
    begin = min(event["timestamp"] for event in lines) - 15 * 60_000
    collect((event["message"] for event in lines), numbers, begin_ms=begin)
    return numbers


def deployed_alarms(run) -> dict[str, Alarm]:
    """The deployed alarms by name without the environment, evaluated on the functions' own metrics."""
    pages = run.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {
        alarm["AlarmName"].rpartition("-")[0]: read(alarm)
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm.get("Namespace") == "FinancialPipeline"
    }


def on(alarms, numbers) -> set[str]:
    """The alarms that are in ALARM at some time in the hour."""
    return {
        name
        for name, alarm in alarms.items()
        if any(state is State.ALARM for _, state in history(alarm, numbers, 0, 60))
    }


@pytest.mark.skipif(PROFILE != NIGHTLY and CAPTURES.is_dir(), reason=f"set {PROFILE_VARIABLE}={NIGHTLY}")
def test_a_generated_feed_is_accounted_for_and_each_bad_record_has_its_reason(tmp_path):
    """Left to the nightly profile where the captures are: tests/captures has the run in which nothing goes wrong."""
    seen = {}

    def remember(run):
        seen["generated"], seen["written"], seen["known"] = Generated(run), written_partitions(run), catalogue(run)

    outcome = Outcome(tmp_path / "run", {"account": remember}, edit=None)

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert outcome.summary["lost"] == outcome.summary["doubled"] == outcome.summary["foreign"] == 0
    assert outcome.summary["records_in"] == 1_000
    assert "Every record, accounted for" in outcome.printed.getvalue()
    # No crawler has run: readers see what the job has added to the catalogue.
    assert seen["known"] == seen["written"]
    assert {table for table, *_ in seen["known"]} == set(FEEDS)
    seen["generated"].agrees_with(outcome.summary)


class Generated:
    """What the generator and the functions' metrics say of a run."""

    def __init__(self, run):
        self.expected = Counter(entry.expected_reason for entry in run.ledger if entry.expected_reason)
        self.numbers, self.alarms = printed_numbers(run), deployed_alarms(run)

    def agrees_with(self, summary):
        """The generator knows which records are bad and why; no other record may be rejected."""
        assert summary["quarantined_by_reason"] == dict(self.expected)
        assert sum(summary["records_by_feed"].values()) == summary["records_in"]
        # The lines that the functions printed, as CloudWatch makes metrics of them.
        sums = Counter()
        for metric, series in self.numbers.of.items():
            sums[metric.name] += sum(sample.total for sample in series.samples.values())
        undecodable = sums["RecordsUndecodable"]
        assert sums["RecordsIngested"] + undecodable == summary["records_in"]
        assert sums["RecordsValidated"] == summary["parquet_rows"] + summary["lost"]
        assert undecodable + sums["ValidationFailures"] == summary["quarantined"]
        # Exactly what the alarms describe: a few rejected records raise none, one that is no JSON does.
        assert on(self.alarms, self.numbers) == ({"undecodable-records"} if undecodable else set())


def catalogue(run):
    """The location of each partition of the feeds' tables, by table, day and hour."""
    glue, database = run.emulator.client("glue"), run.resources["GlueDatabase"]
    return {
        (table, *partition["Values"]): partition["StorageDescriptor"]["Location"]
        for table in FEEDS
        for page in glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        for partition in page["Partitions"]
    }


def written_partitions(run):
    """The folders that hold Parquet, in the same form."""
    s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="parquet/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    found = {}
    for folder in {key.rpartition("/")[0] for key in keys if key.endswith(".parquet")}:
        table, day, hour = (part.partition("=")[2] for part in folder.split("/")[1:])
        found[table, day, hour] = f"s3://{bucket}/{folder}/"
    return found


#: For two cores: each of staging's twenty validators would start Python, and each file takes tasks of Spark. Its own
#: numbers are in test_environments.py.
SMALL = {"ShardCount": "2", "ValidationConcurrency": "2", "ParquetBucketsPerPartition": "1"}


def test_what_goes_wrong_with_one_object_is_told_and_keeps_nothing_else_from_readers(tmp_path, monkeypatch):
    """One run instead of four: three failures, each in a different feed, and a feed with bad records.

    And it is in staging, with a consumer, who reads what there is; that nothing goes wrong there either is nightly
    (test_environments.py).

    An object that is no gzip any more fails whatever Spark reads with it. One that is deleted between validation and
    Parquet must not be passed over. And a record is written twice into the Parquet.
    """
    seen = {}

    def spoil(run):
        s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
        order_books = validated(run, "order_book")
        seen["spoilt"] = next(iter(order_books))
        folder = seen["spoilt"].rpartition("/")[0]
        # Its whole partition is not written.
        unwritten = [position for key, found in order_books.items() if key.startswith(folder) for position in found]
        s3.put_object(Bucket=bucket, Key=seen["spoilt"], Body=b"no gzip")
        seen["deleted"], vanished = next(iter(validated(run, "market_depth").items()))
        s3.delete_object(Bucket=bucket, Key=seen["deleted"])
        seen["lost"], seen["vanished"] = sorted(unwritten + vanished), vanished

    def look_and_write_a_line_twice(run):
        seen["generated"] = Generated(run)
        seen["written"], seen["known"], seen["open"] = written_partitions(run), catalogue(run), open_rows(run)
        assert run.emulator.client("ec2").describe_vpc_endpoints()["VpcEndpoints"] == []
        consumer_reads_parquet_only(run)
        seen["doubled"] = write_a_line_twice(run)

    monkeypatch.setattr(run_module, "AwsCli", aws_cli)
    given = staging_with_a_consumer(tmp_path, **SMALL)
    interfere = {"transform": spoil, "account": look_and_write_a_line_twice}
    outcome = Outcome(tmp_path / "run", interfere, None, parameters=given, count=1_000)
    summary, printed = outcome.summary, outcome.printed.getvalue()

    assert outcome.exit_code == 1

    year, month, day, hour = (part.partition("=")[2] for part in seen["spoilt"].split("/")[3:7])
    spoilt = ("order_book", f"{year}-{month}-{day}", hour)
    assert f"parquet/feed=order_book/date={spoilt[1]}/hour={hour}/" in summary["error"]
    # Every other new partition is there for Athena, and this one is not: it would look complete.
    assert spoilt not in seen["known"]
    assert seen["known"] == seen["written"]
    assert {table for table, *_ in seen["known"]} >= set(FEEDS) - {"order_book"}
    # What was not done stays to be done, by the next run; what was done does not.
    assert {seen["spoilt"], seen["deleted"]} <= seen["open"]
    left = f"feed=order_book/year={year}/month={month}/day={day}/hour={hour}/"
    assert all(left in key for key in seen["open"] - {seen["deleted"]})

    assert seen["deleted"] in summary["error"]
    assert summary["lost"] == len(seen["lost"])
    assert summary["lost_positions"] == seen["lost"][:100]
    shard, sequence = seen["lost"][0]
    assert f"lost: shard {shard} sequence number {sequence}" in printed
    assert seen["vanished"]

    assert summary["doubled_positions"] == [seen["doubled"]]
    shard, sequence = seen["doubled"]
    assert f"doubled: shard {shard} sequence number {sequence}" in printed

    assert summary["records_in"] == 1_000
    assert summary["foreign"] == 0
    seen["generated"].agrees_with(summary)


def validated(run, feed):
    """The positions in each validated object of a feed, by its key."""
    s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
    found = {}
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=f"validated/market-data/feed={feed}/")["Contents"]:
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        found[entry["Key"]] = [[line["shard"], line["seq"]] for line in lines]
    return found


def open_rows(run):
    """The validated objects that the job has not transformed."""
    rows = run.emulator.client("dynamodb").query(
        TableName=run.resources["ProcessingJobTable"],
        IndexName="StatusIndex",
        KeyConditionExpression="#Status = :validated",
        ExpressionAttributeNames={"#Status": "Status"},
        ExpressionAttributeValues={":validated": {"S": "VALIDATED"}},
    )["Items"]
    return {row["ValidatedKey"]["S"] for row in rows}


def write_a_line_twice(run):
    """The position of the trade that is now in the Parquet twice."""
    s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
    key = s3.list_objects_v2(Bucket=bucket, Prefix="parquet/feed=trade/")["Contents"][0]["Key"]
    content = io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    table = pyarrow.parquet.ParquetFile(content).read()
    row = table.slice(0, 1)
    changed = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.concat_tables([table, row]), changed)
    s3.put_object(Bucket=bucket, Key=key, Body=changed.getvalue())
    return [row["shard_id"][0].as_py(), row["sequence_number"][0].as_py()]
