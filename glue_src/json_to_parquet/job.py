"""One run: what it takes on, how it goes on when something fails, and what it leaves behind."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from .catalogue import Catalogue
from .errors import LockHeld, TransformFailed
from .plan import JobRow, Partition, Work, beginning_at, divided_into, objections, partition_of, place
from .staging import Staging, cause, spark_errors
from .stores import LOCK, PARTITION_FAILED, Bucket, Clients, JobTable, LineageTable, at_once

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: More partitions than this failing by themselves are not a few bad files. The rest waits for the next run.
_FAILED_AT_MOST = 20


class Job:
    """One run, from the job table's question to its answer.

    `storage` is what stands before a key where Spark reads and writes.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        clients: Clients,
        spark: Callable[[], SparkSession],
        clock: Callable[[], datetime],
        storage: str,
    ) -> None:
        self.options = options
        self.bucket = Bucket(clients.s3, options.processed_bucket)
        self.jobs = JobTable(clients.dynamodb, options.job_table)
        self.lineage = LineageTable(clients.dynamodb, options.lineage_table)
        self.catalogue = Catalogue(clients.glue, options.database)
        self.clock = clock
        self.run_id = f"{clock():%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        #: A crashed run's leftovers are elsewhere.
        self.staging_prefix = f"{options.staging_prefix}{self.run_id}/"
        self.staging = Staging(
            self.bucket, spark, storage, options.source_prefix, options.target_prefix, self.staging_prefix
        )
        self.problems: list[str] = []
        #: Entries of the catalogue that said something else than their table.
        self.mended: list[str] = []
        #: The place where the next run is to begin, as far as this one knows.
        self._begin_at = ""

    def run(self) -> dict[str, Any]:
        """Rebuild every partition that has something new; return what was done.

        What goes wrong with one partition is a problem of its own: the others are finished, and its rows stay open.
        """
        self._begin_at = self.take_lock()
        work = beginning_at(self._begin_at, self.plan(self.jobs.validated()))
        staged: list[Work] = []
        done: list[Work] = []
        marked = 0
        for group in self.staged_groups(work):
            staged += group
            # Before the search goes on: what is finished stays done if the run ends at its time limit.
            for each in group:
                newly = self.finish(each)
                if newly is not None:
                    done.append(each)
                    marked += newly
        if work:
            self.bucket.delete(self.bucket.sizes(self.staging_prefix))
        return self.result(staged, done, marked)

    def take_lock(self) -> str:
        """Make sure that no other run is at work; return where the last one says to begin."""
        now = self.clock()
        begin_at = self.jobs.lock(self.run_id, now, now + timedelta(seconds=self.options.lock_seconds))
        if begin_at is None:
            raise LockHeld(f"another run holds {LOCK} in {self.options.job_table}")
        return begin_at

    def keep_lock(self) -> None:
        """Make sure that no other run has been at work since this one took the lock."""
        until = self.clock() + timedelta(seconds=self.options.lock_seconds)
        if not self.jobs.keep_lock(self.run_id, until, self._begin_at):
            row = f"{LOCK} in {self.options.job_table}"
            raise LockHeld(f"{row} is not this run's any more: it took too long, and another run has had the lock")

    def plan(self, job_rows: Iterable[JobRow]) -> list[Work]:
        """Say which partitions are to be rebuilt. What cannot be is a problem, and does not stop the rest."""
        touched: dict[Partition, list[JobRow]] = defaultdict(list)
        for row in job_rows:
            partition = partition_of(row.validated_key, self.options.source_prefix)
            if partition is None:
                self.problems.append(f"{row.validated_key} is not the key of a validated object")
            else:
                touched[partition].append(row)
        planned = at_once(lambda item: self._plan_partition(*item), sorted(touched.items()))
        return [work for work in planned if work]

    def _plan_partition(self, partition: Partition, job_rows: list[JobRow]) -> Work | None:
        target = self.options.target_prefix + partition.target
        try:
            objects = self.bucket.sizes(self.options.source_prefix + partition.source)
            there = [row for row in job_rows if row.validated_key in objects]
            self.problems.extend(f"{row.validated_key} is missing" for row in job_rows if row not in there)
            names = (key.removeprefix(target) for key in self.bucket.sizes(target))
            buckets, files = divided_into(names, self.options.buckets_per_partition)
        except PARTITION_FAILED as failure:
            self.problems.append(f"{target}: {failure}")
            return None
        return Work(partition, there, buckets, sum(objects.values()), files) if there else None

    def staged_groups(self, work: list[Work]) -> Iterator[list[Work]]:
        """Stage the partitions together; if that fails, each half by itself, until it is known which one is at fault.

        One unreadable object fails all that Spark reads with it, and Spark does not say of which partition it was.

        The search ends when `_FAILED_AT_MOST` partitions have failed by themselves, and no good partition waits for
        ever. Partitions are tried in the order of a circle (`beginning_at`), and where the search ended is where the
        next run begins. So each run passes that many bad ones, and finishes every good one on its way. A good
        partition with b bad ones between it and the place of beginning is finished in at most
        b // _FAILED_AT_MOST + 1 runs, whichever those are. A run that is cut off during an attempt has noted the place
        after the attempt's first partition, so that each run moves on by one at least, even if that one never ends.
        """
        failed = 0
        groups = [work] if work else []
        while groups:
            remaining = [place(each) for group in groups for each in group]
            if failed >= _FAILED_AT_MOST:
                self._begin_at = remaining[0]
                self.problems.append(f"{len(remaining)} partitions were not tried: {failed} others had failed")
                break
            self._begin_at = remaining[1] if remaining[1:] else ""
            # While staging nothing keeps the lock, so an attempt begins with all of its time.
            self.keep_lock()
            group = groups.pop(0)
            try:
                self.staging.stage(group)
            except spark_errors() as error:
                if len(group) == 1:
                    failed += 1
                    self.problems.append(f"{self.options.target_prefix}{group[0].partition.target}: {cause(error)}")
                else:
                    blank = [each.blank() for each in group]
                    half = len(blank) // 2
                    groups[:0] = [blank[:half], blank[half:]]
            else:
                yield group
        else:
            self._begin_at = ""
        if work:
            self.keep_lock()

    def finish(self, work: Work) -> int | None:
        """Replace the partition's files, tell the catalogue, and mark its rows; return how many, None if it failed."""
        target = self.options.target_prefix + work.partition.target
        if found := objections(work):
            self.problems.extend(f"{target}{each}" for each in found)
            return None
        # The last moment to notice that this run took so long that another one started. Not a problem of one partition,
        # so outside of the `try`: without the lock, or without knowing whether it is ours, nothing may be touched.
        self.keep_lock()
        try:
            self.replace(work, target)
            # After the files: a partition that readers see is complete. Before the rows are marked: while its entry is
            # missing the next run comes back to it.
            mended = self.catalogue.add(work.partition, f"s3://{self.bucket.name}/{target}") if work.positions else None
            if mended:
                self.mended.append(f"{target} was at {mended}")
            # At once, so that what a run has finished stays done, whatever becomes of the run.
            return self.mark(work)
        except PARTITION_FAILED as error:
            self.problems.append(f"{target}: {error}")
            return None

    def replace(self, work: Work, target: str) -> None:
        """Copy the staged files over the partition's own, and write their lineage rows."""
        at_once(lambda bucket: self.bucket.replace(target + work.name(bucket), work.staged[bucket][0]), work.positions)
        source = f"s3://{self.bucket.name}/{self.options.source_prefix}{work.partition.source}"
        at_once(
            lambda bucket: self.lineage.record(
                f"s3://{self.bucket.name}/{target}{work.name(bucket)}",
                self.clock(),
                source,
                len(work.read),
                work.positions[bucket],
                self.run_id,
            ),
            work.positions,
        )

    def mark(self, work: Work) -> int:
        """Mark the rows of exactly those objects that were read; return how many this run was the first to mark."""
        self.problems.extend(
            f"{row.validated_key} has no line" for row in work.job_rows if row.validated_key not in work.read
        )
        return sum(
            at_once(
                lambda row: self.jobs.transformed(row, self.run_id, self.clock()),
                [row for row in work.job_rows if row.validated_key in work.read],
            )
        )

    def result(self, work: list[Work], done: list[Work], marked: int) -> dict[str, Any]:
        """Say what was done, for machines. Duplicates are counted over all that was read."""
        lines = sum(each.lines for each in work)
        return {
            "event": "json_to_parquet",
            "run_id": self.run_id,
            "partitions": [each.partition.target for each in done],
            "files": {
                f"{self.options.target_prefix}{each.partition.target}{each.name(bucket)}": rows
                for each in done
                for bucket, rows in sorted(each.positions.items())
            },
            "rows": sum(sum(each.positions.values()) for each in done),
            "rows_read": lines,
            "duplicates_removed": lines - sum(sum(each.positions.values()) for each in work),
            "objects_read": sum(len(each.read) for each in work),
            "rows_marked": marked,
            "catalogue_entries_mended": self.mended,
            "problems": sorted(self.problems),
        }


def parse_options(argv: list[str]) -> argparse.Namespace:
    """Read the job's arguments. Glue passes more than ours, which are left alone."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("--JOB_NAME", default="json_to_parquet")
    parser.add_argument("--database", required=True)
    parser.add_argument("--job_table", required=True)
    parser.add_argument("--lineage_table", required=True)
    parser.add_argument("--processed_bucket", required=True)
    parser.add_argument("--buckets_per_partition", type=int, required=True)
    parser.add_argument("--source_prefix", default="validated/market-data/")
    parser.add_argument("--target_prefix", default="parquet/")
    parser.add_argument("--staging_prefix", default="staging/")
    parser.add_argument("--lock_seconds", type=int, default=1800)
    return parser.parse_known_args(argv[1:])[0]


def _clients() -> Clients:
    return Clients(boto3.client("s3"), boto3.client("dynamodb"), boto3.client("glue"))


def _session() -> SparkSession:
    from pyspark.sql import SparkSession

    return SparkSession.builder.appName("json_to_parquet").getOrCreate()


def _now() -> datetime:
    return datetime.now(UTC)


def main(
    argv: list[str],
    clients: Clients | None = None,
    spark: SparkSession | None = None,
    clock: Callable[[], datetime] = _now,
    storage: str = "s3://{bucket}/",
) -> dict[str, Any]:
    """Run the job, print its result as one line of JSON, and return it; raise if anything was left undone."""
    options = parse_options(argv)
    # Spark is started when there is something to do.
    storage = storage.format(bucket=options.processed_bucket)
    job = Job(options, clients or _clients(), lambda: spark or _session(), clock, storage)
    try:
        result = job.run()
    finally:
        job.jobs.unlock(job.run_id)
    print(json.dumps(result), flush=True)
    if job.problems:
        raise TransformFailed("; ".join(result["problems"]))
    return result
