"""Writes rebuilt partitions to the staging prefix with Spark, and counts what was read and written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from .bucket import Bucket
from .plan import Partition, Work
from .stores import at_once
from .transforms import Buckets, count_read, count_staged, keep_first_delivery, read_rows, with_comments

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Settings the job depends on, whatever the cluster's defaults.
SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # One bucket, one task, one file: Spark must neither merge nor split tasks.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.files.maxRecordsPerFile": "0",
    # Spark's default is a legacy type that other engines read in their own time zone.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # By default, one time before 1900, which the contract allows, fails the job: Spark 2 read such times differently.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    # An unreadable file must not look like a missing one.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}
#: Staged files are counted before use, so tasks may commit them directly, which moves each file once, not twice.
_STAGING_OPTIONS = {
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
#: Compressed input that one task should sort.
_BYTES_PER_TASK = 16 * 2**20
_STAGED_NAME = re.compile(r"feed=(\w+)/date=([\d-]+)/hour=(\d\d)/bucket=(\d+)/[^/]+\.parquet")


def spark_errors() -> tuple[type[Exception], ...]:
    """Exceptions of a failed Spark operation. A Spark that has died raises others."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JJavaError


def cause(error: Exception) -> str:
    """The innermost cause of a Spark exception on one line, with the file concerned."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    texts = [] if java else [str(error)]
    while java is not None:
        texts.append(str(java.toString()))
        java = java.getCause()
    # The driver knows a task's exception by its stack trace only, in which each cause has a line.
    chain = [line.removeprefix(_CAUSED) for text in texts for line in _causes(text)]
    # S3 answers a denied HEAD request without a word; S3A's own exception around that names the path.
    said = next(
        (each.partition(": com.amazonaws")[0] for each in chain if _DENIED in each and _NAMED not in each), chain[-1]
    )
    innermost = next((each for each in reversed(chain) if _NAMED in each), said) or type(error).__name__
    file = next(filter(None, (re.search(r"\S+[.](json[.]gz|parquet)\b", each) for each in texts)), None)
    return f"{innermost} ({file[0]})" if file and file[0] not in innermost else innermost


_CAUSED = "Caused by: "
_DENIED = "java.nio.file.AccessDeniedException: "
#: AWS names the principal and the action.
_NAMED = "is not authorized to perform"


def _causes(text: str) -> list[str]:
    first, *others = text.splitlines() or [""]
    return [first, *(line for line in others if line.startswith(_CAUSED))]


class Staging:
    """The staging area of one run. `storage` is the URL prefix of keys in Spark, such as `s3://bucket/`."""

    def __init__(
        self,
        bucket: Bucket,
        spark: Callable[[], SparkSession],
        storage: str,
        source_prefix: str,
        target_prefix: str,
        prefix: str,
    ) -> None:
        self._bucket = bucket
        self._spark = spark
        self._storage = storage
        self._source_prefix = source_prefix
        self._target_prefix = target_prefix
        self._prefix = prefix
        self._attempts = 0

    def stage(self, work: list[Work]) -> None:
        """Write the partitions to staging, and record in `work` what was read and written."""
        self._attempts += 1
        # A folder per attempt, because a failed one leaves files behind.
        staging = f"{self._prefix}{self._attempts}/"
        spark = self._spark()
        for setting, value in SPARK_SETTINGS.items():
            spark.conf.set(setting, value)
        tasks = max(2 * spark.sparkContext.defaultParallelism, sum(each.size for each in work) // _BYTES_PER_TASK)
        spark.conf.set("spark.sql.shuffle.partitions", str(tasks))
        feeds: dict[str, list[Work]] = defaultdict(list)
        for each in work:
            feeds[each.partition.feed].append(each)
        # Persisted, because rows are counted and then written: reading the objects twice would cost more.
        rows = {feed: self._read(spark, of_feed).persist() for feed, of_feed in feeds.items()}
        try:
            self._note_read(work, rows)
            self._bucket.make_folder(staging)
            at_once(lambda feed: self._write(rows[feed], feed, feeds[feed], staging), rows)
            self._note_staged(work, spark, staging)
        finally:
            for each_rows in rows.values():
                each_rows.unpersist()

    def _read(self, spark: SparkSession, work: list[Work]) -> DataFrame:
        keys = sorted(key for each in work for key in each.objects.values())
        return read_rows(spark, self._storage, self._source_prefix, keys, _buckets(work))

    def _note_read(self, work: list[Work], rows: dict[str, DataFrame]) -> None:
        by_partition = {each.partition: each for each in work}
        for count in count_read(rows).collect():
            each = by_partition[Partition(count.feed, count.date, count.hour)]
            if count.raw_key is None:
                each.positions[count.bucket] = count.positions
                each.lines += count.lines
            else:
                each.read[count.raw_key] = count.lines

    def _write(self, rows: DataFrame, feed: str, work: list[Work], staging: str) -> None:
        if any(each.positions for each in work):
            kept = with_comments(keep_first_delivery(rows, _buckets(work)), feed)
            writer = kept.write.partitionBy("date", "hour", "bucket")
            writer.options(**_STAGING_OPTIONS).parquet(f"{self._storage}{staging}feed={feed}/")

    def _note_staged(self, work: list[Work], spark: SparkSession, staging: str) -> None:
        by_partition = {each.partition: each for each in work}
        for key, (size, _) in self._bucket.listed(staging).items():
            if match := _STAGED_NAME.fullmatch(key.removeprefix(staging)):
                feed, date, hour, bucket = match.groups()
                by_partition[Partition(feed, date, hour)].staged[int(bucket)].append((key, size))
        if not any(each.staged for each in work):
            return
        target = self._storage + self._target_prefix
        replaced = [target + each.partition.target + each.name(bucket) for each in work for bucket in each.files]
        for count in count_staged(spark, self._storage + staging, target, replaced).collect():
            by_partition[Partition(count.feed, count.date, count.hour)].counted[count.bucket] = count


def _buckets(work: list[Work]) -> Buckets:
    return {f"{each.partition.date}/{each.partition.hour}": each.buckets for each in work}
