"""Parses Lambda's Kinesis event into typed records."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from market_data.envelope import milliseconds
from pipeline_store.errors import UnexpectedEvent


class StreamRecord(Struct, frozen=True, gc=False):
    """One stream record and its position."""

    shard: str
    sequence: str
    partition_key: str
    arrival_ms: int
    data: bytes


class _Kinesis(Struct, frozen=True, gc=False, rename="camel"):
    sequence_number: str
    partition_key: str
    approximate_arrival_timestamp: float
    data: bytes  # msgspec decodes the base64


class _Record(Struct, frozen=True, gc=False):
    kinesis: _Kinesis
    event_id: str = msgspec.field(name="eventID")


class _Event(Struct, frozen=True, rename="pascal"):
    records: list[_Record]


def stream_records(event: Mapping[str, Any]) -> list[StreamRecord]:
    """The records in a Kinesis event."""
    try:
        records = msgspec.convert(event, _Event).records
    except msgspec.ValidationError as error:
        raise UnexpectedEvent(f"not a Kinesis event: {error}") from None
    return [
        StreamRecord(
            # "shardId-000000000003:4965..."
            shard=record.event_id.partition(":")[0],
            sequence=record.kinesis.sequence_number,
            partition_key=record.kinesis.partition_key,
            # The only place where the time is a float.
            arrival_ms=milliseconds(record.kinesis.approximate_arrival_timestamp),
            data=record.kinesis.data,
        )
        for record in records
    ]
