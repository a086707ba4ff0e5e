"""The validator as Lambda runs it, on emulated AWS."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from data_validation import handler
from data_validation.rules_digest import rules_digest
from market_data import DEFAULT_NON_POSITIVE_EXCHANGES
from pipeline_store.errors import ConfigurationError
from pipeline_store.keys import rejected_key, validated_key
from tests.unit.data_validation.notifications import TEST_EVENT, created, raw_object, sqs_event
from tests.unit.kinesis_consumer.stream import SHARD, TRADE, message
from tests.unit.pipeline_store.emulated_aws import JOBS, LINEAGE, PROCESSED, RAW, EmulatedAws, metrics_of, refuse

FREE = TRADE.replace(b"154.10", b"-37.63")
RULES = rules_digest(DEFAULT_NON_POSITIVE_EXCHANGES)
CONTEXT = SimpleNamespace(aws_request_id="request-1")


@pytest.fixture(autouse=True)
def _deployed(aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = {
        "RAW_BUCKET": RAW, "PROCESSED_BUCKET": PROCESSED, "JOB_TABLE": JOBS, "LINEAGE_TABLE": LINEAGE,
        "REJECTED_QUEUE_URL": aws.rejected_url, "POWERTOOLS_SERVICE_NAME": "data_validation",
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NON_POSITIVE_PRICE_EXCHANGES", raising=False)
    handler.wiring.cache_clear()
    yield
    handler.wiring.cache_clear()


@pytest.fixture
def key(aws: EmulatedAws) -> str:
    """A raw object with one valid record and one that is refused."""
    name, body = raw_object([message(1), message(2, FREE)])
    aws.s3.put_object(Bucket=RAW, Key=name, Body=body)
    return name


def invoke(*bodies: str) -> dict[str, Any]:
    return handler.lambda_handler(sqs_event(*bodies), CONTEXT)


def test_an_object_is_taken_apart_and_its_row_moves_on(aws: EmulatedAws, key: str) -> None:
    """Afterwards the job knows what to transform, and operators know what was rejected."""
    answer = invoke(created(key))
    (row,) = aws.rows(JOBS)
    (notice,) = aws.messages()

    assert answer == {"batchItemFailures": []}
    assert aws.keys(PROCESSED) == [validated_key(key, RULES)]
    assert aws.keys(RAW) == [key, rejected_key(key, RULES)]
    assert (row["JobId"], row["Status"], row["ValidatedKey"]) == (key, "VALIDATED", validated_key(key, RULES))
    assert (row["RecordCount"], row["ValidatedCount"], row["RejectedCount"]) == (2, 1, 1)
    assert json.loads(notice)["counts_by_reason"] == {"price_not_positive": 1}
    assert {row["DatasetId"] for row in aws.rows(LINEAGE)} == {
        f"s3://{PROCESSED}/{validated_key(key, RULES)}",
        f"s3://{RAW}/{rejected_key(key, RULES)}",
    }


def test_a_second_notification_changes_nothing(aws: EmulatedAws, key: str) -> None:
    """S3 notifies at least once."""
    invoke(created(key))
    before = aws.rows(JOBS), aws.rows(LINEAGE), aws.keys(RAW), aws.keys(PROCESSED)
    answer = invoke(created(key), created(key))

    assert answer == {"batchItemFailures": []}
    assert (aws.rows(JOBS), aws.rows(LINEAGE), aws.keys(RAW), aws.keys(PROCESSED)) == before
    assert len(aws.messages()) == 1


def test_the_metrics_are_one_line_with_one_dimension(
    aws: EmulatedAws, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm whose dimensions do not match the metric's never fires."""
    invoke(created(key), TEST_EVENT)

    assert metrics_of("data_validation", capsys.readouterr().out) == {
        "RecordsValidated": [1.0], "ValidationFailures": [1.0], "ObjectsValidated": [1.0], "Redeliveries": [0.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "refused"),
    [
        pytest.param("DERIBIT, XNYS", 0, id="listed"),
        pytest.param("DERIBIT", 1, id="not-listed"),
        pytest.param("", 1, id="none-at-all"),
    ],
)
def test_the_exchanges_that_go_below_zero_are_a_variable(
    aws: EmulatedAws, key: str, monkeypatch: pytest.MonkeyPatch, listed: str, refused: int
) -> None:
    """The template passes a comma-delimited parameter, which may be empty."""
    monkeypatch.setenv("NON_POSITIVE_PRICE_EXCHANGES", listed)
    invoke(created(key))

    assert [row["RejectedCount"] for row in aws.rows(JOBS)] == [refused]


def test_a_missing_grant_crashes_in_the_words_of_aws(
    aws: EmulatedAws, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Role and action: exactly what the template lacks. The row does not change, so the object is retried."""
    text = "User: arn:aws:sts::1:assumed-role/validator is not authorized to perform: sqs:sendmessage"
    refuse("sqs.SendMessage", 403, "AccessDenied", text)
    with pytest.raises(ClientError) as caught:
        invoke(created(key))

    assert text in str(caught.value)
    assert aws.rows(JOBS) == []
    (logged,) = caplog.records
    assert logged.levelname == "WARNING"
    (failed,) = vars(logged)["failed"]
    assert (failed["url"], failed["sequences"]["shard"]) == (f"s3://{RAW}/{key}", SHARD)
    assert [failed["sequences"][end] for end in ("first", "last")] == [message(n).sequence for n in (1, 2)]


def test_a_conflict_has_only_its_message_delivered_again(
    aws: EmulatedAws, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Partial batch response: the test message in the same batch succeeds."""
    refuse("s3.PutObject", 409, "ConditionalRequestConflict", "another put is under way")
    answer = invoke(TEST_EVENT, created(key))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert metrics_of("data_validation", capsys.readouterr().out)["Redeliveries"] == [1.0]


def test_an_object_that_is_gone_crashes(aws: EmulatedAws) -> None:
    """Raw data is the record and nothing deletes it, so somebody must investigate."""
    name, _ = raw_object([message(1)])
    with pytest.raises(ClientError, match="NoSuchKey"):
        invoke(created(name))


@pytest.mark.parametrize("variable", ["PROCESSED_BUCKET", "REJECTED_QUEUE_URL"])
def test_a_missing_variable_crashes_in_one_line(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The first symptom of an incomplete deployment."""
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigurationError, match=variable):
        invoke(TEST_EVENT)


def test_the_lineage_of_a_raw_object_names_the_stream_if_it_is_known(
    aws: EmulatedAws, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that the consumer would have written."""
    monkeypatch.setenv("STREAM_NAME", "market")
    invoke(created(key))
    (row,) = [row for row in aws.rows(LINEAGE) if row["DatasetId"] == f"s3://{RAW}/{key}"]

    assert (row["SourceLocation"], row["Transformation"]) == (f"kinesis://market/{SHARD}", "INGEST")
    assert (row["FirstSequence"], row["LastSequence"], row["RecordCount"]) == (
        message(1).sequence,
        message(2).sequence,
        2,
    )
