"""Rows and store interfaces without AWS: what the cores and the tests' fakes depend on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol, Self

from msgspec import Struct

from .keys import SequenceRange
from .stages import Transformation


class JobKey(Struct, frozen=True):
    """Key of a job row: the raw object's key and its first record's arrival, in milliseconds since the epoch."""

    raw_key: str
    first_arrival_ms: int


class IngestedJob(Struct, frozen=True):
    """The attributes of a job row that the consumer writes."""

    key: JobKey
    feed: str
    source_bucket: str
    record_count: int
    ingested_at: str


class ValidatedJob(Struct, frozen=True):
    """The attributes the validator writes. They repeat the consumer's, because the validator may write first.

    The row decides: the objects it names are the verdict, and one that no row names is an orphan, which nobody reads.
    """

    key: JobKey
    feed: str
    source_bucket: str
    record_count: int
    validated_count: int
    rejected_count: int
    validated_key: str | None
    quarantine_key: str | None
    #: Digest of the rules that the verdict was made under.
    rules: str
    ingested_at: str
    validated_at: str


class LineageRow(Struct, frozen=True):
    """The source of one object. Computed from its records alone, so that whoever writes it writes the same row."""

    dataset: str
    first_arrival_ms: int
    source: str
    transformation: Transformation
    first_sequence: str
    last_sequence: str
    record_count: int
    digest: str

    @classmethod
    def of(
        cls, url: str, first_arrival_ms: int, source: str, transformation: Transformation, sequences: SequenceRange
    ) -> Self:
        """The row of the object at `url`, which holds these records."""
        first, last, count, digest = sequences.first, sequences.last, sequences.count, sequences.digest
        return cls(url, first_arrival_ms, source, transformation, first, last, count, digest)


class JobState(Struct, frozen=True):
    """What a job row says of an object's verdict: the objects it names, and the rules they were made under."""

    stage: int = 0
    validated_key: str | None = None
    quarantine_key: str | None = None
    rules: str | None = None


class StoredObject(Struct, frozen=True):
    """An object's bytes and its last-modified time."""

    body: bytes
    written_at: datetime


class ObjectStore(Protocol):
    """A bucket whose objects are written once."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    def put_once(self, key: str, body: bytes) -> bool:
        """Write the object unless it exists; return whether this call wrote it."""
        ...


class ReadableStore(ObjectStore, Protocol):
    """A bucket that can also be read."""

    def get(self, key: str, limit: int) -> StoredObject:
        """Read an object; OversizedObject if it has more than `limit` bytes."""
        ...

    def find(self, key: str, limit: int) -> StoredObject | None:
        """Read an object; None if it is missing or may not be read."""
        ...


class JobTable(Protocol):
    """The job rows. A row's stage only rises, except by `replaced`."""

    def ingested(self, job: IngestedJob) -> bool:
        """Mark an object ingested; False if its row is already at this stage or later."""
        ...

    def validated(self, job: ValidatedJob) -> bool:
        """Mark an object validated; False if it already was: the first verdict stays."""
        ...

    def replaced(self, job: ValidatedJob, rules: str | None) -> bool:
        """Replace the verdict made under `rules`, None if its row does not say; False if the row has another."""
        ...

    def state(self, key: JobKey) -> JobState:
        """What the object's row says; the default if it has none."""
        ...


class Counters(Protocol):
    """The metrics."""

    def __call__(self, counts: Mapping[str, int]) -> None:
        """Count at once, so that a kill afterwards takes nothing back."""
        ...


class LineageTable(Protocol):
    """The lineage rows."""

    def record(self, row: LineageRow) -> None:
        """Write the row. Idempotent."""
        ...


def source_of(stream: str, shard: str) -> str:
    """A shard of the stream, as the source of a lineage row."""
    return f"kinesis://{stream}/{shard}"


def rfc3339(moment: datetime) -> str:
    """A time as written in rows: 2026-11-22T22:04:46.123Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
