"""Which object each record of a batch belongs into, and what happens when one cannot be written. No AWS, no clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from market_data import RejectedRecord, feed_of
from market_data.envelope import encode_quarantine_line, encode_raw_line, pack
from pipeline_store.errors import RetryableFailure
from pipeline_store.keys import UNDECODABLE_PREFIX, ObjectKey, Stretch, hour_of
from pipeline_store.rows import (
    IngestedJob,
    JobKey,
    JobTable,
    LineageRow,
    LineageTable,
    ObjectStore,
    rfc3339,
)
from pipeline_store.stages import Transformation

from .events import StreamRecord


class Stores(Struct, frozen=True):
    """Where a batch goes, and the name of the stream it comes from."""

    objects: ObjectStore
    jobs: JobTable
    lineage: LineageTable
    stream: str


class Tally(Struct):
    """What an invocation did. It is filled in on the way, because a crash has no return value."""

    received: int = 0
    ingested: int = 0
    undecodable: int = 0
    objects: int = 0
    redelivery: str | None = None

    def as_metrics(self) -> dict[str, int]:
        """Records are counted with the object that they came into, so that a retry counts nothing twice."""
        return {
            "RecordsIngested": self.ingested,
            "RecordsUndecodable": self.undecodable,
            "ObjectsWritten": self.objects,
            "Redeliveries": 0 if self.redelivery is None else 1,
        }


class Parcel(Struct, frozen=True):
    """The records of a batch that belong into one object. `feed` is None for what cannot be decoded."""

    feed: str | None
    stretch: Stretch
    first_arrival_ms: int
    body: bytes

    @property
    def key(self) -> str:
        """The object's key. The hour is the arrival's, so that a replay lands where the first try did."""
        prefix = UNDECODABLE_PREFIX if self.feed is None else ""
        return str(ObjectKey(prefix, self.feed, hour_of(self.first_arrival_ms), self.stretch))


def process(
    records: Sequence[StreamRecord], stores: Stores, clock: Callable[[], datetime], tally: Tally
) -> dict[str, Any]:
    """Store a batch, in a number of calls that depends on its feeds and hours and never on its size."""
    tally.received = len(records)
    try:
        for parcel in parcels(records):
            _store(parcel, stores, clock, tally)
    except RetryableFailure as failure:
        tally.redelivery = str(failure)
        # From the first record on, because a batch's feeds are interleaved. What was written already is found again.
        first = min(records, key=lambda record: int(record.sequence))
        return {"batchItemFailures": [{"itemIdentifier": first.sequence}]}
    return {"batchItemFailures": []}


def parcels(records: Sequence[StreamRecord]) -> Iterator[Parcel]:
    """Split a batch by shard, arrival hour and feed. One record never fails the others: at worst it is set aside."""
    groups: dict[tuple[str, datetime, str | None], list[tuple[int, StreamRecord, bytes]]] = {}
    for record in records:
        feed: str | None
        position = (record.shard, record.sequence, record.partition_key, record.arrival_ms)
        try:
            feed = feed_of(record.data)
        except RejectedRecord as refusal:
            feed = None
            line = encode_quarantine_line(*position, record.data, reason=refusal.reason, detail=refusal.detail)
        else:
            line = encode_raw_line(*position, record.data)
        group = groups.setdefault((record.shard, hour_of(record.arrival_ms), feed), [])
        group.append((int(record.sequence), record, line))
    for (shard, _, feed), group in groups.items():
        group.sort(key=lambda entry: entry[0])
        yield Parcel(
            feed=feed,
            stretch=Stretch.of(shard, (record.sequence for _, record, _ in group)),
            first_arrival_ms=min(record.arrival_ms for _, record, _ in group),
            body=pack(line for _, _, line in group),
        )


def _store(parcel: Parcel, stores: Stores, clock: Callable[[], datetime], tally: Tally) -> None:
    key, stretch = parcel.key, parcel.stretch
    # The object first: a row without its object would promise what is not there. When the object is there already, an
    # earlier try may have ended right after it, so the rows are written all the same.
    if stores.objects.put_once(key, parcel.body):
        tally.objects += 1
        if parcel.feed is None:
            tally.undecodable += stretch.count
        else:
            tally.ingested += stretch.count
    if parcel.feed is not None:
        stores.jobs.ingested(
            IngestedJob(
                key=JobKey(key, parcel.first_arrival_ms),
                feed=parcel.feed,
                source_bucket=stores.objects.bucket,
                record_count=stretch.count,
                ingested_at=rfc3339(clock()),
            )
        )
    stores.lineage.record(
        LineageRow(
            dataset=f"s3://{stores.objects.bucket}/{key}",
            first_arrival_ms=parcel.first_arrival_ms,
            source=f"kinesis://{stores.stream}/{stretch.shard}",
            transformation=Transformation.QUARANTINE if parcel.feed is None else Transformation.INGEST,
            first_sequence=stretch.first,
            last_sequence=stretch.last,
            record_count=stretch.count,
            digest=stretch.digest,
        )
    )
