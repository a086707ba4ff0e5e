"""The consumer as Lambda runs it, on emulated AWS."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, count, cycle, repeat
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kinesis_consumer import handler
from kinesis_consumer.events import StreamRecord
from market_data import MAX_RECORD_BYTES
from pipeline_store.errors import ConfigurationError, UnexpectedEvent
from pipeline_store.keys import parse_key
from tests.hostile import HOSTILE_BYTES, aggregate
from tests.unit.kinesis_consumer.stream import (
    KPL_AGGREGATE,
    MULTILINE_TRADE,
    ORDER_BOOK,
    SHARD,
    TRADE,
    kinesis_event,
    message,
    records_in,
)
from tests.unit.pipeline_store.emulated_aws import JOBS, LINEAGE, RAW, EmulatedAws, metrics_of, refuse

BATCH = [message(1), message(2, ORDER_BOOK), message(3, KPL_AGGREGATE), message(4)]
CONTEXT = SimpleNamespace(aws_request_id="request-1")


@pytest.fixture(autouse=True)
def _deployed(aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = {
        "RAW_BUCKET": RAW, "JOB_TABLE": JOBS, "LINEAGE_TABLE": LINEAGE, "STREAM_NAME": "market",
        "POWERTOOLS_SERVICE_NAME": "kinesis_consumer",
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    handler.wiring.cache_clear()
    yield
    handler.wiring.cache_clear()


def invoke(batch: Any = BATCH) -> dict[str, Any]:
    return handler.lambda_handler(kinesis_event(batch), CONTEXT)


def test_a_batch_lands_in_the_raw_bucket_and_both_tables(aws: EmulatedAws) -> None:
    """The entry of the pipeline: no later stage can detect what is missing here."""
    answer = invoke()
    stored = {record.position for key in aws.keys(RAW) for record in records_in(key, aws.body(RAW, key))}
    raw_keys = sorted(key for key in aws.keys(RAW) if key.startswith("market-data/"))

    assert answer == {"batchItemFailures": []}
    assert stored == {(SHARD, record.sequence) for record in BATCH}
    assert [parse_key(key).feed for key in raw_keys] == ["order_book", "trade"]
    assert sorted(row["JobId"] for row in aws.rows(JOBS)) == raw_keys
    assert {row["Status"] for row in aws.rows(JOBS)} == {"INGESTED"}
    assert sorted(row["DatasetId"] for row in aws.rows(LINEAGE)) == sorted(f"s3://{RAW}/{key}" for key in aws.keys(RAW))
    assert {row["SourceLocation"] for row in aws.rows(LINEAGE)} == {f"kinesis://market/{SHARD}"}


def test_a_redelivered_batch_changes_nothing(aws: EmulatedAws) -> None:
    """At-least-once delivery is normal, not an incident."""
    invoke()
    before = {key: aws.s3.head_object(Bucket=RAW, Key=key)["LastModified"] for key in aws.keys(RAW)}
    rows = aws.rows(JOBS), aws.rows(LINEAGE)
    answer = invoke()

    assert answer == {"batchItemFailures": []}
    assert {key: aws.s3.head_object(Bucket=RAW, Key=key)["LastModified"] for key in aws.keys(RAW)} == before
    assert (aws.rows(JOBS), aws.rows(LINEAGE)) == rows


def test_the_metrics_are_one_line_with_one_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm whose dimensions do not match the metric's never fires."""
    invoke()

    assert metrics_of("kinesis_consumer", capsys.readouterr().out) == {
        # The undecodable record before its object is put, the rest when all is done.
        "RecordsUndecodable": [1.0, 0.0], "RecordsIngested": [3.0], "ObjectsWritten": [3.0], "Redeliveries": [0.0],
    }  # fmt: skip


def test_the_lines_printed_do_not_grow_with_the_batch(capsys: pytest.CaptureFixture[str]) -> None:
    """One log line per record costs more than the record."""
    printed = []
    for size in (1, 50):
        invoke([message(n) for n in range(size)])
        printed.append(len(capsys.readouterr().out.splitlines()))

    assert printed[0] == printed[1]


def test_a_missing_grant_crashes_in_the_words_of_aws(
    aws: EmulatedAws, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Role and action: exactly what the template lacks. Records written before the failure are counted."""
    text = "User: arn:aws:sts::1:assumed-role/consumer is not authorized to perform: dynamodb:UpdateItem"
    refuse("dynamodb.UpdateItem", 400, "AccessDeniedException", text)
    with pytest.raises(ClientError) as caught:
        invoke()

    assert text in str(caught.value)
    assert len(aws.keys(RAW)) == 1
    assert metrics_of("kinesis_consumer", capsys.readouterr().out)["ObjectsWritten"] == [1.0]
    (logged,) = caplog.records
    (failed,) = vars(logged)["failed"]
    assert (failed["shard"], failed["first"], failed["last"]) == (SHARD, message(1).sequence, message(4).sequence)
    assert logged.levelname == "WARNING"


def test_a_conflicting_put_has_the_batch_delivered_again(aws: EmulatedAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Two tries of a batch can overlap if the first one times out."""
    refuse("s3.PutObject", 409, "ConditionalRequestConflict", "another put is under way")
    answer = invoke()

    assert answer == {"batchItemFailures": [{"itemIdentifier": BATCH[0].sequence}]}
    assert metrics_of("kinesis_consumer", capsys.readouterr().out)["Redeliveries"] == [1.0]


def test_a_missing_variable_crashes_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first symptom of an incomplete deployment."""
    monkeypatch.delenv("RAW_BUCKET")
    with pytest.raises(ConfigurationError, match="RAW_BUCKET"):
        invoke()


def test_another_event_crashes() -> None:
    with pytest.raises(UnexpectedEvent):
        handler.lambda_handler({"Records": [{"body": "{}"}]}, CONTEXT)


# -------------------------------------------------------------------------------------------- as much as fits ----
#: Lambda's maximum event size. It limits a batch long before BatchSize does.
PAYLOAD_BYTES = 6 * 1024 * 1024
#: Kinesis's maximum record size, partition key included.
MEBIBYTE = 1024 * 1024


def trade_of(size: int) -> bytes:
    """A valid trade of exactly that many bytes."""
    head = TRADE[:-1] + b',"extra":{"padding":"'
    return head + b"x" * (size - len(head) - 3) + b'"}}'


def filled(payloads: Iterable[bytes]) -> list[StreamRecord]:
    """The largest batch of these payloads, in turn, that fits into an event."""
    batch: list[StreamRecord] = []
    size = len(json.dumps(kinesis_event([])))
    for number, data in zip(count(), payloads, strict=False):
        record = message(number, data)
        size += len(json.dumps(kinesis_event([record]))) - len(json.dumps(kinesis_event([]))) + 2 * bool(batch)
        if size > PAYLOAD_BYTES:
            break
        batch.append(record)
    return batch


LARGEST = b'{"a":1' + b" " * (MEBIBYTE - len("key-0") - 7) + b"}"
UNDECODABLE = [LARGEST, aggregate([TRADE, TRADE]), *(raw for raw, _ in HOSTILE_BYTES)]
SMALL = [TRADE, ORDER_BOOK, MULTILINE_TRADE, *UNDECODABLE[1:]]


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param(filled(repeat(TRADE)), id="small-records"),
        pytest.param(filled(chain([trade_of(MAX_RECORD_BYTES)] * 5, repeat(TRADE))), id="five-as-large-as-valid"),
        pytest.param(filled(chain([LARGEST, trade_of(MAX_RECORD_BYTES)] * 2, cycle(SMALL))), id="large-small-good-bad"),
        pytest.param(filled(chain([LARGEST] * 4, cycle(SMALL))), id="four-as-large-as-the-stream-takes"),
    ],
)
def test_an_event_as_long_as_lambda_takes_is_stored_byte_for_byte(aws: EmulatedAws, batch: list[StreamRecord]) -> None:
    """A full event can hold anything: thousands of small records, a few huge ones, good and bad."""
    event = json.dumps(kinesis_event(batch))
    answer = handler.lambda_handler(json.loads(event), CONTEXT)
    stored = {key: records_in(key, aws.body(RAW, key)) for key in aws.keys(RAW)}
    set_aside = [record.data for key, records in stored.items() if key.startswith("quarantine/") for record in records]

    assert PAYLOAD_BYTES - 2_000 < len(event) <= PAYLOAD_BYTES
    assert answer == {"batchItemFailures": []}
    assert sorted((record.seq, record.data) for records in stored.values() for record in records) == [
        (record.sequence, record.data) for record in batch
    ]
    assert Counter(set_aside) == Counter(record.data for record in batch if record.data in UNDECODABLE)
    assert len(stored) <= 4, "one object a feed"
