"""The pipeline's AWS resources in moto: evidence for requests and responses, none for permissions."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

RAW, PROCESSED, JOBS, LINEAGE, REJECTED = "raw", "processed", "jobs", "lineage", "rejected"


@dataclass
class EmulatedAws:
    """Clients, and shortcuts to inspect the resources."""

    s3: Any
    dynamodb: Any
    sqs: Any
    rejected_url: str

    def keys(self, bucket: str) -> list[str]:
        """Every key in the bucket."""
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def body(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of the table, without DynamoDB's types."""
        return [
            {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
            for item in self.dynamodb.scan(TableName=table)["Items"]
        ]

    def messages(self) -> list[str]:
        """The message bodies on the rejected-records queue."""
        answer = self.sqs.receive_message(QueueUrl=self.rejected_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in answer.get("Messages", [])]


@contextmanager
def emulated_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedAws]:
    """An account with the resources that the template creates."""
    # Fake on purpose: a test that reaches real AWS must fail, not bill us.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # A session of the test's own, so that what `refuse` does to it ends with the test.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        s3, dynamodb, sqs = (boto3.client(service) for service in ("s3", "dynamodb", "sqs"))
        for bucket in (RAW, PROCESSED):
            s3.create_bucket(Bucket=bucket)
        _create_table(dynamodb, JOBS, ("JobId", "Timestamp"), ("StatusIndex", "Status", "Timestamp"))
        _create_table(dynamodb, LINEAGE, ("DatasetId", "ProcessingTimestamp"), ("SourceIndex", "SourceLocation"))
        yield EmulatedAws(s3, dynamodb, sqs, sqs.create_queue(QueueName=REJECTED)["QueueUrl"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedAws]:
    """An account with buckets, tables and a queue."""
    with emulated_aws(monkeypatch) as account:
        yield account


def metrics_of(service: str, printed: str) -> dict[str, list[float]]:
    """What a function published: the values of its lines in the embedded metric format, by metric."""
    published: dict[str, list[float]] = {}
    for line in printed.splitlines():
        if '"_aws"' in line:
            emitted = json.loads(line)
            (directive,) = emitted["_aws"]["CloudWatchMetrics"]
            # An alarm whose dimensions do not match the metric's never fires.
            assert (directive["Namespace"], directive["Dimensions"]) == ("FinancialPipeline", [["service"]])
            assert emitted["service"] == service
            for metric in directive["Metrics"]:
                published.setdefault(metric["Name"], []).extend(emitted[metric["Name"]])
    return published


def _create_table(dynamodb: Any, name: str, keys: tuple[str, str], index: tuple[str, ...]) -> None:
    types = dict.fromkeys((*keys, *index[1:]), "S") | {keys[1]: "N"}
    projection = {"ProjectionType": "ALL"}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in types.items()],
        KeySchema=_schema(keys),
        GlobalSecondaryIndexes=[{"IndexName": index[0], "KeySchema": _schema(index[1:]), "Projection": projection}],
    )


def _schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


def refuse(operation: str, status: int, code: str, text: str) -> None:
    """Have AWS answer this operation with an error, for every client made from now on (in this test)."""
    body = f'{{"__type": "{code}", "message": "{text}"}}'
    if operation.startswith("s3."):
        body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {}, _Body(body.encode()))

    # Before moto's own handler, which answers everything.
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first(f"before-send.{operation}", answer)


class _Body(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        """Read like urllib3's response."""
        yield self.read()
