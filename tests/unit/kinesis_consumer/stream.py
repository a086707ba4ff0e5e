"""Stream messages, for tests."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from kinesis_consumer.core import Stores, Tally, process
from kinesis_consumer.events import StreamRecord
from market_data.envelope import RawRecord, decode_quarantine_line, decode_raw_line, unpack
from tests.unit.pipeline_store.fakes import FakeJobs, FakeLineage, FakeObjects, World

SHARD = "shardId-000000000003"
#: 22:04:46.123 UTC, in the middle of an hour.
ARRIVAL_MS = 1_795_385_086_123
HOUR_MS = 3_600_000
#: Real sequence numbers have 56 digits: they overflow int64, and floats cannot distinguish neighbours.
FIRST_SEQUENCE = 49_650_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_003
NOW = datetime(2026, 11, 22, 22, 4, 50, tzinfo=UTC)

TRADE = b'{"symbol":"IBM","price":154.10,"volume":"100","timestamp":"2026-11-22T22:04:46Z","exchange":"XNYS"}'
ORDER_BOOK = (
    b'{"type":"order_book","symbol":"BTC-USD","exchange":"COINBASE","timestamp":"2026-11-22T22:04:46Z",'
    b'"book":"L2","event":"update","bids":[{"price":"1.50","volume":"0"}],"asks":[]}'
)
MARKET_DEPTH = (
    b'{"type":"market_depth","symbol":"BTC-USD","exchange":"COINBASE","timestamp":"2026-11-22T22:04:46Z",'
    b'"depth":1,"bids":[{"price":"1.50","volume":"2"}],"asks":[]}'
)
UNKNOWN = b'{"type":"weather","is":"fine"}'
MULTILINE_TRADE = TRADE.replace(b",", b",\r\n ")
KPL_AGGREGATE = b"\xf3\x89\x9a\xc2" + b"\x00\x0a\xff" * 8
NO_JSON = b'{"symbol":'
NO_UTF8 = b'{"symbol":"\xff"}'


def message(number: int, data: bytes = TRADE, *, arrival_ms: int = ARRIVAL_MS, shard: str = SHARD) -> StreamRecord:
    """The message with this number in its shard."""
    return StreamRecord(shard, str(FIRST_SEQUENCE + number), f"key-{number}", arrival_ms, data)


def kinesis_event(records: Iterable[StreamRecord]) -> dict[str, Any]:
    """The Lambda event for these messages."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence,
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrival_ms / 1000,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{record.shard}:{record.sequence}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/consumer",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/market",
            }
            for record in records
        ]
    }


def raw_lines(body: bytes) -> list[RawRecord]:
    """The records in a raw object."""
    return [decode_raw_line(line) for line in unpack(BytesIO(body))]


def records_in(key: str, body: bytes) -> list[RawRecord]:
    """The records in an object of either kind."""
    if key.startswith("quarantine/"):
        return [decode_quarantine_line(line).record for line in unpack(BytesIO(body))]
    return raw_lines(body)


class Bench:
    """The consumer's core between fakes."""

    def __init__(self, world: World | None = None, now: datetime = NOW) -> None:
        self.world = world or World()
        self.objects = FakeObjects(self.world)
        self.jobs = FakeJobs(self.world)
        self.lineage = FakeLineage(self.world)
        self.tally = Tally()
        self._now = now
        # Objects are written once, so each is read only once.
        self._unpacked: dict[str, dict[tuple[str, str], bytes]] = {}

    def deliver(self, records: Iterable[StreamRecord]) -> list[str]:
        """Process one batch; return the sequence numbers to redeliver."""
        self.tally = Tally()
        stores = Stores(self.objects, self.jobs, self.lineage, "market", self.world.counted.update)
        try:
            answer = process(list(records), stores, lambda: self._now, self.tally)
        except Exception:
            self.world.counted.update(self.tally.as_metrics())
            raise
        self.world.counted.update(self.tally.as_metrics())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def counted(self) -> int:
        """How many records were counted, whichever way."""
        return self.world.counted["RecordsIngested"] + self.world.counted["RecordsUndecodable"]

    def stored(self) -> dict[tuple[str, str], bytes]:
        """Every record in every object, by its position."""
        for key in self.objects.kept.keys() - self._unpacked.keys():
            self._unpacked[key] = {record.position: record.data for record in records_in(key, self.objects.kept[key])}
        return {position: data for records in self._unpacked.values() for position, data in records.items()}

    def stored_in(self, keys: Iterable[str]) -> set[tuple[str, str]]:
        """The positions of the records in these objects."""
        self.stored()
        return {position for key in keys for position in self._unpacked[key]}
