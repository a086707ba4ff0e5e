"""Spark's part: it writes partitions anew into staging, and counts what it read and what it wrote."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline_store.keys import validated_key

from .plan import Partition, Work
from .stores import Bucket, at_once
from .transforms import count_read, count_staged, keep_first_delivery, read_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: What the job relies on, whatever the cluster it runs on is set to.
SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A bucket is one task is one file: tasks are neither joined nor split on the way.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.files.maxRecordsPerFile": "0",
    # Spark's default is a legacy type that others read in their own time zone.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # By default one time before 1900, which the contract allows, fails the job for ever: Spark 2 read those otherwise.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    # What cannot be read must not look like what is not there.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}
#: Staging is counted before it is used, so a task may move its files there itself, once instead of twice.
_STAGING_OPTIONS = {
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
#: About what one task should have to sort: compressed, as it is read.
_BYTES_PER_TASK = 16 * 2**20
_STAGED_NAME = re.compile(r"feed=(\w+)/date=([\d-]+)/hour=(\d\d)/bucket=(\d+)/[^/]+\.parquet")


def spark_errors() -> tuple[type[Exception], ...]:
    """Return what Spark raises when it cannot do what it is asked to. That it has died is another error."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JJavaError


def cause(error: Exception) -> str:
    """Return the innermost cause of what Spark raised, in a line, and the file that it was about."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    chain = [] if java else [str(error)]
    while java is not None:
        chain.append(str(java.toString()))
        java = java.getCause()
    innermost = next(iter(chain[-1].splitlines()), type(error).__name__)
    file = next(filter(None, (re.search(r"\S+[.](json[.]gz|parquet)\b", each) for each in chain)), None)
    return f"{innermost} ({file[0]})" if file and file[0] not in innermost else innermost


class Staging:
    """Where one run writes before anything is replaced.

    `storage` is what stands before a key where Spark reads and writes.
    """

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
        """Write the partitions anew into staging, and note what was read and what was written."""
        self._attempts += 1
        # Beside what an attempt that failed has left there.
        staging = f"{self._prefix}{self._attempts}/"
        spark = self._spark()
        for setting, value in SPARK_SETTINGS.items():
            spark.conf.set(setting, value)
        tasks = max(2 * spark.sparkContext.defaultParallelism, sum(each.size for each in work) // _BYTES_PER_TASK)
        spark.conf.set("spark.sql.shuffle.partitions", str(tasks))
        feeds: dict[str, list[Work]] = defaultdict(list)
        for each in work:
            feeds[each.partition.feed].append(each)
        # Kept, because they are counted and written: reading the objects twice would cost more than keeping them.
        rows = {feed: self._read(spark, feed, of_feed).persist() for feed, of_feed in feeds.items()}
        try:
            self._note_read(work, rows)
            self._bucket.make_folder(staging)
            at_once(lambda feed: self._write(rows[feed], feed, feeds[feed], staging), rows)
            self._note_staged(work, spark, staging)
        finally:
            for each_rows in rows.values():
                each_rows.unpersist()

    def _read(self, spark: SparkSession, feed: str, work: list[Work]) -> DataFrame:
        folders = [self._storage + self._source_prefix + each.partition.source for each in work]
        buckets = {f"{each.partition.date}/{each.partition.hour}": each.buckets for each in work}
        return read_rows(spark, feed, folders, self._source_prefix, buckets)

    def _note_read(self, work: list[Work], rows: dict[str, DataFrame]) -> None:
        by_partition = {each.partition: each for each in work}
        for count in count_read(rows).collect():
            each = by_partition[Partition(count.feed, count.date, count.hour)]
            if count.raw_key is None:
                each.positions[count.bucket] = count.positions
                each.lines += count.lines
            else:
                each.read.add(validated_key(count.raw_key))

    def _write(self, rows: DataFrame, feed: str, work: list[Work], staging: str) -> None:
        if files := sum(len(each.positions) for each in work):
            writer = keep_first_delivery(rows, files).write.partitionBy("date", "hour", "bucket")
            writer.options(**_STAGING_OPTIONS).parquet(f"{self._storage}{staging}feed={feed}/")

    def _note_staged(self, work: list[Work], spark: SparkSession, staging: str) -> None:
        by_partition = {each.partition: each for each in work}
        for key in self._bucket.sizes(staging):
            if match := _STAGED_NAME.fullmatch(key.removeprefix(staging)):
                feed, date, hour, bucket = match.groups()
                by_partition[Partition(feed, date, hour)].staged[int(bucket)].append(key)
        if not any(each.staged for each in work):
            return
        target = self._storage + self._target_prefix
        replaced = [target + each.partition.target + name for each in work for name in each.files.values()]
        for count in count_staged(spark, self._storage + staging, target, replaced).collect():
            by_partition[Partition(count.feed, count.date, count.hour)].counted[count.bucket] = count
