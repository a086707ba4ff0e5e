"""What a row says, and what the tables promise, without AWS: the cores and their fakes know only this."""

from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from .stages import Transformation


class JobKey(Struct, frozen=True):
    """The key of a job row: the raw object's key, and the arrival of its first record."""

    raw_key: str
    first_arrival_ms: int


class IngestedJob(Struct, frozen=True):
    """The consumer's part of a job row."""

    key: JobKey
    feed: str
    source_bucket: str
    record_count: int
    ingested_at: str


class ValidatedJob(Struct, frozen=True):
    """The validator's part of a job row. It repeats the consumer's, because it can be written first."""

    key: JobKey
    feed: str
    source_bucket: str
    record_count: int
    validated_count: int
    rejected_count: int
    validated_key: str | None
    quarantine_key: str | None
    ingested_at: str
    validated_at: str


class LineageRow(Struct, frozen=True):
    """Where one object came from. Made of its records alone, so that a retry writes the very same row."""

    dataset: str
    first_arrival_ms: int
    source: str
    transformation: Transformation
    first_sequence: str
    last_sequence: str
    record_count: int
    digest: str


class StoredObject(Struct, frozen=True):
    """An object's bytes, and when S3 wrote them."""

    body: bytes
    written_at: datetime


class ObjectStore(Protocol):
    """A bucket whose objects are written once."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    def put_once(self, key: str, body: bytes) -> bool:
        """Write the object unless it is there; say whether this call wrote it."""
        ...


class ReadableStore(ObjectStore, Protocol):
    """A bucket that may be read, too."""

    def get(self, key: str) -> StoredObject:
        """Read an object."""
        ...


class JobTable(Protocol):
    """The job rows, which move forward only."""

    def ingested(self, job: IngestedJob) -> bool:
        """Say that an object was ingested; False if its row already says so, or more."""
        ...

    def validated(self, job: ValidatedJob) -> bool:
        """Say that an object was validated; False if its row already says so, or more."""
        ...

    def stage(self, key: JobKey) -> int:
        """How far the object has come; 0 if it has no row."""
        ...


class LineageTable(Protocol):
    """The lineage rows."""

    def record(self, row: LineageRow) -> None:
        """Write the row; writing it again changes nothing."""
        ...


def rfc3339(moment: datetime) -> str:
    """A time as rows say it: 2026-11-22T22:04:46.123Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
