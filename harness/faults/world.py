"""The world of one schedule: AWS, the stream, the clock, and what was put."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from .aws.dynamodb import DynamoDb, Schema
from .aws.expressions import Item
from .aws.glue import Glue
from .aws.s3 import S3
from .aws.sqs import Sqs
from .process import Calls, Client
from .stream import Position, Stream, StreamRecord

RAW, PROCESSED, FAILED = "raw", "processed", "failed"
JOBS, LINEAGE = "jobs", "lineage"
VALIDATION, CRASHES, REJECTED = "validation-queue", "validation-crash-dlq", "validation-dlq"
DATABASE, STREAM_NAME = "catalogue", "market"
#: The template's index.
STATUS_INDEX = "StatusIndex"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 22:30 UTC: two schedules' puts reach the next hour.
BEGINNING = 1_795_386_600.0


class Rules(NamedTuple):
    """What a verdict is made under: the parameter NonPositivePriceExchanges, and the rules' code."""

    nonpositive: str = "DERIBIT,IFEU,XCME,XNYM"
    code: str = "new"


class World:
    """AWS, the stream and the clock."""

    def __init__(self) -> None:
        self.seconds = BEGINNING
        self.calls = Calls()
        self.s3 = S3(self.now, self._created)
        schemas = {
            JOBS: Schema("JobId", "Timestamp", {STATUS_INDEX: ("Status", "Timestamp")}),
            LINEAGE: Schema("DatasetId", "ProcessingTimestamp"),
        }
        self.dynamodb = DynamoDb(schemas, self._row_changed)
        self.sqs = Sqs(lambda: self.seconds)
        self.glue = Glue(f"s3://{PROCESSED}/parquet/feed={{}}/")
        self.clients = {
            name: Client(self.calls, name, backend)
            for name, backend in (("s3", self.s3), ("dynamodb", self.dynamodb), ("sqs", self.sqs), ("glue", self.glue))
        }
        self.stream = Stream(shards=2)
        self.rules = Rules()
        #: Every rules that was ever deployed.
        self.deployed: list[Rules] = [self.rules]
        #: S3's notifications that are under way: keys of the raw bucket.
        self.events: list[str] = []
        self.sent: dict[Position, StreamRecord] = {}
        self.metrics: Counter[str] = Counter()
        #: Log lines: (process, its facts).
        self.log: list[tuple[str, dict[str, Any]]] = []
        #: Rows whose stage fell under the same verdict.
        self.stages_that_fell: list[str] = []

    def now(self) -> datetime:
        """The time."""
        return _EPOCH + timedelta(seconds=self.seconds)

    def put(self, random: Random, data: bytes) -> None:
        """A producer puts a record on the stream."""
        record = self.stream.put(random, data, round(self.seconds * 1000))
        self.sent[record.position] = record

    def notify(self, key: str) -> None:
        """S3's message about a new raw object reaches the queue."""
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": RAW}, "object": {"key": quote_plus(key)}}}
        self.sqs.send_message(QueueUrl=VALIDATION, MessageBody=json.dumps({"Records": [record]}))

    def count(self, counts: dict[str, int]) -> None:
        """A line of metrics."""
        self.metrics.update(counts)

    def _created(self, bucket: str, key: str) -> None:
        # The template's filter.
        if bucket == RAW and key.startswith("market-data/"):
            self.events.append(key)

    def _row_changed(self, table: str, before: Item | None, after: Item) -> None:
        if table != JOBS or not before or "Stage" not in before:
            return
        # A verdict that replaces one whose object is lost begins again.
        if int(before["Stage"]["N"]) > int(after["Stage"]["N"]) and before.get("Rules") == after.get("Rules"):
            self.stages_that_fell.append(after["JobId"]["S"])
