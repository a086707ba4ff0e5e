"""Parses the SQS event: S3 notifications inside SQS messages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from pipeline_store.errors import UnexpectedEvent


class Message(Struct, frozen=True, rename="camel"):
    """One message of the queue."""

    message_id: str
    body: str


class CreatedObject(Struct, frozen=True):
    """An object that S3 reports as created."""

    bucket: str
    key: str


class _Event(Struct, frozen=True, rename="pascal"):
    records: list[Message]


class _Bucket(Struct, frozen=True):
    name: str


class _Object(Struct, frozen=True):
    key: str


class _S3(Struct, frozen=True):
    bucket: _Bucket
    object: _Object


class _S3Record(Struct, frozen=True, rename="camel"):
    event_name: str
    s3: _S3


class _Notification(Struct, frozen=True, rename="pascal"):
    records: list[_S3Record] = []
    event: str = ""


def messages(event: Mapping[str, Any]) -> list[Message]:
    """The messages in an SQS event."""
    try:
        return msgspec.convert(event, _Event).records
    except msgspec.ValidationError as error:
        raise UnexpectedEvent(f"not an SQS event: {error}") from None


def created_objects(message: Message) -> list[CreatedObject]:
    """The objects that a notification names; none for the test message S3 sends when a notification is configured."""
    try:
        notification = msgspec.json.decode(message.body, type=_Notification)
    except msgspec.DecodeError as error:
        raise UnexpectedEvent(f"message {message.message_id} is not an S3 notification: {error}") from None
    if notification.event != "s3:TestEvent" and not notification.records:
        raise UnexpectedEvent(f"message {message.message_id} is not an S3 notification: it names no object")
    return [
        # S3 URL-encodes keys: `year%3D2026`, a space as a plus sign.
        CreatedObject(bucket=record.s3.bucket.name, key=unquote_plus(record.s3.object.key))
        for record in notification.records
        if record.event_name.startswith("ObjectCreated:")
    ]
