"""One run of the job: planning, staging, replacing partitions, and handling failures."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from .bucket import Bucket, with_conditions
from .catalogue import Catalogue
from .errors import LockHeld, TransformFailed
from .plan import JobRow, Partition, Work, divided_into, grouped, in_order, objections, partition_of
from .staging import Staging, cause, spark_errors
from .stores import LOCK, PARTITION_FAILED, Clients, JobTable, LineageTable, at_once
from .summary import Summary

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: If more partitions than this fail, the cause is not a few bad files: leave the rest to the next run.
_MAX_FAILED = 20


class Job:
    """One run. `storage` is the URL prefix of keys in Spark, such as `s3://bucket/`."""

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
        #: Per run, so it never holds files of a crashed run.
        self.staging_prefix = f"{options.staging_prefix}{self.run_id}/"
        self.staging = Staging(
            self.bucket, spark, storage, options.source_prefix, options.target_prefix, self.staging_prefix
        )
        self.summary = Summary()
        self.problems = self.summary.problems
        #: The place after which the next run should begin, as far as this run knows.
        self._begin_after = ""

    def run(self) -> dict[str, Any]:
        """Rebuild every partition with new objects; return the result.

        A failed partition does not stop the others. Its rows stay unmarked, so the next run tries it again.
        """
        self._begin_after = self.take_lock()
        for group in self.staged_groups(grouped(self.planned(self._begin_after))):
            # Finish each group at once, so that it stays done if the run hits its timeout.
            for each in group:
                self.summary.staged(each)
                self.finish(each)
            self.clear_staging()
        return self.summary.as_result(self.run_id)

    def clear_staging(self) -> None:
        """Delete the staged files."""
        try:
            self.bucket.clear(self.staging_prefix)
        except PARTITION_FAILED as error:
            self.problems.add(str(error))

    def take_lock(self) -> str:
        """Take the lock; return where the last run says to begin. Raises LockHeld if another run has it."""
        now = self.clock()
        begin_at = self.jobs.lock(self.run_id, now, now + timedelta(seconds=self.options.lock_seconds))
        if begin_at is None:
            raise LockHeld(f"another run holds {LOCK} in {self.options.job_table}")
        return begin_at

    def keep_lock(self) -> None:
        """Extend the lock. Raises LockHeld if another run has held it since this one took it."""
        until = self.clock() + timedelta(seconds=self.options.lock_seconds)
        if not self.jobs.keep_lock(self.run_id, until, self._begin_after):
            row = f"{LOCK} in {self.options.job_table}"
            raise LockHeld(f"this run no longer holds {row}: it took too long and another run has held the lock since")

    def planned(self, begin_after: str) -> Iterator[Work]:
        """Plan the partitions with open rows, an hour at a time: newest first, rotated to begin after this place."""
        for hour, last in in_order(self.jobs.open_hours(), begin_after):
            touched = {
                partition: rows
                for partition, rows in self._touched(hour).items()
                if (partition.place >= begin_after) == last
            }
            planned = at_once(lambda item: self._plan_partition(*item), sorted(touched.items(), reverse=True))
            yield from (work for work in planned if work)

    def _touched(self, hour: datetime) -> dict[Partition, list[JobRow]]:
        """The open rows of an hour by partition. Those of no partition become problems and do not stop the rest."""
        touched: dict[Partition, list[JobRow]] = defaultdict(list)
        for row in self.jobs.validated(hour):
            partition = partition_of(row, self.options.source_prefix)
            if partition is None:
                self.problems.add(f"{row.validated_key} is not the key of a validated object of {row.job_id}")
            elif partition.arrival_hour != hour:
                self.problems.add(f"the row of {row.job_id} is at {row.timestamp}, which is not in its hour")
            else:
                touched[partition].append(row)
        return touched

    def _plan_partition(self, partition: Partition, job_rows: list[JobRow]) -> Work | None:
        target = self.options.target_prefix + partition.target
        try:
            # Before the rows: if another run replaces a file after this, this run will not.
            etags = {key.removeprefix(target): file.etag for key, file in self.bucket.listed(target).items()}
            buckets, files = divided_into(etags)
            if not files:
                buckets = self.jobs.buckets(partition, self.options.buckets_per_partition)
            before = [row for row in self.jobs.built_from(partition) if row.validated_key]
            listed = self.bucket.listed(self.options.source_prefix + partition.source)
        except PARTITION_FAILED as failure:
            self.problems.add(f"{target}: {failure}")
            return None
        named = {row.job_id: str(row.validated_key) for row in (*before, *job_rows)}
        records = {row.job_id: row.records for row in (*before, *job_rows)}
        objects = {raw_key: key for raw_key, key in named.items() if key in listed}
        self.problems.update(f"{row.validated_key} is missing" for row in job_rows if row.job_id not in objects)
        there = [row for row in job_rows if row.job_id in objects]
        missing = {raw_key: key for raw_key, key in named.items() if raw_key not in objects}
        size = sum(listed[key].size for key in objects.values())
        return Work(partition, there, objects, records, missing, buckets, size, files) if there else None

    def staged_groups(self, planned: Iterable[list[Work]]) -> Iterator[list[Work]]:
        """Stage each group together; if that fails, each half by itself, until the bad partitions are isolated.

        One unreadable object fails everything Spark reads with it, and Spark does not name the partition.

        The search stops after `_MAX_FAILED` bad partitions, and the next run begins after the last one (`in_order`), so
        no good partition waits for ever: with b bad ones before it, it is finished within b // _MAX_FAILED + 1 runs. An
        attempt is recorded as if it failed, so after a run that is killed in it, the next begins after its first
        partition: every run advances by at least one, even if that one never ends.
        """
        failed = 0
        tried = False
        for first in planned:
            groups = [first]
            while groups:
                if failed >= _MAX_FAILED:
                    rest = groups[0][0].partition.target
                    self.problems.add(f"the partitions from {rest} on were not tried, because {failed} failed")
                    return
                group = groups.pop(0)
                tried = True
                self._begin_after = group[0].partition.place
                # Nothing extends the lock during staging, so extend it right before.
                self.keep_lock()
                try:
                    self.staging.stage(group)
                except (*PARTITION_FAILED, *spark_errors()) as error:
                    if len(group) == 1:
                        failed += 1
                        self.problems.add(f"{self.options.target_prefix}{group[0].partition.target}: {cause(error)}")
                    else:
                        blank = [each.blank() for each in group]
                        half = len(blank) // 2
                        groups[:0] = [blank[:half], blank[half:]]
                else:
                    yield group
        self._begin_after = ""
        if tried:
            self.keep_lock()

    def finish(self, work: Work) -> None:
        """Replace the partition's files, register it, and mark its rows."""
        target = self.options.target_prefix + work.partition.target
        if found := objections(work):
            self.problems.update(f"{target}{each}" for each in found)
            return
        # The last chance to notice that another run has taken the lock. Outside the `try`, because it concerns all
        # partitions: without the lock, nothing may be changed.
        self.keep_lock()
        try:
            self.replace(work, target)
            # After the files, so that readers see only complete partitions. Before the rows are marked, so that the
            # next run retries a partition without an entry.
            folder = f"s3://{self.bucket.name}/{target}"
            repaired = self.catalogue.add(work.partition, folder) if work.positions else None
            if repaired:
                self.summary.repaired.append(f"{target} was at {repaired}")
            # Mark at once, so that finished work stays done if the run fails later.
            self.summary.done(work, target, self.mark(work))
        except PARTITION_FAILED as error:
            self.problems.add(f"{target}: {error}")

    def replace(self, work: Work, target: str) -> None:
        """Copy the staged files over the partition's own, and write their lineage rows."""
        # Before the files: if this run stalls after them, another may replace them, and its rows are the later ones.
        at = self.clock()

        def copy(bucket: int) -> None:
            self.bucket.replace(target + work.name(bucket), work.files.get(bucket), *work.staged[bucket][0])

        at_once(copy, work.positions)
        source = f"s3://{self.bucket.name}/{self.options.source_prefix}{work.partition.source}"
        at_once(
            lambda bucket: self.lineage.record(
                f"s3://{self.bucket.name}/{target}{work.name(bucket)}",
                at,
                source,
                len(work.read),
                work.positions[bucket],
                self.run_id,
            ),
            work.positions,
        )

    def mark(self, work: Work) -> int:
        """Mark the rows of the objects that were read; return how many this run was the first to mark."""
        marked = at_once(
            lambda row: self.jobs.transformed(row, work.partition, self.run_id, self.clock()), work.job_rows
        )
        return sum(marked)


def parse_options(argv: list[str]) -> argparse.Namespace:
    """Parse the job's arguments; Glue's own are ignored."""
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
    return Clients(with_conditions(boto3.client("s3")), boto3.client("dynamodb"), boto3.client("glue"))


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
    # Spark starts only if there is work.
    storage = storage.format(bucket=options.processed_bucket)
    job = Job(options, clients or _clients(), lambda: spark or _session(), clock, storage)
    try:
        result = job.run()
    except LockHeld as error:
        # The other run has not seen what this one found.
        raise LockHeld("; ".join([str(error), *sorted(job.problems)])) from error
    finally:
        job.jobs.unlock(job.run_id)
    print(json.dumps(result), flush=True)
    if job.problems:
        raise TransformFailed("; ".join(result["problems"]))
    return result
