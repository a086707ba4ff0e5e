"""Hand-written fakes of the bucket and the two tables. They count calls and can be made to fail."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline_store.errors import OversizedObject, RetryableFailure
from pipeline_store.rows import IngestedJob, JobKey, JobState, LineageRow, StoredObject, ValidatedJob
from pipeline_store.stages import Stage

WRITTEN_AT = datetime(2026, 11, 22, 22, 4, 47, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone: no handler of the function runs."""


@dataclass
class World:
    """Shared by all fakes of a test: the calls made, and how many more will succeed."""

    calls: list[str] = field(default_factory=list)
    capacity: int | None = None
    failure: type[BaseException] = RetryableFailure
    #: When the capacity is used up, the call succeeds but its response is lost.
    loses_answers: bool = False
    #: What the functions counted, by metric.
    counted: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Count one call, or fail it with a transient AWS error."""
        failing = self.capacity == 0
        if failing and not self.loses_answers:
            raise self.failure(f"out of luck at: {name}")
        if self.capacity:
            self.capacity -= 1
        self.calls.append(name)
        yield
        if failing:
            raise self.failure(f"out of luck at: {name}")


@dataclass
class FakeObjects:
    """A bucket in memory."""

    world: World
    bucket: str = "raw"
    kept: dict[str, bytes] = field(default_factory=dict)

    def put_once(self, key: str, body: bytes) -> bool:
        """As the protocol says. A raw key identifies one body, so a second one is an error here."""
        with self.world.call(f"put {self.bucket}"):
            created = key not in self.kept
            there = self.kept.setdefault(key, body)
            assert there == body or not key.startswith("market-data/"), f"two different bodies for {key}"
            return created

    def get(self, key: str, limit: int) -> StoredObject:
        """Read an object; a missing one is an error, as on AWS."""
        with self.world.call(f"get {self.bucket}"):
            if len(self.kept[key]) > limit:
                raise OversizedObject(key)
            return StoredObject(self.kept[key], written_at=WRITTEN_AT)

    def find(self, key: str, limit: int) -> StoredObject | None:
        """As the protocol says."""
        with self.world.call(f"find {self.bucket}"):
            return StoredObject(self.kept[key], written_at=WRITTEN_AT) if key in self.kept else None


@dataclass
class FakeJobs:
    """A job table in memory: key to (stage, the row that set it)."""

    world: World
    rows: dict[JobKey, tuple[Stage, IngestedJob | ValidatedJob]] = field(default_factory=dict)

    def ingested(self, job: IngestedJob) -> bool:
        """As the protocol says."""
        return self._advance(Stage.INGESTED, job, below=Stage.INGESTED)

    def validated(self, job: ValidatedJob) -> bool:
        """As the protocol says."""
        return self._advance(Stage.VALIDATED if job.validated_count else Stage.TRANSFORMED, job, below=Stage.VALIDATED)

    def replaced(self, job: ValidatedJob, rules: str | None) -> bool:
        """As the protocol says."""
        with self.world.call("replace job row"):
            if self._state(job.key).rules != rules:
                return False
            self.rows[job.key] = (Stage.VALIDATED if job.validated_count else Stage.TRANSFORMED, job)
            return True

    def state(self, key: JobKey) -> JobState:
        """As the protocol says."""
        with self.world.call("read job row"):
            return self._state(key)

    def _state(self, key: JobKey) -> JobState:
        stage, job = self.rows.get(key, (0, None))
        if isinstance(job, ValidatedJob):
            return JobState(stage, job.validated_key, job.quarantine_key, job.rules)
        return JobState(stage)

    def _advance(self, to: Stage, job: IngestedJob | ValidatedJob, *, below: Stage) -> bool:
        with self.world.call("job row"):
            if job.key in self.rows and self.rows[job.key][0] >= below:
                return False
            self.rows[job.key] = (to, job)
            return True


@dataclass
class FakeLineage:
    """A lineage table in memory."""

    world: World
    rows: dict[tuple[str, int], LineageRow] = field(default_factory=dict)

    def record(self, row: LineageRow) -> None:
        """As the protocol says. A retry must write the same row, which is checked here."""
        with self.world.call("lineage row"):
            assert self.rows.setdefault((row.dataset, row.first_arrival_ms), row) == row


@dataclass
class FakeRejectedQueue:
    """A queue in memory."""

    world: World
    notices: list[Mapping[str, Any]] = field(default_factory=list)

    def send(self, notice: Mapping[str, Any]) -> None:
        """As the protocol says."""
        with self.world.call("send notice"):
            self.notices.append(notice)
