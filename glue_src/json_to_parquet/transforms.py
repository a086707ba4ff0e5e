"""DataFrame in, DataFrame out: no S3, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING

from pipeline_store.columns import (
    DECIMAL,
    FIELDS,
    PARTITION_KEYS,
    POSITION,
    SEQUENCE_GAP,
    Field,
    Kind,
    columns,
    line_names,
    line_schema,
)
from pipeline_store.keys import END, HOUR_FOLDERS, POSITIONS, RULES, VALIDATED_PREFIX

from . import sequences

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: The number of files of each partition ("date/hour").
Buckets = dict[str, int]


def row_expressions(feed: str) -> list[str]:
    """SQL expressions of a Parquet row, from a validated line and its `raw_key`."""
    record = [expression for each in FIELDS[feed] for expression in _field_expressions(each)]
    known_version = f"CASE WHEN v = 1 THEN {_own_shard()} ELSE {_error('an unknown version of')} END"
    return [
        f"{_required(known_version, 'shard')} AS shard_id",
        f"{_required('seq', 'seq')} AS sequence_number",
        f"{_required('arrival_ns', 'arrival_ns')} AS arrival_ns",
        *record,
        # Known once the rows are in order.
        f"CAST(NULL AS BIGINT) AS {SEQUENCE_GAP}",
        "flags",
        "raw_key",
    ]


def _own_shard() -> str:
    """The line's shard; an error if the raw object of this key cannot have had the line's position."""
    shard, first, last = (f"regexp_extract(raw_key, '/{POSITIONS}{END}$', {group})" for group in (1, 2, 3))
    # Longer than any integer of Spark's, so compared as texts of one length.
    least, most, own = (f"lpad({sequence}, 128, '0')" for sequence in (first, last, "seq"))
    # What is null is not there, which is another error.
    is_own = f"coalesce(shard = {shard} AND {own} BETWEEN {least} AND {most}, true)"
    return f"CASE WHEN {is_own} THEN shard ELSE {_error('a record of another object in')} END"


def _field_expressions(each: Field) -> list[str]:
    sent = f"record.`{each.name}`"
    # Checked once per field: the row fails as a whole.
    checked = _required(sent, each.name) if each.required else sent
    match each.kind:
        case Kind.NUMERAL:
            return [
                f"CAST({sent} AS DOUBLE) AS `{each.name}`",
                f"{_as_decimal(sent)} AS `{each.name}_exact`",
                f"{checked} AS `{each.name}_text`",
            ]
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
        exact, text = f"'{inner.name}_exact'", f"'{inner.name}_text'"
        return [f"'{inner.name}'", f"CAST({sent} AS DOUBLE)", exact, _as_decimal(sent), text, checked]
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


def read_rows(spark: SparkSession, storage: str, source_prefix: str, keys: list[str], buckets: Buckets) -> DataFrame:
    """Read the lines of these validated objects of one feed: one row per line, with its partition and bucket.

    `storage` is the URL prefix of keys; `buckets` is the number of files of each partition ("date/hour").
    """
    feed = re.match(rf"{source_prefix}feed=(\w+)/", keys[0])[1]  # type: ignore[index]
    folders = sorted({storage + key.rpartition("/")[0] + "/" for key in keys})
    named = ", ".join(f"'{key.removeprefix(source_prefix)}'" for key in keys)
    lines = (
        # As text, because Spark's reader of JSON drops fields that it does not know. Lines end in \n only.
        spark.read.options(lineSep="\n", pathGlobFilter="*.json.gz")
        .text(folders)
        .selectExpr("value", f"substring_index(_metadata.file_path, '/{source_prefix}', -1) AS path")
        # Spark applies this to its listing of the folders, so it opens no other object. A list of paths would cost
        # three more requests an object: 2,000 local files took 18 s to list, their folder with this condition 1 s.
        .where(f"path IN ({named})")
    )
    schema = f"{line_schema(feed)}, malformed string"
    read_as = f"from_json(value, '{schema}', map('columnNameOfCorruptRecord', 'malformed')) AS line"
    # A validated object's key is the raw object's key under another prefix, with the digest of the rules added.
    raw_key = (
        f"'{source_prefix.removeprefix(VALIDATED_PREFIX)}' || regexp_replace(path, '{RULES}({END})$', '$2') AS raw_key"
    )
    located = lines.selectExpr("value", read_as, raw_key).selectExpr("value", "raw_key", "line.*")
    version = f"CASE WHEN malformed IS NULL THEN v ELSE {_error('malformed JSON in')} END AS v"
    checked = located.selectExpr(
        version, f"{_known_fields(feed)} AS shard", "seq", "arrival_ns", "flags", "record", "raw_key"
    )
    year, month, day, hour = (f"regexp_extract(raw_key, '/{part}=([0-9]+)/', 1)" for part in HOUR_FOLDERS)
    divided = "map(" + ", ".join(f"'{partition}', {count}" for partition, count in sorted(buckets.items())) + ")"
    return (
        checked.selectExpr(*row_expressions(feed), f"concat_ws('-', {year}, {month}, {day}) AS date", f"{hour} AS hour")
        # CRC-32, not Spark's hash, so that a symbol stays in its bucket in every version of Spark.
        .selectExpr("*", f"CAST(pmod(crc32(symbol), element_at({divided}, concat(date, '/', hour))) AS INT) AS bucket")
    )


def _known_fields(feed: str) -> str:
    """The line's shard; an error if the line has a field that is not read.

    A validator newer than this job may write such a field, and the rows would lack it for ever. So the fields that were
    read are counted, and compared with the names in the text: `":` ends each. In a text it is `\\":`, and it begins a
    text whose first character is a colon: after a colon, or in a list after a comma or a bracket.
    """
    ends, *others = (
        f"(octet_length(value) - octet_length(replace(value, '{text}', ''))) DIV {length}"
        for text, length in (('":', 2), ('\\\\":', 3), (':":', 3), (',":', 3), ('[":', 3))
    )
    names_in_text = " - ".join((ends, *others))
    head = ("v", "shard", "seq", "arrival", "arrival_ns", "flags", "record", "record.type")
    record = (f"record.`{name}`" for each in FIELDS[feed] for name in _sent_names(each))
    levels = (
        f"coalesce(aggregate(record.`{each.name}`, 0, (sum, level) -> sum + "
        + _present(f"level.`{name}`" for inner in each.levels for name in _sent_names(inner))
        + "), 0)"
        for each in FIELDS[feed]
        if each.levels
    )
    read = " + ".join((_present((*head, *record)), *levels))
    names = ", ".join(f"'{name}'" for name in line_names(feed))
    unknown = f"array_except(regexp_extract_all(value, '\"([A-Za-z0-9_]+)\":', 1), array({names}))"
    named = f"coalesce(nullif(array_join({unknown}, ', '), ''), 'known, but null or at another level')"
    surplus = f"concat('a field that this job does not read (', {named}, ') in a validated line of ')"
    return f"CASE WHEN v = 1 AND {names_in_text} <> {read} THEN raise_error(concat({surplus}, raw_key)) ELSE shard END"


def _sent_names(each: Field) -> tuple[str, ...]:
    return (each.name, f"{each.name}_ns") if each.kind is Kind.TIME else (each.name,)


def _present(fields: Iterable[str]) -> str:
    return " + ".join(f"CAST({field} IS NOT NULL AS INT)" for field in fields)


def keep_first_delivery(rows: DataFrame, buckets: Buckets) -> DataFrame:
    """Keep one row per stream position, and collect each bucket, sorted, in a task of its own; flag its sequences.

    Of several deliveries, keep the one with the lowest raw key, so that a rerun writes the same file.
    """
    partitions = sorted(buckets.items())
    firsts = accumulate((count for _, count in partitions), initial=0)
    first = "map(" + ", ".join(f"'{name}', {at}" for (name, _), at in zip(partitions, firsts, strict=False)) + ")"
    tasks = sum(buckets.values())
    keys = ", ".join(map(str, _keys_of_tasks(rows.sparkSession, tasks)))
    task = f"element_at(array({keys}), element_at({first}, concat(date, '/', hour)) + bucket + 1) AS task"
    deliveries = (
        rows.selectExpr("*", task)
        .repartition(tasks, "task")
        .selectExpr(
            "*", "row_number() OVER (PARTITION BY task, shard_id, sequence_number ORDER BY raw_key) AS delivery"
        )
    )
    return (
        deliveries.where("delivery = 1")
        .selectExpr("*", "length(sequence_number) AS digits")
        .selectExpr("*", sequences.before("task"))
        .selectExpr(*sequences.flagged([*rows.columns, "digits"]))
        # Sequence numbers exceed an integer; without leading zeros, sorting by length and text orders them.
        .sortWithinPartitions(
            "date", "hour", "bucket", "symbol", "timestamp_ns", "digits", "sequence_number", "shard_id"
        )
        .drop("digits")
    )


def with_comments(rows: DataFrame, feed: str) -> DataFrame:
    """Put each column's comment into the files: Spark's schema in their metadata has it."""
    from pyspark.sql.functions import col

    comments = {each.name: {"comment": each.comment} for each in (*columns(feed), *PARTITION_KEYS)}
    return rows.select(*(col(name).alias(name, metadata=comments.get(name, {})) for name in rows.columns))


def _keys_of_tasks(spark: SparkSession, tasks: int) -> list[int]:
    """For each task, an integer that Spark's hash partitioning puts into it.

    Partitioned by its own columns, several buckets would be written by one task: of four, three by chance.
    """
    tried = 16 * tasks
    while True:
        hashed = spark.sql(f"SELECT transform(sequence(0, {tried}), key -> pmod(hash(key), {tasks})) AS tasks").first()
        keys = {task: key for key, task in enumerate(hashed.tasks)}
        if len(keys) == tasks:
            return [keys[task] for task in range(tasks)]
        tried *= 2


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

    schema = "shard_id string, sequence_number string, raw_key string, feed string, date string, hour string"
    files = (
        spark.read.schema(f"{schema}, bucket int")
        .parquet(staging)
        .selectExpr(*POSITION, "'' AS raw_key", "feed", "date", "hour", "bucket", "1 AS staged")
    )
    if replaced:
        before = spark.read.schema(schema).option("basePath", target).parquet(*replaced)
        bucket = "CAST(regexp_extract(input_file_name(), '/bucket-([0-9]+)-of-[0-9]+[.]parquet$', 1) AS INT) AS bucket"
        files = files.unionByName(
            before.selectExpr(*POSITION, "raw_key", "feed", "date", "hour", bucket, "0 AS staged")
        )
    by_position = files.groupBy("feed", "date", "hour", "bucket", *POSITION).agg(
        expr("sum(staged) AS staged"), expr("max(raw_key) AS raw_key")
    )
    return by_position.groupBy("feed", "date", "hour", "bucket").agg(
        expr("sum(staged) AS rows"),
        expr("count_if(staged > 0) AS positions"),
        expr("count_if(staged = 0) AS lost"),
        expr("min(CASE WHEN staged = 0 THEN struct(raw_key, shard_id, sequence_number) END) AS lost_position"),
    )
