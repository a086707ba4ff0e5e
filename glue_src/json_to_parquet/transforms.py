"""DataFrame in, DataFrame out: no S3, no clock."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pipeline_store.keys import HOUR_FOLDERS, VALIDATED_PREFIX

from .columns import DECIMAL, FIELDS, POSITION, Field, Kind, line_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def row_expressions(feed: str) -> list[str]:
    """SQL expressions of a Parquet row, from a validated line and its `raw_key`."""
    record = [expression for each in FIELDS[feed] for expression in _field_expressions(each)]
    known_version = f"CASE WHEN v = 1 THEN shard ELSE {_error('an unknown version of')} END"
    return [
        f"{_required(known_version, 'shard')} AS shard_id",
        f"{_required('seq', 'seq')} AS sequence_number",
        f"{_required('arrival_ns', 'arrival_ns')} AS arrival_ns",
        *record,
        "flags",
        "raw_key",
    ]


def _field_expressions(each: Field) -> list[str]:
    sent = f"record.`{each.name}`"
    # Checked once per field: the row fails as a whole.
    checked = _required(sent, each.name) if each.required else sent
    match each.kind:
        case Kind.NUMERAL:
            return [f"{_as_decimal(sent)} AS `{each.name}`", f"{checked} AS `{each.name}_text`"]
        case Kind.TIME:
            ns = f"record.`{each.name}_ns`"
            # The validator never writes a time without its nanoseconds.
            checked_ns = f"CASE WHEN {sent} IS NOT NULL THEN {_required(ns, each.name + '_ns')} END"
            # Not `/`, which converts to double; rounds down before 1970 too.
            us = f"timestamp_micros({ns} DIV 1000 - CASE WHEN {ns} % 1000 < 0 THEN 1 ELSE 0 END)"
            return [f"{checked} AS `{each.name}`", f"{checked_ns} AS `{each.name}_ns`", f"{us} AS `{each.name}_us`"]
        case Kind.LEVELS:
            entry = ", ".join(part for inner in each.levels for part in _entry_parts(inner))
            return [f"transform({checked}, level -> named_struct({entry})) AS `{each.name}`"]
        case _:
            return [f"{checked} AS `{each.name}`"]


def _entry_parts(inner: Field) -> list[str]:
    sent = f"level.`{inner.name}`"
    checked = _required(sent, inner.name) if inner.required else sent
    if inner.kind is Kind.NUMERAL:
        return [f"'{inner.name}'", _as_decimal(sent), f"'{inner.name}_text'", checked]
    return [f"'{inner.name}'", checked]


def _as_decimal(text: str) -> str:
    """Round a number half up to 18 fraction digits, never to null. The exact number is in the `_text` column.

    The second attempt truncates, for twenty nines before the point: rounding up would make 21 digits.
    """
    cut = f"regexp_extract({text}, '^-?[0-9]+([.][0-9]{{1,18}})?', 0)"
    failure = f"CAST(raise_error(concat('not a number: ', {text})) AS {DECIMAL})"
    attempts = f"coalesce(try_cast({text} AS {DECIMAL}), try_cast({cut} AS {DECIMAL}), {failure})"
    return f"CASE WHEN {text} IS NOT NULL THEN {attempts} END"


def _required(value: str, name: str) -> str:
    return f"coalesce({value}, {_error('no ' + name + ' in')})"


def _error(what: str) -> str:
    # The pipeline writes validated lines, so a malformed one is a bug: write nothing.
    return f"raise_error(concat('{what} a validated line of ', raw_key))"


def read_rows(
    spark: SparkSession, feed: str, folders: list[str], source_prefix: str, buckets: dict[str, int]
) -> DataFrame:
    """Read the validated lines under the folders: one row per line, with its partition and bucket.

    `buckets` is the number of files of each partition ("date/hour").
    """
    lines = (
        spark.read.schema(line_schema(feed))
        # An unreadable line is a bug: fail. Lines end in \n only.
        .options(mode="FAILFAST", lineSep="\n", pathGlobFilter="*.json.gz")
        .json(folders)
    )
    located = lines.selectExpr("*", "input_file_name() AS path").selectExpr(
        # A validated object's key is the raw object's key under another prefix, with the digest of the rules added.
        "*",
        f"regexp_replace(substr(path, instr(path, '/{source_prefix}') + {len(VALIDATED_PREFIX) + 1}),"
        " '-[0-9a-f]{16}([.]json[.]gz)$', '$1') AS raw_key",
    )
    year, month, day, hour = (f"regexp_extract(raw_key, '/{part}=([0-9]+)/', 1)" for part in HOUR_FOLDERS)
    divided = "map(" + ", ".join(f"'{partition}', {count}" for partition, count in sorted(buckets.items())) + ")"
    return (
        located.selectExpr(*row_expressions(feed), f"concat_ws('-', {year}, {month}, {day}) AS date", f"{hour} AS hour")
        # CRC-32, not Spark's hash, so that a symbol stays in its bucket in every version of Spark.
        .selectExpr("*", f"CAST(pmod(crc32(symbol), element_at({divided}, concat(date, '/', hour))) AS INT) AS bucket")
    )


def keep_first_delivery(rows: DataFrame, files: int) -> DataFrame:
    """Keep one row per stream position, and collect each bucket, sorted, in one task.

    Of several deliveries, keep the one with the lowest raw key, so that a rerun writes the same file.
    """
    deliveries = rows.repartition(files, "date", "hour", "bucket").selectExpr(
        "*",
        "row_number() OVER (PARTITION BY date, hour, bucket, shard_id, sequence_number ORDER BY raw_key) AS delivery",
    )
    return (
        deliveries.where("delivery = 1")
        .drop("delivery")
        .selectExpr("*", "length(sequence_number) AS digits")
        # Sequence numbers exceed an integer; without leading zeros, sorting by length and text orders them.
        .sortWithinPartitions(
            "date", "hour", "bucket", "symbol", "timestamp_ns", "digits", "sequence_number", "shard_id"
        )
        .drop("digits")
    )


def count_read(rows_by_feed: dict[str, DataFrame]) -> DataFrame:
    """Count what was read: lines and distinct positions per bucket, and lines per object.

    Computed independently of `keep_first_delivery`, whose output is compared with these counts.
    """
    from pyspark.sql.functions import expr

    columns = ("date", "hour", "bucket", "raw_key", *POSITION)
    feeds = [rows.selectExpr(f"'{feed}' AS feed", *columns) for feed, rows in rows_by_feed.items()]
    read = reduce(lambda one, other: one.union(other), feeds)
    by_position = read.groupBy("feed", "date", "hour", *POSITION).agg(
        # A position is in one bucket. If it were in two, the other file would have a surplus row.
        expr("min(bucket) AS bucket"),
        expr("count(*) AS deliveries"),
    )
    by_bucket = by_position.groupBy("feed", "date", "hour", "bucket").agg(
        expr("sum(deliveries) AS lines"), expr("count(*) AS positions")
    )
    by_object = read.groupBy("feed", "date", "hour", "raw_key").agg(expr("count(*) AS lines"))
    return by_bucket.unionByName(by_object, allowMissingColumns=True)


def count_staged(spark: SparkSession, staging: str, target: str, replaced: list[str]) -> DataFrame:
    """Count each staged file's rows and positions, and the positions that only the file it replaces has."""
    from pyspark.sql.functions import expr

    schema = "shard_id string, sequence_number string, feed string, date string, hour string"
    files = (
        spark.read.schema(f"{schema}, bucket int")
        .parquet(staging)
        .selectExpr(*POSITION, "feed", "date", "hour", "bucket", "1 AS staged")
    )
    if replaced:
        before = spark.read.schema(schema).option("basePath", target).parquet(*replaced)
        bucket = "CAST(regexp_extract(input_file_name(), '/bucket-([0-9]+)-of-[0-9]+[.]parquet$', 1) AS INT) AS bucket"
        files = files.unionByName(before.selectExpr(*POSITION, "feed", "date", "hour", bucket, "0 AS staged"))
    by_position = files.groupBy("feed", "date", "hour", "bucket", *POSITION).agg(expr("sum(staged) AS staged"))
    return by_position.groupBy("feed", "date", "hour", "bucket").agg(
        expr("sum(staged) AS rows"),
        expr("count_if(staged > 0) AS positions"),
        expr("count_if(staged = 0) AS lost"),
        expr("min(CASE WHEN staged = 0 THEN concat(shard_id, ' ', sequence_number) END) AS lost_position"),
    )
