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
from .plan import JobRow, Partition, Work, beginning_at, divided_into, objections, partition_of, place
from .staging import Staging, cause, spark_errors
from .stores import LOCK, PARTITION_FAILED, Clients, JobTable, LineageTable, at_once

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
        self.problems: list[str] = []
        #: Data Catalog entries that did not match their table and were repaired.
        self.repaired: list[str] = []
        #: Where the next run should begin, as far as this run knows.
        self._begin_at = ""

    def run(self) -> dict[str, Any]:
        """Rebuild every partition with new objects; return the result.

        A failed partition does not stop the others. Its rows stay unmarked, so the next run tries it again.
        """
        self._begin_at = self.take_lock()
        work = beginning_at(self._begin_at, self.plan(self.jobs.validated()))
        staged: list[Work] = []
        done: list[Work] = []
        marked = 0
        for group in self.staged_groups(work):
            staged += group
            # Finish each group at once, so that it stays done if the run hits its timeout.
            for each in group:
                newly = self.finish(each)
                if newly is not None:
                    done.append(each)
                    marked += newly
        if work:
            self.bucket.delete(self.bucket.listed(self.staging_prefix))
        return self.result(staged, done, marked)

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
        if not self.jobs.keep_lock(self.run_id, until, self._begin_at):
            row = f"{LOCK} in {self.options.job_table}"
            raise LockHeld(f"this run no longer holds {row}: it took too long and another run has held the lock since")

    def plan(self, job_rows: Iterable[JobRow]) -> list[Work]:
        """The partitions to rebuild. Those that cannot be planned become problems and do not stop the rest."""
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
            objects = self.bucket.listed(self.options.source_prefix + partition.source)
            there = [row for row in job_rows if row.validated_key in objects]
            self.problems.extend(f"{row.validated_key} is missing" for row in job_rows if row not in there)
            etags = {key.removeprefix(target): file.etag for key, file in self.bucket.listed(target).items()}
            buckets, files = divided_into(etags, self.options.buckets_per_partition)
        except PARTITION_FAILED as failure:
            self.problems.append(f"{target}: {failure}")
            return None
        return Work(partition, there, buckets, sum(each.size for each in objects.values()), files) if there else None

    def staged_groups(self, work: list[Work]) -> Iterator[list[Work]]:
        """Stage the partitions together; if that fails, stage each half by itself, until the bad ones are isolated.

        One unreadable object fails everything Spark reads with it, and Spark does not name the partition.

        The search stops after `_MAX_FAILED` bad partitions, and the next run begins where it stopped (`beginning_at`),
        so no good partition waits for ever: with b bad ones before it, it is finished within b // _MAX_FAILED + 1 runs.
        A run that is killed during an attempt has recorded the place after the attempt's first partition, so every run
        advances by at least one, even if that one never ends.
        """
        failed = 0
        groups = [work] if work else []
        while groups:
            remaining = [place(each) for group in groups for each in group]
            if failed >= _MAX_FAILED:
                self._begin_at = remaining[0]
                self.problems.append(f"{len(remaining)} partitions were not tried, because {failed} others failed")
                break
            self._begin_at = remaining[1] if remaining[1:] else ""
            # Nothing extends the lock during staging, so extend it right before.
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
        """Replace the partition's files, register it, mark its rows; return how many were marked, None if it failed."""
        target = self.options.target_prefix + work.partition.target
        if found := objections(work):
            self.problems.extend(f"{target}{each}" for each in found)
            return None
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
                self.repaired.append(f"{target} was at {repaired}")
            # Mark at once, so that finished work stays done if the run fails later.
            return self.mark(work)
        except PARTITION_FAILED as error:
            self.problems.append(f"{target}: {error}")
            return None

    def replace(self, work: Work, target: str) -> None:
        """Copy the staged files over the partition's own, and write their lineage rows."""

        def copy(bucket: int) -> None:
            self.bucket.replace(target + work.name(bucket), work.files.get(bucket), *work.staged[bucket][0])

        at_once(copy, work.positions)
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
        """Mark the rows of exactly the objects that were read; return how many this run was the first to mark."""
        self.problems.extend(f"{row.validated_key} is empty" for row in work.job_rows if row.job_id not in work.read)
        return sum(
            at_once(
                lambda row: self.jobs.transformed(row, self.run_id, self.clock()),
                [row for row in work.job_rows if row.job_id in work.read],
            )
        )

    def result(self, work: list[Work], done: list[Work], marked: int) -> dict[str, Any]:
        """The run's result for its log line. Duplicates are counted over everything that was read."""
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
            "catalogue_entries_mended": self.repaired,
            "problems": sorted(self.problems),
        }


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
