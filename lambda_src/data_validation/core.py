"""Decides which records of an object are valid, and what is written about the object. No AWS, no clock."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

from msgspec import Struct, field

from market_data import RejectedRecord, canonical, flags, parse
from market_data.envelope import RawRecord, decode_raw_line, encode_quarantine_line, encode_validated_line, pack, unpack
from pipeline_store.errors import RetryableFailure, UnexpectedEvent
from pipeline_store.keys import RAW_PREFIX, SequenceRange, parse_key, rejected_key, validated_key
from pipeline_store.rows import JobKey, JobTable, LineageRow, LineageTable, ReadableStore, ValidatedJob, rfc3339
from pipeline_store.stages import Stage, Transformation

from .events import CreatedObject, Message, created_objects


class DamagedObject(Exception):
    """A raw object does not hold the records its key names. The pipeline wrote it, so this is a bug: crash."""


class UnrepeatableVerdict(Exception):
    """The same rules judged these records differently before. A bug, or somebody changed the object: crash."""


class RejectedQueue(Protocol):
    """Notifies operators of objects with rejected records."""

    def send(self, notice: Mapping[str, Any]) -> None:
        """Send the notice, at least once."""
        ...


class Stores(Struct, frozen=True):
    """The buckets, tables and queue that validation reads and writes."""

    raw: ReadableStore
    processed: ReadableStore
    jobs: JobTable
    lineage: LineageTable
    rejected: RejectedQueue


class Tally(Struct):
    """Counts of one invocation. Filled in as it runs, because a crash returns nothing."""

    objects: int = 0
    validated: int = 0
    rejected: int = 0
    ignored: list[str] = field(default_factory=list)
    redeliveries: list[str] = field(default_factory=list)

    def as_metrics(self) -> dict[str, int]:
        """Records count once their object's row has advanced, so a duplicate event is not counted again."""
        return {
            "RecordsValidated": self.validated,
            "ValidationFailures": self.rejected,
            "ObjectsValidated": self.objects,
            "Redeliveries": len(self.redeliveries),
        }


class Part(Struct, frozen=True):
    """Some of an object's records, as they will be stored."""

    sequence_range: SequenceRange
    body: bytes


class Verdict(Struct, frozen=True):
    """An object's records split into valid and rejected. A part without records is None."""

    valid: Part | None
    rejected: Part | None
    counts_by_reason: dict[str, int]


class Validator(Struct, frozen=True):
    """Validates the objects that S3 notifications name."""

    stores: Stores
    clock: Callable[[], datetime]
    allow_nonpositive: frozenset[str]
    #: Digest of the rules, `allow_nonpositive` included.
    rules: str

    def process(self, messages: Sequence[Message], tally: Tally) -> dict[str, Any]:
        """Validate the objects that the messages name; return the messages to redeliver."""
        failed: list[str] = []
        # A crash over one message must not send the rest of the batch to the dead-letter queue. The exit stack runs
        # every callback, last first, and then raises the crash.
        with ExitStack() as stack:
            for message in reversed(messages):
                stack.callback(self._handle, message, tally, failed)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _handle(self, message: Message, tally: Tally, failed: list[str]) -> None:
        try:
            created = created_objects(message)
            if not created:
                tally.ignored.append(f"message {message.message_id} names no new object")
            for each in created:
                self._validate(each, tally)
        except RetryableFailure as failure:
            tally.redeliveries.append(str(failure))
            failed.append(message.message_id)

    def _validate(self, created: CreatedObject, tally: Tally) -> None:
        raw, key = self.stores.raw, created.key
        if created.bucket != raw.bucket:
            raise UnexpectedEvent(f"s3://{created.bucket}/{key} is not in the raw bucket, {raw.bucket}")
        if not key.startswith(RAW_PREFIX):
            tally.ignored.append(f"s3://{created.bucket}/{key} is not market data")
            return
        stored = raw.get(key)
        records = read_records(key, stored.body)
        job = JobKey(key, min(record.arrival_ms for record in records))
        # S3 may deliver a notification twice; operators get one notice.
        if self.stores.jobs.stage(job) >= Stage.VALIDATED:
            return
        verdict = judge(records, self.allow_nonpositive)
        validated, quarantined = self._keep(job, verdict)
        # The row is written last: until then the object is not validated, and a retry repeats everything.
        moved = self.stores.jobs.validated(
            ValidatedJob(
                key=job,
                feed=str(parse_key(key).feed),
                source_bucket=raw.bucket,
                record_count=len(records),
                validated_count=_count(verdict.valid),
                rejected_count=_count(verdict.rejected),
                validated_key=validated,
                quarantine_key=quarantined,
                rules=self.rules,
                ingested_at=rfc3339(stored.written_at),
                validated_at=rfc3339(self.clock()),
            )
        )
        if moved:
            tally.objects += 1
            tally.validated += _count(verdict.valid)
            tally.rejected += _count(verdict.rejected)

    def _keep(self, job: JobKey, verdict: Verdict) -> tuple[str | None, str | None]:
        """Write both parts; return their keys."""
        valid_key, quarantine_key = None, None
        if verdict.valid:
            valid_key = validated_key(job.raw_key, self.rules)
            self._put(self.stores.processed, valid_key, verdict.valid, job, Transformation.VALIDATE)
        if verdict.rejected:
            quarantine_key = rejected_key(job.raw_key, self.rules)
            self._put(self.stores.raw, quarantine_key, verdict.rejected, job, Transformation.QUARANTINE)
            sequences = verdict.rejected.sequence_range
            self.stores.rejected.send(
                {
                    "version": 1,
                    "bucket": self.stores.raw.bucket,
                    "raw_key": job.raw_key,
                    "quarantine_key": quarantine_key,
                    "rejected": sequences.count,
                    "counts_by_reason": verdict.counts_by_reason,
                    "first_position": {"shard": sequences.shard, "seq": sequences.first},
                }
            )
        return valid_key, quarantine_key

    def _put(self, store: ReadableStore, key: str, part: Part, job: JobKey, transformation: Transformation) -> None:
        # An existing object is from an attempt under the same rules, so it has the same lines. The packed bytes may
        # differ between builds of zlib.
        if not store.put_once(key, part.body) and _lines(store.get(key).body) != _lines(part.body):
            raise UnrepeatableVerdict(f"s3://{store.bucket}/{key} holds another verdict than its rules give now")
        self.stores.lineage.record(
            LineageRow(
                dataset=f"s3://{store.bucket}/{key}",
                first_arrival_ms=job.first_arrival_ms,
                source=f"s3://{self.stores.raw.bucket}/{job.raw_key}",
                transformation=transformation,
                first_sequence=part.sequence_range.first,
                last_sequence=part.sequence_range.last,
                record_count=part.sequence_range.count,
                digest=part.sequence_range.digest,
            )
        )


def _lines(body: bytes) -> list[bytes]:
    return list(unpack(BytesIO(body)))


def read_records(key: str, body: bytes) -> list[RawRecord]:
    """The records of a raw object: exactly those its key names. Raises DamagedObject."""
    promised = parse_key(key).sequence_range
    records = [decode_raw_line(line) for line in unpack(BytesIO(body))]
    shards = {record.shard for record in records}
    if shards != {promised.shard} or SequenceRange.of(promised.shard, (record.seq for record in records)) != promised:
        raise DamagedObject(f"{key} does not hold the records its key names")
    return records


def judge(records: Sequence[RawRecord], allow_nonpositive: frozenset[str]) -> Verdict:
    """Validate each record against the contract."""
    valid: list[tuple[str, bytes]] = []
    rejected: list[tuple[str, bytes]] = []
    reasons: Counter[str] = Counter()
    for raw in records:
        try:
            record = parse(raw.data, allow_nonpositive=allow_nonpositive)
        except RejectedRecord as error:
            reasons[error.reason.value] += 1
            line = encode_quarantine_line(
                raw.shard, raw.seq, raw.key, raw.arrival_ms, raw.data, reason=error.reason, detail=error.detail
            )
            rejected.append((raw.seq, line))
        else:
            marks = flags(record, raw.arrival_ns)
            valid.append((raw.seq, encode_validated_line(raw.shard, raw.seq, raw.arrival_ms, marks, canonical(record))))
    shard = records[0].shard
    return Verdict(valid=_part(shard, valid), rejected=_part(shard, rejected), counts_by_reason=dict(reasons))


def _part(shard: str, lines: Sequence[tuple[str, bytes]]) -> Part | None:
    if not lines:
        return None
    return Part(sequence_range=SequenceRange.of(shard, (seq for seq, _ in lines)), body=pack(line for _, line in lines))


def _count(part: Part | None) -> int:
    return part.sequence_range.count if part else 0
