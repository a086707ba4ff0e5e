"""Job rows only move forward; lineage rows can be written twice."""

from dataclasses import dataclass

import msgspec
import pytest
from botocore.exceptions import ClientError

from pipeline_store.jobs import DynamoJobs
from pipeline_store.keys import raw_key, rejected_key, validated_key
from pipeline_store.lineage import DynamoLineage
from pipeline_store.rows import IngestedJob, JobKey, JobState, LineageRow, ValidatedJob
from pipeline_store.stages import Stage, Transformation
from tests.unit.pipeline_store.emulated_aws import JOBS, LINEAGE, EmulatedAws

ARRIVAL_MS = 1_795_385_086_123
KEY = JobKey(raw_key("trade", ARRIVAL_MS, "shardId-000000000003", ["1", "2", "3"]), ARRIVAL_MS)
RULES, OTHER_RULES = "0123456789abcdef", "fedcba9876543210"
INGESTED = IngestedJob(key=KEY, feed="trade", source_bucket="raw", record_count=3, ingested_at="2026-11-22T22:04:47Z")
VALIDATED = ValidatedJob(
    key=KEY,
    feed="trade",
    source_bucket="raw",
    record_count=3,
    validated_count=2,
    rejected_count=1,
    validated_key=validated_key(KEY.raw_key, RULES),
    quarantine_key=rejected_key(KEY.raw_key, RULES),
    rules=RULES,
    ingested_at="2026-11-22T22:04:48Z",
    validated_at="2026-11-22T22:04:50.000Z",
)
ALL_REJECTED = msgspec.structs.replace(VALIDATED, validated_count=0, rejected_count=3, validated_key=None)


@dataclass
class Table:
    """The job table, and what the status index lists."""

    aws: EmulatedAws

    def __post_init__(self) -> None:
        """Stand on the real adapter."""
        self.jobs = DynamoJobs(self.aws.dynamodb, JOBS)

    def row(self) -> dict[str, object]:
        """The only row."""
        (row,) = self.aws.rows(JOBS)
        return row

    def listed(self, status: str) -> int:
        """How many rows the index has under the status."""
        return self.aws.dynamodb.query(
            TableName=JOBS,
            IndexName="StatusIndex",
            KeyConditionExpression="#s = :s",
            ExpressionAttributeNames={"#s": "Status"},
            ExpressionAttributeValues={":s": {"S": status}},
        )["Count"]


@pytest.fixture
def table(aws: EmulatedAws) -> Table:
    """An empty job table."""
    return Table(aws)


def test_a_row_says_how_far_its_object_has_come(table: Table) -> None:
    """The job finds objects to transform only in the table."""
    states = [table.jobs.state(KEY)]
    table.jobs.ingested(INGESTED)
    states.append(table.jobs.state(KEY))
    table.jobs.validated(VALIDATED)
    states.append(table.jobs.state(KEY))

    verdict = JobState(Stage.VALIDATED, VALIDATED.validated_key, VALIDATED.quarantine_key, RULES)
    assert states == [JobState(), JobState(Stage.INGESTED), verdict]
    assert table.listed("VALIDATED") == 1
    assert table.listed("INGESTED") == 0
    assert table.row() == {
        "JobId": KEY.raw_key, "Timestamp": KEY.first_arrival_ms, "Stage": 2, "Status": "VALIDATED", "Feed": "trade",
        "SourceBucket": "raw", "RecordCount": 3, "ValidatedCount": 2, "RejectedCount": 1,
        "ValidatedKey": VALIDATED.validated_key, "QuarantineKey": VALIDATED.quarantine_key, "Rules": RULES,
        "IngestedAt": INGESTED.ingested_at, "ValidatedAt": VALIDATED.validated_at,
    }  # fmt: skip


def test_a_late_row_of_the_consumer_does_not_take_the_validators_back(table: Table) -> None:
    """The S3 event can overtake the consumer's write; a row set back would be transformed for ever, or never."""
    table.jobs.validated(VALIDATED)
    before = table.row()
    moved = table.jobs.ingested(INGESTED)

    assert moved is False
    assert table.row() == before
    assert before["IngestedAt"] == VALIDATED.ingested_at


def test_writing_a_row_again_changes_nothing(table: Table) -> None:
    """A redelivered batch must not make its row look younger than it is."""
    table.jobs.ingested(INGESTED)
    moved = table.jobs.ingested(msgspec.structs.replace(INGESTED, ingested_at="2027-01-01T00:00:00.000Z"))

    assert moved is False
    assert table.row()["IngestedAt"] == INGESTED.ingested_at


def test_an_object_with_nothing_valid_is_not_listed_for_transformation(table: Table) -> None:
    """There is no validated object: the job would look for it and fail in every run."""
    table.jobs.ingested(INGESTED)
    moved = table.jobs.validated(ALL_REJECTED)
    row = table.row()

    assert moved is True
    assert row["Stage"] == Stage.TRANSFORMED
    assert "ValidatedKey" not in row
    assert table.listed("INGESTED") == table.listed("VALIDATED") == 0
    # With the partition's transformed rows, so that one query gives all that the partition was built from.
    assert row["Status"] == "TRANSFORMED/trade/2026-11-22/22"
    assert table.listed("TRANSFORMED/trade/2026-11-22/22") == 1


def test_a_transformed_row_is_not_validated_again(table: Table) -> None:
    """Otherwise a late duplicate of the event would make the job rebuild a finished partition."""
    table.jobs.validated(ALL_REJECTED)
    again = table.jobs.validated(ALL_REJECTED), table.jobs.validated(VALIDATED)

    assert again == (False, False)


def test_the_first_verdict_stays(table: Table) -> None:
    """Of two tries under different rules: the job may already have read what the first accepted."""
    table.jobs.validated(VALIDATED)
    moved = table.jobs.validated(msgspec.structs.replace(ALL_REJECTED, rules=OTHER_RULES))

    assert moved is False
    assert (table.row()["Stage"], table.row()["Rules"]) == (Stage.VALIDATED, RULES)


def test_a_verdict_is_replaced_only_by_who_has_seen_it(table: Table) -> None:
    """Two who found an object missing: the second must not replace what the first has put in its place."""
    table.jobs.validated(ALL_REJECTED)
    other = msgspec.structs.replace(VALIDATED, rules=OTHER_RULES)
    moved = [table.jobs.replaced(other, OTHER_RULES), table.jobs.replaced(other, RULES)]
    row = table.row()
    moved.append(table.jobs.replaced(VALIDATED, RULES))

    assert moved == [False, True, False]
    # Back among the open rows, so that the job rebuilds the partition.
    assert (row["Stage"], row["Status"], row["Rules"]) == (Stage.VALIDATED, "VALIDATED", OTHER_RULES)
    assert table.row() == row
    assert (table.listed("VALIDATED"), table.listed("TRANSFORMED/trade/2026-11-22/22")) == (1, 0)


def test_a_verdict_of_a_release_without_rules_in_its_rows_is_replaced_once(table: Table) -> None:
    """The remedy for a lost object is for its rows, too."""
    table.jobs.validated(VALIDATED)
    key = {"JobId": {"S": KEY.raw_key}, "Timestamp": {"N": str(ARRIVAL_MS)}}
    table.aws.dynamodb.update_item(
        TableName=JOBS, Key=key, UpdateExpression="REMOVE #r", ExpressionAttributeNames={"#r": "Rules"}
    )

    assert [table.jobs.replaced(VALIDATED, None), table.jobs.replaced(VALIDATED, None)] == [True, False]
    assert table.row()["Rules"] == RULES


def test_a_missing_table_crashes(aws: EmulatedAws) -> None:
    """Only a failed condition means that the row is further; any other error must be raised."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        DynamoJobs(aws.dynamodb, "no-such-table").ingested(INGESTED)


def test_a_lineage_row_names_source_and_target(aws: EmulatedAws) -> None:
    """Auditors trace a number in Parquet back to its shard through these rows alone."""
    row = LineageRow(
        dataset=f"s3://raw/{KEY.raw_key}",
        first_arrival_ms=KEY.first_arrival_ms,
        source="kinesis://market/shardId-000000000003",
        transformation=Transformation.INGEST,
        first_sequence="1",
        last_sequence="3",
        record_count=3,
        digest="0123456789abcdef",
    )
    for _ in range(2):
        DynamoLineage(aws.dynamodb, LINEAGE).record(row)

    assert aws.rows(LINEAGE) == [
        {
            "DatasetId": row.dataset, "ProcessingTimestamp": KEY.first_arrival_ms, "SourceLocation": row.source,
            "Transformation": "INGEST", "FirstSequence": "1", "LastSequence": "3", "RecordCount": 3,
            "Digest": "0123456789abcdef",
        }
    ]  # fmt: skip
