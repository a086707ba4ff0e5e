"""Assigns each record of a batch to an object and stores it. No AWS, no clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from market_data import RejectedRecord, feed_of
from market_data.envelope import encode_quarantine_line, encode_raw_line, pack
from pipeline_store.errors import RetryableFailure
from pipeline_store.keys import UNDECODABLE_PREFIX, ObjectKey, SequenceRange, hour_of
from pipeline_store.rows import IngestedJob, JobKey, JobTable, LineageRow, LineageTable, ObjectStore, rfc3339
from pipeline_store.stages import Transformation

from .events import StreamRecord


class Stores(Struct, frozen=True):
    """Where a batch is stored, and the name of its stream."""

    objects: ObjectStore
    jobs: JobTable
    lineage: LineageTable
    stream: str


class Tally(Struct):
    """Counts of one invocation. Filled in as it runs, because a crash returns nothing."""

    received: int = 0
    ingested: int = 0
    undecodable: int = 0
    objects: int = 0
    redelivery: str | None = None

    def as_metrics(self) -> dict[str, int]:
        """Records count once their object is written, so a retry counts none twice."""
        return {
            "RecordsIngested": self.ingested,
            "RecordsUndecodable": self.undecodable,
            "ObjectsWritten": self.objects,
            "Redeliveries": 0 if self.redelivery is None else 1,
        }


class BatchObject(Struct, frozen=True):
    """The records of a batch that go into one object. `feed` is None for undecodable records."""

    feed: str | None
    sequence_range: SequenceRange
    first_arrival_ms: int
    body: bytes

    @property
    def key(self) -> str:
        """The object's key. The hour is the arrival hour, so a retry writes the same key."""
        prefix = UNDECODABLE_PREFIX if self.feed is None else ""
        return str(ObjectKey(prefix, self.feed, hour_of(self.first_arrival_ms), self.sequence_range))


def process(
    records: Sequence[StreamRecord], stores: Stores, clock: Callable[[], datetime], tally: Tally
) -> dict[str, Any]:
    """Store a batch. The number of AWS calls depends on its feeds and hours, never on its size."""
    tally.received = len(records)
    try:
        for batch_object in batch_objects(records):
            _store(batch_object, stores, clock, tally)
    except RetryableFailure as failure:
        tally.redelivery = str(failure)
        # Retry from the first record, because feeds are interleaved. Objects already written are not written again.
        first = min(records, key=lambda record: int(record.sequence))
        return {"batchItemFailures": [{"itemIdentifier": first.sequence}]}
    return {"batchItemFailures": []}


def batch_objects(records: Sequence[StreamRecord]) -> Iterator[BatchObject]:
    """Split a batch by shard, arrival hour and feed. A bad record never fails the batch: it is quarantined."""
    groups: dict[tuple[str, datetime, str | None], list[tuple[int, StreamRecord, bytes]]] = {}
    for record in records:
        feed: str | None
        position = (record.shard, record.sequence, record.partition_key, record.arrival_ms)
        try:
            feed = feed_of(record.data)
        except RejectedRecord as error:
            feed = None
            line = encode_quarantine_line(*position, record.data, reason=error.reason, detail=error.detail)
        else:
            line = encode_raw_line(*position, record.data)
        group = groups.setdefault((record.shard, hour_of(record.arrival_ms), feed), [])
        group.append((int(record.sequence), record, line))
    for (shard, _, feed), group in groups.items():
        group.sort(key=lambda entry: entry[0])
        yield BatchObject(
            feed=feed,
            sequence_range=SequenceRange.of(shard, (record.sequence for _, record, _ in group)),
            first_arrival_ms=min(record.arrival_ms for _, record, _ in group),
            body=pack(line for _, _, line in group),
        )


def _store(batch_object: BatchObject, stores: Stores, clock: Callable[[], datetime], tally: Tally) -> None:
    key, sequences = batch_object.key, batch_object.sequence_range
    # Object first: a row must never name a missing object. If the object exists, an earlier attempt may have stopped
    # right after writing it, so write the rows anyway.
    if stores.objects.put_once(key, batch_object.body):
        tally.objects += 1
        if batch_object.feed is None:
            tally.undecodable += sequences.count
        else:
            tally.ingested += sequences.count
    if batch_object.feed is not None:
        stores.jobs.ingested(
            IngestedJob(
                key=JobKey(key, batch_object.first_arrival_ms),
                feed=batch_object.feed,
                source_bucket=stores.objects.bucket,
                record_count=sequences.count,
                ingested_at=rfc3339(clock()),
            )
        )
    stores.lineage.record(
        LineageRow(
            dataset=f"s3://{stores.objects.bucket}/{key}",
            first_arrival_ms=batch_object.first_arrival_ms,
            source=f"kinesis://{stores.stream}/{sequences.shard}",
            transformation=Transformation.QUARANTINE if batch_object.feed is None else Transformation.INGEST,
            first_sequence=sequences.first,
            last_sequence=sequences.last,
            record_count=sequences.count,
            digest=sequences.digest,
        )
    )
