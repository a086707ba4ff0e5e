"""Decides which partitions are rebuilt, in which order, and whether files may be replaced. No AWS, no Spark."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipeline_store.columns import FIELDS
from pipeline_store.keys import RAW_PREFIX, VALIDATED_PREFIX, parse_key, raw_folder, raw_key_of

from .errors import TransformFailed


class Partition(NamedTuple):
    """One feed's records of one arrival hour: the unit that is rebuilt."""

    feed: str
    date: str
    hour: str

    @property
    def arrival_hour(self) -> datetime:
        """The hour in which its records arrived."""
        return datetime.fromisoformat(f"{self.date}T{self.hour}").replace(tzinfo=UTC)

    @property
    def source(self) -> str:
        """Its folder under the source prefix."""
        return raw_folder(self.feed, self.arrival_hour).removeprefix(RAW_PREFIX)

    @property
    def place(self) -> str:
        """Its sort key: its time, then its feed."""
        return f"{self.date}/{self.hour}/{self.feed}"

    @property
    def target(self) -> str:
        """Its folder under the target prefix."""
        return f"feed={self.feed}/date={self.date}/hour={self.hour}/"


class JobRow(NamedTuple):
    """A job row at the stage VALIDATED or TRANSFORMED. `job_id` is the raw object's key."""

    job_id: str
    timestamp: str
    #: None if no record was valid.
    validated_key: str | None
    #: How many were.
    records: int


@dataclass
class Work:
    """The work on one partition, and its results."""

    partition: Partition
    #: The rows to mark when done, without those whose object is missing.
    job_rows: list[JobRow]
    #: Validated objects to read, by raw key: of these rows, and of those that earlier runs have marked.
    objects: dict[str, str]
    #: How many records each has, as its row says.
    records: dict[str, int]
    #: Objects of rows that earlier runs have marked, by raw key, that are missing now.
    missing: dict[str, str]
    buckets: int
    #: Bytes to read.
    size: int
    #: ETags of the existing files, by bucket.
    files: dict[int, str] = field(default_factory=dict)
    #: Distinct positions read, by bucket.
    positions: dict[int, int] = field(default_factory=dict)
    lines: int = 0
    #: Lines read of each object, by raw key.
    read: dict[str, int] = field(default_factory=dict)
    #: Keys and sizes of the staged files, by bucket. More than one means that two tasks wrote the bucket.
    staged: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    #: What `count_staged` found in them, by bucket.
    counted: dict[int, Any] = field(default_factory=dict)

    def blank(self) -> Work:
        """The same work without results."""
        named = (self.objects, self.records, self.missing)
        return Work(self.partition, self.job_rows, *named, self.buckets, self.size, self.files)

    def name(self, bucket: int) -> str:
        """The file name of a bucket."""
        return f"bucket-{bucket}-of-{self.buckets}.parquet"


#: Partitions that are staged together: a Spark job takes seconds however little it reads. A day of one feed.
GROUP_PARTITIONS = 24
#: Compressed bytes that are staged together, unless one partition has more: about an hour of ten full shards. What a
#: killed run repeats, and the space that staging and Spark's disks need, do not grow with the backlog.
GROUP_BYTES = 8 * 2**30

_TARGET_NAME = re.compile(r"bucket-(0|[1-9][0-9]*)-of-([1-9][0-9]*)\.parquet")
#: The template's maximum of `ParquetBucketsPerPartition`. Each bucket is a task, so a foreign file's name must not say
#: how many there are: a run with a billion tasks would end for all partitions.
_MAX_BUCKETS = 256


def partition_of(row: JobRow, source_prefix: str) -> Partition | None:
    """The partition of a row's validated object; None if the row names no such object of its raw object."""
    key = row.validated_key or ""
    try:
        parsed = parse_key(key)
        raw_key = raw_key_of(key)
    except ValueError:
        return None
    if parsed.prefix != VALIDATED_PREFIX or parsed.feed not in FIELDS or not key.startswith(source_prefix):
        return None
    return Partition(parsed.feed, f"{parsed.hour:%Y-%m-%d}", f"{parsed.hour:%H}") if raw_key == row.job_id else None


def divided_into(etags: Mapping[str, str]) -> tuple[int, dict[int, str]]:
    """The number of buckets of a partition that has files, else 0; and its files' ETags, by name and then by bucket.

    Raises TransformFailed for other files.

    A partition keeps its first number of buckets: with another, its symbols would move to other files.
    """
    files: dict[int, str] = {}
    counts: set[int] = set()
    for name, etag in etags.items():
        match = _TARGET_NAME.fullmatch(name)
        if match is None or not int(match[1]) < int(match[2]) <= _MAX_BUCKETS:
            raise TransformFailed(f"{name} was not written by this job, and queries would read it")
        files[int(match[1])] = etag
        counts.add(int(match[2]))
    if len(counts) > 1:
        raise TransformFailed(f"its files have different numbers of buckets: {' and '.join(map(str, sorted(counts)))}")
    return (counts.pop() if counts else 0), files


def objections(work: Work) -> list[str]:
    """Why the partition's files must not be replaced by the staged ones; empty if they may."""
    found = []
    for raw_key, key in sorted(work.objects.items()):
        lines = work.read.get(raw_key, 0)
        if lines != work.records[raw_key]:
            holds = f"holds {lines} records, and its row says {work.records[raw_key]}" if lines else "is empty"
            found.append(f"{key} {holds}")
    for bucket in sorted({*work.positions, *work.staged, *work.counted}):
        name = work.name(bucket)
        expected, files = work.positions.get(bucket, 0), len(work.staged.get(bucket, ()))
        counted = work.counted.get(bucket)
        rows, positions = (counted.rows, counted.positions) if counted else (0, 0)
        if counted and counted.lost:
            raw_key, shard, sequence = counted.lost_position
            found.append(
                f"{name} would lose {counted.lost} positions, such as {shard} {sequence} of {raw_key}: "
                + _why_lost(work, raw_key)
            )
        if not rows == positions == expected or files != bool(expected):
            staged = f"{rows} rows of {positions} positions staged in {files} files"
            found.append(f"{name}: {expected} positions read, but {staged}")
    return found


def _why_lost(work: Work, raw_key: str) -> str:
    if raw_key in work.missing:
        return f"its row names {work.missing[raw_key]}, which is missing"
    if raw_key in work.objects:
        return f"its row names {work.objects[raw_key]}, which does not hold it"
    return f"no row of {raw_key} in this partition names a validated object"


def in_order(hours: Iterable[datetime], begin_after: str) -> Iterator[tuple[datetime, bool]]:
    """The hours newest first, rotated to begin after a place; an empty one means the newest.

    The hour of that place comes twice: first (False) for the places before it, and last (True) for the others.
    """
    newest_first = sorted(hours, reverse=True)
    boundary = begin_after.rpartition("/")[0]
    yield from ((hour, False) for hour in newest_first if f"{hour:%Y-%m-%d/%H}" <= boundary)
    yield from ((hour, True) for hour in newest_first if f"{hour:%Y-%m-%d/%H}" >= boundary)


def grouped(work: Iterable[Work]) -> Iterator[list[Work]]:
    """The work in groups that are staged together. Each has at least one partition."""
    group: list[Work] = []
    for each in work:
        if group and (len(group) == GROUP_PARTITIONS or sum(one.size for one in group) + each.size > GROUP_BYTES):
            yield group
            group = []
        group.append(each)
    if group:
        yield group
