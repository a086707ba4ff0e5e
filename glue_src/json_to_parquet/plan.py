"""Decides which partitions are rebuilt, in which order, and whether files may be replaced. No AWS, no Spark."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pipeline_store.keys import RAW_PREFIX, VALIDATED_PREFIX, parse_key, raw_folder

from .columns import FIELDS
from .errors import TransformFailed


class Partition(NamedTuple):
    """One feed's records of one arrival hour: the unit that is rebuilt."""

    feed: str
    date: str
    hour: str

    @property
    def source(self) -> str:
        """Its folder under the source prefix."""
        hour = datetime.fromisoformat(f"{self.date}T{self.hour}")
        return raw_folder(self.feed, hour).removeprefix(RAW_PREFIX)

    @property
    def target(self) -> str:
        """Its folder under the target prefix."""
        return f"feed={self.feed}/date={self.date}/hour={self.hour}/"


class JobRow(NamedTuple):
    """A job row at the stage VALIDATED."""

    job_id: str
    timestamp: str
    validated_key: str


@dataclass
class Work:
    """The work on one partition, and its results."""

    partition: Partition
    #: The rows to mark when done, without those whose object is missing.
    job_rows: list[JobRow]
    buckets: int
    #: Bytes to read.
    size: int
    #: ETags of the existing files, by bucket.
    files: dict[int, str] = field(default_factory=dict)
    #: Distinct positions read, by bucket.
    positions: dict[int, int] = field(default_factory=dict)
    lines: int = 0
    #: Keys of the raw objects whose validated lines were read.
    read: set[str] = field(default_factory=set)
    #: Keys and sizes of the staged files, by bucket. More than one means that two tasks wrote the bucket.
    staged: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    #: What `count_staged` found in them, by bucket.
    counted: dict[int, Any] = field(default_factory=dict)

    def blank(self) -> Work:
        """The same work without results."""
        return Work(self.partition, self.job_rows, self.buckets, self.size, self.files)

    def name(self, bucket: int) -> str:
        """The file name of a bucket."""
        return f"bucket-{bucket}-of-{self.buckets}.parquet"


_TARGET_NAME = re.compile(r"bucket-(\d+)-of-(\d+)\.parquet")


def partition_of(validated_key: str, source_prefix: str) -> Partition | None:
    """The partition of a validated object; None if its key is not one of the pipeline's."""
    try:
        key = parse_key(validated_key)
    except ValueError:
        return None
    if key.prefix != VALIDATED_PREFIX or key.feed not in FIELDS or not validated_key.startswith(source_prefix):
        return None
    return Partition(key.feed, f"{key.hour:%Y-%m-%d}", f"{key.hour:%H}")


def divided_into(etags: Mapping[str, str], default: int) -> tuple[int, dict[int, str]]:
    """The number of buckets of a partition, and its files' ETags, by name and then by bucket.

    Raises TransformFailed for other files.

    A partition keeps its first number of buckets: with another, its symbols would move to other files.
    """
    files: dict[int, str] = {}
    counts: set[int] = set()
    for name, etag in etags.items():
        match = _TARGET_NAME.fullmatch(name)
        if match is None:
            raise TransformFailed(f"{name} was not written by this job, and queries would read it")
        files[int(match[1])] = etag
        counts.add(int(match[2]))
    if len(counts) > 1:
        raise TransformFailed(f"its files have different numbers of buckets: {' and '.join(map(str, sorted(counts)))}")
    return (counts.pop() if counts else default), files


def objections(work: Work) -> list[str]:
    """Why the partition's files must not be replaced by the staged ones, per file; empty if they may."""
    found = []
    for bucket in sorted({*work.positions, *work.staged, *work.counted}):
        name = work.name(bucket)
        expected, files = work.positions.get(bucket, 0), len(work.staged.get(bucket, ()))
        counted = work.counted.get(bucket)
        rows, positions = (counted.rows, counted.positions) if counted else (0, 0)
        if counted and counted.lost:
            found.append(f"{name} would lose {counted.lost} positions, such as {counted.lost_position}")
        if not rows == positions == expected or files != bool(expected):
            staged = f"{rows} rows of {positions} positions staged in {files} files"
            found.append(f"{name}: {expected} positions read, but {staged}")
    return found


def place(work: Work) -> str:
    """Sort key of a partition: its time, then its feed."""
    return f"{work.partition.date}/{work.partition.hour}/{work.partition.feed}"


def beginning_at(begin_at: str, work: Iterable[Work]) -> list[Work]:
    """Partitions newest first, rotated to begin at `begin_at`; an empty one means the newest."""
    ordered = sorted(work, key=place, reverse=True)
    return sorted(ordered, key=lambda each: place(each) > begin_at)
