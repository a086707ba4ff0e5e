"""Raw objects and their S3 notifications, for tests."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_plus

from kinesis_consumer.core import batch_objects
from kinesis_consumer.events import StreamRecord
from tests.unit.pipeline_store.emulated_aws import RAW


def raw_object(records: Iterable[StreamRecord]) -> tuple[str, bytes]:
    """Key and body of the object that the consumer makes of these records."""
    (batch_object,) = batch_objects(list(records))
    return batch_object.key, batch_object.body


def created(*keys: str, bucket: str = RAW, event: str = "ObjectCreated:Put") -> str:
    """S3's notification of new objects, as the body of a message: keys are encoded like a URL's query."""
    records = [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": event,
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                "object": {"key": quote_plus(key, safe="/"), "size": 1, "sequencer": "0055AED6DCD90281E5"},
            },
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


#: What S3 sends when the notification is set up; it names no object.
TEST_EVENT = json.dumps(
    {
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-22T22:04:46.123Z", "Bucket": RAW,
        "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
    }
)  # fmt: skip


def sqs_event(*bodies: str) -> dict[str, Any]:
    """The Lambda event for these messages, with ids m0, m1, ..."""
    return {
        "Records": [
            {
                "messageId": f"m{number}", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": body,
                "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:validation", "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }  # fmt: skip
