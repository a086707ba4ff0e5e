"""Validates objects: reads, has them judged, stores both parts and moves the row. No AWS, no clock."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field

from market_data.envelope import RawRecord
from pipeline_store.errors import OversizedObject, RetryableFailure, UnexpectedEvent
from pipeline_store.keys import RAW_PREFIX, SequenceRange, parse_key, rejected_key, validated_key
from pipeline_store.limits import MAX_RAW_BYTES, MAX_RECORDS, MAX_VERDICT_BYTES
from pipeline_store.rows import (
    Counters,
    JobKey,
    JobState,
    JobTable,
    LineageRow,
    LineageTable,
    ReadableStore,
    ValidatedJob,
    rfc3339,
    source_of,
)
from pipeline_store.stages import Stage, Transformation

from .events import CreatedObject, Message, created_objects
from .verdicts import Part, Verdict, has_lines_of, judge, read_records, sequences_in


class UnrepeatableVerdict(Exception):
    """The same rules judged these records differently before. A bug, or somebody changed the object: crash."""


class VerdictNotReplaceable(Exception):
    """A verdict's object is missing, and the rules of today reject records that it accepted.

    They may be in Parquet, which never loses a record by itself. Crash: a person must decide.
    """


class RejectedQueue(Protocol):
    """Notifies operators of objects with rejected records."""

    def send(self, notice: Mapping[str, Any]) -> None:
        """Send the notice, at least once."""
        ...


class Stores(Struct, frozen=True):
    """What validation reads and writes: buckets, tables, queue and metrics, and the stream's name if it is known."""

    raw: ReadableStore
    processed: ReadableStore
    jobs: JobTable
    lineage: LineageTable
    rejected: RejectedQueue
    count: Counters
    stream: str = ""


class FailedObject(Struct, frozen=True):
    """An object that an invocation failed on, and where its records are on the stream; None if its key is not ours."""

    url: str
    sequences: SequenceRange | None


class Tally(Struct):
    """What one invocation did. Filled in as it runs, because a crash returns nothing."""

    objects: int = 0
    validated: int = 0
    rejected: int = 0
    #: Objects that a row named and that were missing.
    restored: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    redeliveries: list[str] = field(default_factory=list)
    failed: list[FailedObject] = field(default_factory=list)

    @property
    def is_odd(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.restored or self.ignored or self.redeliveries or self.failed)

    def as_metrics(self) -> dict[str, int]:
        """What is not yet counted at the end of the invocation; nothing, as a rule.

        Everything a row names is counted at least once, and exactly once without a fault: records are counted right
        before their row is written (`Validator._finish`), and a message that comes again finds the row and counts
        nothing. Only a row that could not be written, or lost its answer, is counted again by the retry.
        """
        if self.objects and not self.redeliveries:
            return {}
        return _counts(redeliveries=len(self.redeliveries))


class RawObject(Struct, frozen=True):
    """A raw object and its records."""

    job: JobKey
    records: list[RawRecord]
    sequences: SequenceRange
    feed: str
    written_at: datetime


class Placed(Struct, frozen=True):
    """A part of a verdict, and where it is stored."""

    store: ReadableStore
    key: str
    part: Part
    transformation: Transformation

    @property
    def url(self) -> str:
        """The object's URL, as lineage rows name it."""
        return f"s3://{self.store.bucket}/{self.key}"


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
                try:
                    self._validate(each, tally)
                except Exception:
                    tally.failed.append(FailedObject(f"s3://{each.bucket}/{each.key}", _sequences(each.key)))
                    raise
        except RetryableFailure as failure:
            tally.redeliveries.append(str(failure))
            failed.append(message.message_id)

    def _validate(self, created: CreatedObject, tally: Tally) -> None:
        if created.bucket != self.stores.raw.bucket:
            raise UnexpectedEvent(f"s3://{created.bucket}/{created.key} is not in {self.stores.raw.bucket}")
        if not created.key.startswith(RAW_PREFIX):
            tally.ignored.append(f"s3://{created.bucket}/{created.key} is not market data")
            return
        raw = self._read(created.key)
        row = self.stores.jobs.state(raw.job)
        if row.stage >= Stage.VALIDATED:
            self._restore(raw, row, tally)
            return
        if not row.stage and self.stores.stream:
            self._complete_lineage(raw)
        self._finish(raw, judge(raw.records, raw.feed, self.allow_nonpositive), self.stores.jobs.validated, tally)

    def _read(self, key: str) -> RawObject:
        promised = parse_key(key)
        if promised.sequence_range.count > MAX_RECORDS:
            raise OversizedObject(f"{key} names more records than a batch has, {MAX_RECORDS:,}")
        stored = self.stores.raw.get(key, MAX_RAW_BYTES)
        records = read_records(key, stored.body)
        job = JobKey(key, min(record.arrival_ms for record in records))
        return RawObject(job, records, promised.sequence_range, str(promised.feed), stored.written_at)

    def _complete_lineage(self, raw: RawObject) -> None:
        # The consumer writes this row before its job row. Without a job row it has not come so far yet, or never will:
        # a retry may have regrouped the batch. The same row, so it does not matter who writes it last.
        url = f"s3://{self.stores.raw.bucket}/{raw.job.raw_key}"
        source = source_of(self.stores.stream, raw.sequences.shard)
        self.stores.lineage.record(
            LineageRow.of(url, raw.job.first_arrival_ms, source, Transformation.INGEST, raw.sequences)
        )

    def _finish(self, raw: RawObject, verdict: Verdict, write: Callable[[ValidatedJob], bool], tally: Tally) -> None:
        """Store both parts, count them and write the row, in this order."""
        for each in self._placed(raw, verdict):
            # An existing object is from an attempt under the same rules.
            if not each.store.put_once(each.key, each.part.body):
                before = each.store.get(each.key, MAX_VERDICT_BYTES)
                if not has_lines_of(before.body, each.part):
                    raise UnrepeatableVerdict(f"{each.url} holds another verdict than its rules give now")
            self._record(raw, each)
        if verdict.rejected:
            self._notify(raw, verdict, verdict.rejected.sequence_range)
        # Counted before the row is written, which makes a retry skip the object. So a kill leaves nothing uncounted.
        self.stores.count(_counts(1, verdict.validated_count, verdict.rejected_count))
        tally.objects += 1
        tally.validated += verdict.validated_count
        tally.rejected += verdict.rejected_count
        # The row is written last: until then the object is not validated, and a retry repeats everything. It names the
        # verdict; what another attempt under other rules has left is an orphan, which nobody reads.
        write(
            ValidatedJob(
                key=raw.job,
                feed=raw.feed,
                source_bucket=self.stores.raw.bucket,
                record_count=raw.sequences.count,
                validated_count=verdict.validated_count,
                rejected_count=verdict.rejected_count,
                validated_key=validated_key(raw.job.raw_key, self.rules) if verdict.valid else None,
                quarantine_key=rejected_key(raw.job.raw_key, self.rules) if verdict.rejected else None,
                rules=self.rules,
                ingested_at=rfc3339(raw.written_at),
                validated_at=rfc3339(self.clock()),
            )
        )

    def _restore(self, raw: RawObject, row: JobState, tally: Tally) -> None:
        """Make sure that what the row names exists: S3 has notified again, or a person has sent the message again.

        One call for each object that the row names, unless one is missing. Under the same rules it is made again. Under
        others the verdict is replaced, if that takes nothing out of Parquet.
        """
        if row.rules == self.rules:
            # Their lineage is there: it was written before the row.
            placed = self._placed(raw, judge(raw.records, raw.feed, self.allow_nonpositive))
            if {each.key for each in placed} != {row.validated_key, row.quarantine_key} - {None}:
                raise UnrepeatableVerdict(f"the job row of {raw.job.raw_key} names another verdict than its rules give")
            for each in placed:
                if each.store.put_once(each.key, each.part.body):
                    tally.restored.append(each.url)
            return
        accepted = self._accepted(raw, row)
        if accepted is None:
            return
        verdict = judge(raw.records, raw.feed, self.allow_nonpositive)
        lost = accepted - (sequences_in(verdict.valid.body) if verdict.valid else set())
        if lost:
            raise VerdictNotReplaceable(
                f"an object of {raw.job.raw_key} under rules {row.rules} is missing, and rules {self.rules} reject "
                f"{len(lost)} records, such as {min(lost, key=int)}, that were valid or may have been"
            )
        self._finish(raw, verdict, lambda job: self.stores.jobs.replaced(job, row.rules), tally)
        tally.restored.append(f"s3://{self.stores.raw.bucket}/{raw.job.raw_key}")

    def _accepted(self, raw: RawObject, row: JobState) -> set[str] | None:
        """The sequence numbers that the row's verdict accepted, or may have; None if all its objects exist.

        An object that may not be read counts as missing. That is safe: the verdict that replaces it accepts all of its
        records, and the object becomes an orphan.
        """
        valid = self._sequences_in(self.stores.processed, row.validated_key)
        rejected = self._sequences_in(self.stores.raw, row.quarantine_key)
        if valid is not None and rejected is not None:
            return None
        return valid if valid is not None else {record.seq for record in raw.records} - (rejected or set())

    def _sequences_in(self, store: ReadableStore, key: str | None) -> set[str] | None:
        """What an object that a row names holds: nothing if the row names none, None if it is missing."""
        if key is None:
            return set()
        found = store.find(key, MAX_VERDICT_BYTES)
        return None if found is None else sequences_in(found.body)

    def _placed(self, raw: RawObject, verdict: Verdict) -> list[Placed]:
        """The parts that have records, with their places under the rules of today."""
        key, stores = raw.job.raw_key, self.stores
        places = (
            (stores.processed, validated_key(key, self.rules), verdict.valid, Transformation.VALIDATE),
            (stores.raw, rejected_key(key, self.rules), verdict.rejected, Transformation.QUARANTINE),
        )
        return [Placed(store, key, part, made) for store, key, part, made in places if part]

    def _record(self, raw: RawObject, each: Placed) -> None:
        source = f"s3://{self.stores.raw.bucket}/{raw.job.raw_key}"
        self.stores.lineage.record(
            LineageRow.of(each.url, raw.job.first_arrival_ms, source, each.transformation, each.part.sequence_range)
        )

    def _notify(self, raw: RawObject, verdict: Verdict, sequences: SequenceRange) -> None:
        self.stores.rejected.send(
            {
                "version": 1,
                "bucket": self.stores.raw.bucket,
                "raw_key": raw.job.raw_key,
                "quarantine_key": rejected_key(raw.job.raw_key, self.rules),
                "rejected": sequences.count,
                "counts_by_reason": verdict.counts_by_reason,
                "first_position": {"shard": sequences.shard, "seq": sequences.first},
            }
        )


def _counts(objects: int = 0, validated: int = 0, rejected: int = 0, redeliveries: int = 0) -> dict[str, int]:
    return {
        "RecordsValidated": validated,
        "ValidationFailures": rejected,
        "ObjectsValidated": objects,
        "Redeliveries": redeliveries,
    }


def _sequences(key: str) -> SequenceRange | None:
    try:
        return parse_key(key).sequence_range
    except ValueError:
        return None
