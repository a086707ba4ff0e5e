"""Which partitions are rebuilt, in which order, and when their files may be replaced. No S3, no tables, no Spark."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pipeline_store.keys import RAW_PREFIX, VALIDATED_PREFIX, parse_key, raw_folder

from .columns import FIELDS
from .errors import TransformFailed


class Partition(NamedTuple):
    """One feed's records of one arrival hour: what is rebuilt as a whole."""

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
    """A row of the job table that says: validated, not yet transformed."""

    job_id: str
    timestamp: str
    validated_key: str


@dataclass
class Work:
    """What is to be done for one partition, and what came of it."""

    partition: Partition
    #: The rows to mark when it is done. Those whose object is missing are not among them.
    job_rows: list[JobRow]
    buckets: int
    #: Bytes to read.
    size: int
    #: The files that are there, by bucket.
    files: dict[int, str] = field(default_factory=dict)
    #: Positions read and to be written, by bucket.
    positions: dict[int, int] = field(default_factory=dict)
    lines: int = 0
    #: The validated objects of which lines were read.
    read: set[str] = field(default_factory=set)
    #: Staged files, by bucket. More than one would mean that a bucket was written by two tasks.
    staged: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: What `count_staged` found in them, by bucket.
    counted: dict[int, Any] = field(default_factory=dict)

    def blank(self) -> Work:
        """Return the same work, with nothing done for it yet."""
        return Work(self.partition, self.job_rows, self.buckets, self.size, self.files)

    def name(self, bucket: int) -> str:
        """Return the name of the bucket's file."""
        return f"bucket-{bucket}-of-{self.buckets}.parquet"


_TARGET_NAME = re.compile(r"bucket-(\d+)-of-(\d+)\.parquet")


def partition_of(validated_key: str, source_prefix: str) -> Partition | None:
    """Return the partition that a validated object belongs to; None if its key is none of ours."""
    try:
        key = parse_key(validated_key)
    except ValueError:
        return None
    if key.prefix != VALIDATED_PREFIX or key.feed not in FIELDS or not validated_key.startswith(source_prefix):
        return None
    return Partition(key.feed, f"{key.hour:%Y-%m-%d}", f"{key.hour:%H}")


def divided_into(names: Iterable[str], default: int) -> tuple[int, dict[int, str]]:
    """Return into how many buckets a partition is divided, and the files it has, by bucket.

    A partition keeps the number it was first written with: under another one its symbols would be in other files.
    """
    files: dict[int, str] = {}
    counts: set[int] = set()
    for name in names:
        match = _TARGET_NAME.fullmatch(name)
        if match is None:
            raise TransformFailed(f"{name} is not a file of this job, and readers would read it too")
        files[int(match[1])] = name
        counts.add(int(match[2]))
    if len(counts) > 1:
        raise TransformFailed(f"its files are of divisions into {' and '.join(map(str, sorted(counts)))} buckets")
    return (counts.pop() if counts else default), files


def objections(work: Work) -> list[str]:
    """Say, file by file, why the partition's files must not be replaced by the staged ones; nothing, if they may."""
    found = []
    for bucket in sorted({*work.positions, *work.staged, *work.counted}):
        name = work.name(bucket)
        expected, files = work.positions.get(bucket, 0), len(work.staged.get(bucket, ()))
        counted = work.counted.get(bucket)
        rows, positions = (counted.rows, counted.positions) if counted else (0, 0)
        if counted and counted.lost:
            found.append(f"{name} would lose {counted.lost} positions that it has now, {counted.lost_position} is one")
        if not rows == positions == expected or files != bool(expected):
            found.append(f"{name}: {expected} positions were read, {rows} rows of {positions} are in {files} files")
    return found


def place(work: Work) -> str:
    """Return what a partition is ordered by: its time, whatever its feed."""
    return f"{work.partition.date}/{work.partition.hour}/{work.partition.feed}"


def beginning_at(begin_at: str, work: Iterable[Work]) -> list[Work]:
    """Return the partitions newest first, as a circle that begins at that place; at the newest, if it is empty."""
    ordered = sorted(work, key=place, reverse=True)
    return sorted(ordered, key=lambda each: place(each) > begin_at)
