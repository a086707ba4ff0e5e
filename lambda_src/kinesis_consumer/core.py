"""Assigns each record of a batch to an object and stores it. No AWS, no clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from market_data import RejectedRecord, feed_of
from market_data.envelope import encode_quarantine_line, encode_raw_line, pack
from pipeline_store.errors import RetryableFailure
from pipeline_store.keys import UNDECODABLE_PREFIX, ObjectKey, SequenceRange, hour_of
from pipeline_store.rows import (
    Counters,
    IngestedJob,
    JobKey,
    JobTable,
    LineageRow,
    LineageTable,
    ObjectStore,
    rfc3339,
    source_of,
)
from pipeline_store.stages import Transformation

from .events import StreamRecord


class Stores(Struct, frozen=True):
    """Where a batch is stored and counted, and the name of its stream."""

    objects: ObjectStore
    jobs: JobTable
    lineage: LineageTable
    stream: str
    count: Counters


class Tally(Struct):
    """Counts of one invocation. Filled in as it runs, because a crash returns nothing."""

    received: int = 0
    ingested: int = 0
    undecodable: int = 0
    objects: int = 0
    redelivery: str | None = None
    #: Where the records of a batch that failed are on the stream, by shard.
    failed: list[SequenceRange] = field(default_factory=list)

    def as_metrics(self) -> dict[str, int]:
        """Counts at the end of the invocation.

        Everything stored is counted at least once, and exactly once without a fault. A record counts when its object is
        there, whoever wrote it: a put that lost its answer, or a kill, leaves nothing uncounted, but a retry counts
        again. RecordsUndecodable has an alarm, so it is printed before the put (`_store`); here it is zero.
        """
        return {
            "RecordsIngested": self.ingested,
            "RecordsUndecodable": 0,
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
    except Exception as failure:
        # All of them, because feeds are interleaved: if the retries run out, they go to the on-failure destination.
        tally.failed = _ranges(records)
        if not isinstance(failure, RetryableFailure):
            raise
        tally.redelivery = str(failure)
        # Retry from the first record, because feeds are interleaved. Objects already written are not written again.
        first = min(records, key=lambda record: int(record.sequence))
        return {"batchItemFailures": [{"itemIdentifier": first.sequence}]}
    return {"batchItemFailures": []}


def _ranges(records: Sequence[StreamRecord]) -> list[SequenceRange]:
    shards: dict[str, list[str]] = {}
    for record in records:
        shards.setdefault(record.shard, []).append(record.sequence)
    return [SequenceRange.of(shard, sequences) for shard, sequences in shards.items()]


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
    if batch_object.feed is None:
        # Before the put: if every try were killed right after it, nothing would ever count the object.
        stores.count({"RecordsUndecodable": sequences.count})
        tally.undecodable += sequences.count
    # Object first: a row must never name a missing object. If the object exists, an earlier attempt may have stopped
    # right after writing it, so count it and write the rows anyway.
    stores.objects.put_once(key, batch_object.body)
    tally.objects += 1
    tally.ingested += 0 if batch_object.feed is None else sequences.count
    # The job row last: an object that has one has its lineage too, and the validator need not write it.
    stores.lineage.record(
        LineageRow.of(
            f"s3://{stores.objects.bucket}/{key}",
            batch_object.first_arrival_ms,
            source_of(stores.stream, sequences.shard),
            Transformation.QUARANTINE if batch_object.feed is None else Transformation.INGEST,
            sequences,
        )
    )
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
