"""Validated objects to Parquet: each touched (feed, arrival hour) partition is rebuilt, its files replaced whole.

One file with nothing of this project's imported, because Glue is given one file. pyspark is not imported either: what
Spark is to do is text (SQL and schemas), so that the columns below are plain data for whoever declares tables on them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# ------------------------------------------------------------------------------------------------ columns ----
# What the contract's fields become in Parquet. A test holds the fields to the contract's types, and the tables to
# `parquet_columns`.


class Kind(Enum):
    """How a field of a validated record is stored."""

    TEXT = "text"
    TEXTS = "list of texts"
    INTEGER = "integer"
    #: A decimal numeral, sent as text: stored exactly, and as a number to calculate with.
    NUMERAL = "numeral"
    #: An RFC 3339 time: stored as sent, as nanoseconds, and as the timestamp that query engines know.
    TIME = "time"
    LEVELS = "levels"


class Field(NamedTuple):
    """One field of a record."""

    name: str
    kind: Kind
    required: bool = False
    #: What an entry holds, if the field is a list of levels.
    levels: tuple[Field, ...] = ()


_COMMON = (
    Field("symbol", Kind.TEXT, required=True),
    Field("exchange", Kind.TEXT, required=True),
    Field("timestamp", Kind.TIME, required=True),
    Field("receive_timestamp", Kind.TIME),
    Field("sequence", Kind.TEXT),
    Field("previous_sequence", Kind.TEXT),
    Field("first_sequence", Kind.TEXT),
    Field("conditions", Kind.TEXTS),
    Field("checksum", Kind.TEXT),
    # An object of the producer's, kept as the text that was sent.
    Field("extra", Kind.TEXT),
)
_BOOK_LEVEL = (
    Field("price", Kind.NUMERAL),
    Field("volume", Kind.NUMERAL),
    Field("order_id", Kind.TEXT),
    Field("level_id", Kind.TEXT),
    Field("action", Kind.TEXT),
    Field("order_count", Kind.INTEGER),
)
_DEPTH_LEVEL = (
    Field("price", Kind.NUMERAL, required=True),
    Field("volume", Kind.NUMERAL, required=True),
    Field("order_count", Kind.INTEGER),
)

FIELDS: dict[str, tuple[Field, ...]] = {
    "trade": (
        *_COMMON,
        Field("price", Kind.NUMERAL, required=True),
        Field("volume", Kind.NUMERAL, required=True),
        Field("side", Kind.TEXT),
        Field("trade_id", Kind.TEXT),
    ),
    "order_book": (
        *_COMMON,
        Field("book", Kind.TEXT, required=True),
        Field("event", Kind.TEXT, required=True),
        Field("bids", Kind.LEVELS, required=True, levels=_BOOK_LEVEL),
        Field("asks", Kind.LEVELS, required=True, levels=_BOOK_LEVEL),
    ),
    "market_depth": (
        *_COMMON,
        Field("depth", Kind.INTEGER, required=True),
        Field("bids", Kind.LEVELS, required=True, levels=_DEPTH_LEVEL),
        Field("asks", Kind.LEVELS, required=True, levels=_DEPTH_LEVEL),
    ),
}

#: Where a record was on the stream, which is what a record is known by: real tapes repeat identical lines.
POSITION = ("shard_id", "sequence_number")
#: 20 digits before the point is what the contract allows; 18 are left for after it.
DECIMAL = "decimal(38,18)"


def parquet_columns(feed: str) -> list[tuple[str, str]]:
    """Return the feed's columns, as (name, type) in the words that Spark and the Glue catalogue share."""
    stored = [column for each in FIELDS[feed] for column in _stored(each)]
    return [
        ("shard_id", "string"),
        ("sequence_number", "string"),
        ("arrival_ns", "bigint"),
        *stored,
        ("flags", "array<string>"),
        ("raw_key", "string"),
    ]


def line_schema(feed: str) -> str:
    """Return the schema of a validated line, all of it said: nothing is inferred from the data."""
    record = ",".join(f"{name}:{type_}" for each in FIELDS[feed] for name, type_ in _sent(each))
    return f"v int, shard string, seq string, arrival_ns bigint, flags array<string>, record struct<{record}>"


def _sent(each: Field) -> list[tuple[str, str]]:
    match each.kind:
        case Kind.TEXT | Kind.NUMERAL:
            return [(each.name, "string")]
        case Kind.TEXTS:
            return [(each.name, "array<string>")]
        case Kind.INTEGER:
            return [(each.name, "bigint")]
        case Kind.TIME:
            return [(each.name, "string"), (f"{each.name}_ns", "bigint")]
        case Kind.LEVELS:
            entry = ",".join(f"{name}:{type_}" for inner in each.levels for name, type_ in _sent(inner))
            return [(each.name, f"array<struct<{entry}>>")]


def _stored(each: Field) -> list[tuple[str, str]]:
    match each.kind:
        case Kind.NUMERAL:
            return [(each.name, DECIMAL), (f"{each.name}_text", "string")]
        case Kind.TIME:
            return [*_sent(each), (f"{each.name}_us", "timestamp")]
        case Kind.LEVELS:
            entry = ",".join(f"{name}:{type_}" for inner in each.levels for name, type_ in _stored(inner))
            return [(each.name, f"array<struct<{entry}>>")]
        case _:
            return _sent(each)


# --------------------------------------------------------------------------------------------- transforms ----
# DataFrame in, DataFrame out: no S3, no clock.


def row_expressions(feed: str) -> list[str]:
    """Return the SQL that makes a Parquet row of a validated line and its `raw_key`."""
    record = [expression for each in FIELDS[feed] for expression in _field_expressions(each)]
    known_version = f"CASE WHEN v = 1 THEN shard ELSE {_refusal('an unknown version of')} END"
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
    # Once for each field is enough: the row fails as a whole.
    checked = _required(sent, each.name) if each.required else sent
    match each.kind:
        case Kind.NUMERAL:
            return [f"{_as_decimal(sent)} AS `{each.name}`", f"{checked} AS `{each.name}_text`"]
        case Kind.TIME:
            ns = f"record.`{each.name}_ns`"
            # A time without its nanoseconds is a line that the validator did not write.
            checked_ns = f"CASE WHEN {sent} IS NOT NULL THEN {_required(ns, each.name + '_ns')} END"
            # Not `/`, which goes through a double; and cut downwards before 1970 too.
            us = f"timestamp_micros({ns} DIV 1000 - CASE WHEN {ns} % 1000 < 0 THEN 1 ELSE 0 END)"
            return [
                f"{checked} AS `{each.name}`",
                f"{checked_ns} AS `{each.name}_ns`",
                f"{us} AS `{each.name}_us`",
            ]
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
    """Round a numeral half up to 18 digits after the point; a numeral is never turned into null.

    The second attempt, which cuts, is for the one case that rounding cannot do: twenty nines before the point that
    rounding up would make 21 digits. The exact numeral is in the text column anyway.
    """
    cut = f"regexp_extract({text}, '^-?[0-9]+([.][0-9]{{1,18}})?', 0)"
    refusal = f"CAST(raise_error(concat('not a numeral: ', {text})) AS {DECIMAL})"
    attempts = f"coalesce(try_cast({text} AS {DECIMAL}), try_cast({cut} AS {DECIMAL}), {refusal})"
    return f"CASE WHEN {text} IS NOT NULL THEN {attempts} END"


def _required(value: str, name: str) -> str:
    return f"coalesce({value}, {_refusal('no ' + name + ' in')})"


def _refusal(what: str) -> str:
    # Validated lines are our own: one that is not as it should be is a bug, so nothing is written.
    return f"raise_error(concat('{what} a validated line of ', raw_key))"


def read_rows(
    spark: SparkSession, feed: str, folders: list[str], source_prefix: str, buckets: dict[str, int]
) -> DataFrame:
    """Read the validated lines under the folders: one row a line, with the partition and bucket it belongs to.

    `buckets` says into how many files each partition ("date/hour") is divided.
    """
    lines = (
        spark.read.schema(line_schema(feed))
        # A line that cannot be read is a bug of ours; lines end in \n only, as they are written.
        .options(mode="FAILFAST", lineSep="\n", pathGlobFilter="*.json.gz")
        .json(folders)
    )
    # A validated object has the raw one's key below a folder of its own.
    folder = source_prefix.partition("/")[0]
    located = lines.selectExpr("*", "input_file_name() AS path").selectExpr(
        "*", f"substr(path, instr(path, '/{source_prefix}') + {len(folder) + 2}) AS raw_key"
    )
    year, month, day, hour = (
        f"regexp_extract(raw_key, '/{part}=([0-9]+)/', 1)" for part in ("year", "month", "day", "hour")
    )
    divided = "map(" + ", ".join(f"'{partition}', {count}" for partition, count in sorted(buckets.items())) + ")"
    return (
        located.selectExpr(*row_expressions(feed), f"concat_ws('-', {year}, {month}, {day}) AS date", f"{hour} AS hour")
        # CRC-32 is a standard, unlike Spark's own hash: a symbol stays in its bucket under every version of Spark.
        .selectExpr("*", f"CAST(pmod(crc32(symbol), element_at({divided}, concat(date, '/', hour))) AS INT) AS bucket")
    )


def keep_first_delivery(rows: DataFrame, files: int) -> DataFrame:
    """Keep one row for every stream position, and bring each bucket, sorted, into one task.

    Of several deliveries the one in the lowest key is kept: any would do, but a rerun is to give the same file.
    """
    deliveries = rows.repartition(files, "date", "hour", "bucket").selectExpr(
        "*",
        "row_number() OVER (PARTITION BY date, hour, bucket, shard_id, sequence_number ORDER BY raw_key) AS delivery",
    )
    return (
        deliveries.where("delivery = 1")
        .drop("delivery")
        .selectExpr("*", "length(sequence_number) AS digits")
        # Sequence numbers are too long for an integer; without leading zeros, length and text order them.
        .sortWithinPartitions(
            "date", "hour", "bucket", "symbol", "timestamp_ns", "digits", "sequence_number", "shard_id"
        )
        .drop("digits")
    )


def count_read(rows_by_feed: dict[str, DataFrame]) -> DataFrame:
    """Count what was read: lines and distinct positions of each bucket, and lines of each object.

    Found in another way than `keep_first_delivery` does, against which it is held.
    """
    from pyspark.sql.functions import expr

    columns = ("date", "hour", "bucket", "raw_key", *POSITION)
    feeds = [rows.selectExpr(f"'{feed}' AS feed", *columns) for feed, rows in rows_by_feed.items()]
    read = reduce(lambda one, other: one.union(other), feeds)
    by_position = read.groupBy("feed", "date", "hour", *POSITION).agg(
        # A position is in one bucket. Were it in two, the other one's file would have a row too many.
        expr("min(bucket) AS bucket"),
        expr("count(*) AS deliveries"),
    )
    by_bucket = by_position.groupBy("feed", "date", "hour", "bucket").agg(
        expr("sum(deliveries) AS lines"), expr("count(*) AS positions")
    )
    by_object = read.groupBy("feed", "date", "hour", "raw_key").agg(expr("count(*) AS lines"))
    return by_bucket.unionByName(by_object, allowMissingColumns=True)


def count_staged(spark: SparkSession, staging: str, target: str, replaced: list[str]) -> DataFrame:
    """Count the rows of each staged file, its positions, and those that only the file it replaces has."""
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


# --------------------------------------------------------------------------------------------------- plan ----


class TransformFailed(Exception):
    """Something was left undone; the message names it. What could be done was done."""


class LockHeld(Exception):
    """Another run is at work, or took over from this one."""


class Partition(NamedTuple):
    """One feed's records of one arrival hour: what is rebuilt as a whole."""

    feed: str
    date: str
    hour: str

    @property
    def source(self) -> str:
        """Its folder under the source prefix."""
        year, month, day = self.date.split("-")
        return f"feed={self.feed}/year={year}/month={month}/day={day}/hour={self.hour}/"

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


_SOURCE_NAME = re.compile(
    r"feed=(?P<feed>\w+)/year=(?P<year>\d{4})/month=(?P<month>\d\d)/day=(?P<day>\d\d)/hour=(?P<hour>\d\d)/[^/]+\.json\.gz"
)
_TARGET_NAME = re.compile(r"bucket-(\d+)-of-(\d+)\.parquet")
_STAGED_NAME = re.compile(r"feed=(\w+)/date=([\d-]+)/hour=(\d\d)/bucket=(\d+)/[^/]+\.parquet")


def partition_of(validated_key: str, source_prefix: str) -> Partition | None:
    """Return the partition that a validated object belongs to; None if its key is none of ours."""
    match = _SOURCE_NAME.fullmatch(validated_key.removeprefix(source_prefix))
    if match is None or match["feed"] not in FIELDS or not validated_key.startswith(source_prefix):
        return None
    return Partition(match["feed"], f"{match['year']}-{match['month']}-{match['day']}", match["hour"])


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


# ------------------------------------------------------------------------------------------ S3 and tables ----


class Clients(NamedTuple):
    """The AWS clients that the job uses beside Spark."""

    s3: Any
    dynamodb: Any
    glue: Any


#: What is a problem of one partition: we will not, or an AWS service refused a call or could not be reached.
_PARTITION_FAILED = (TransformFailed, BotoCoreError, Boto3Error, ClientError)
#: Calls are short and wait for the network; clients are safe to share between threads.
_CALLS_AT_ONCE = 8
#: What one DeleteObjects request takes.
_DELETED_AT_ONCE = 1000


def at_once(do: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """Do it for all of them, several at a time; the first failure is raised."""
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        return list(pool.map(do, things))


class Bucket:
    """The processed bucket."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def sizes(self, prefix: str) -> dict[str, int]:
        """Return the keys below the prefix, with their sizes."""
        found: dict[str, int] = {}
        request = {"Bucket": self.name, "Prefix": prefix}
        while True:
            page = self._client.list_objects_v2(**request)
            found |= {item["Key"]: item["Size"] for item in page.get("Contents", ())}
            if not page.get("IsTruncated"):
                return found
            request["ContinuationToken"] = page["NextContinuationToken"]

    def make_folder(self, prefix: str) -> None:
        """Make what S3A takes for a folder, so that it looks for none above it, where the role may not look."""
        self._client.put_object(Bucket=self.name, Key=prefix, Body=b"")

    def replace(self, target: str, source: str) -> None:
        """Put a copy of the source in the target's place: readers see the old file or the new, never neither."""
        # Not copy_object, which stops at 5 GB.
        self._client.copy({"Bucket": self.name, "Key": source}, self.name, target)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects."""
        remaining = [{"Key": key} for key in keys]
        while remaining:
            some, remaining = remaining[:_DELETED_AT_ONCE], remaining[_DELETED_AT_ONCE:]
            answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": some, "Quiet": True})
            # The request succeeds even where a deletion does not.
            for error in answer.get("Errors", ()):
                raise TransformFailed(f"{error['Key']} was not deleted: {error['Code']}: {error['Message']}")


class JobTable:
    """The job table: which objects are not yet transformed, and who is transforming."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def validated(self) -> Iterator[JobRow]:
        """Yield the rows of the objects that are validated and not yet transformed, oldest first."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "StatusIndex",
            "KeyConditionExpression": "#Status = :validated",
            "ProjectionExpression": "JobId, #Timestamp, ValidatedKey",
            "ExpressionAttributeNames": {"#Status": "Status", "#Timestamp": "Timestamp"},
            "ExpressionAttributeValues": {":validated": {"S": "VALIDATED"}},
        }
        while True:
            page = self._client.query(**request)
            for item in page["Items"]:
                yield JobRow(item["JobId"]["S"], item["Timestamp"]["N"], item["ValidatedKey"]["S"])
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def transformed(self, row: JobRow, run_id: str, at: datetime) -> bool:
        """Say that the row's object is in Parquet, and take it off the index; False if another run said so first."""
        changed = self._update(
            {"JobId": {"S": row.job_id}, "Timestamp": {"N": row.timestamp}},
            "SET Stage = :transformed, TransformedAt = :at, TransformedBy = :run REMOVE #Status",
            "Stage < :transformed",
            {":transformed": {"N": "3"}, ":at": {"S": at.isoformat(timespec="milliseconds")}, ":run": {"S": run_id}},
            {"#Status": "Status"},
        )
        return changed is not None

    def lock(self, owner: str, now: datetime, until: datetime) -> str | None:
        """Take the lock at the start of a run; return where to begin, None if another run has it and it has not ended.

        Where to begin is what the last holder noted: `beginning_at` knows what it means.
        """
        # Released by setting it to expire, not by deletion, so that the role needs no right to delete rows.
        # Ours already is one whose answer was lost, so that the client asked again.
        before = self._update(
            _LOCK_ROW,
            "SET LockOwner = :owner, ExpiresAt = :until",
            "attribute_not_exists(LockOwner) OR LockOwner = :owner OR ExpiresAt < :now",
            {":owner": {"S": owner}, ":until": _seconds(until), ":now": _seconds(now)},
        )
        return None if before is None else before.get("BeginAt", {"S": ""})["S"]

    def keep_lock(self, owner: str, until: datetime, begin_at: str) -> bool:
        """Keep the lock, and note where the next run is to begin; False if the row does not say this owner any more.

        That it has expired is no reason: as long as nobody took it, nobody has changed anything. But once another run
        has had it, what this run staged is old, even if that run has let go of it.
        """
        # An empty text is a value like any other where an attribute is no key:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        values = {":owner": {"S": owner}, ":until": _seconds(until), ":begin": {"S": begin_at}}
        held = self._update(_LOCK_ROW, "SET ExpiresAt = :until, BeginAt = :begin", "LockOwner = :owner", values)
        return held is not None

    def unlock(self, owner: str) -> None:
        """Let go of the lock, if it is still ours."""
        values = {":owner": {"S": owner}, ":over": {"N": "0"}}
        self._update(_LOCK_ROW, "SET ExpiresAt = :over", "LockOwner = :owner", values)

    def _update(
        self,
        key: dict[str, Any],
        update: str,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> dict[str, Any] | None:
        """Return the row as it was before, None if the condition does not hold."""
        try:
            # The row before costs nothing more, and no right to read:
            # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
            answer = self._client.update_item(
                ReturnValues="ALL_OLD",
                TableName=self._table,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        before: dict[str, Any] = answer.get("Attributes", {})
        return before


class LineageTable:
    """The lineage table: what was made of what."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def record(self, dataset: str, at: datetime, source: str, objects: int, rows: int, run_id: str) -> None:
        """Say that a file was replaced. Under the lock no two runs replace it within one millisecond."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "DatasetId": {"S": dataset},
                "ProcessingTimestamp": {"N": str(int(at.timestamp() * 1000))},
                "SourceLocation": {"S": source},
                "SourceObjectCount": {"N": str(objects)},
                "Transformation": {"S": "PARQUET"},
                "RecordCount": {"N": str(rows)},
                "RunId": {"S": run_id},
            },
        )


class Catalogue:
    """The tables' partitions in the Glue catalogue, which is where readers look for them."""

    def __init__(self, client: Any, database: str) -> None:
        self._client = client
        self._database = database
        self._tables: dict[str, dict[str, Any]] = {}

    def add(self, partition: Partition, folder: str) -> str | None:
        """Make sure that the feed's table has the partition; return what a wrong entry was mended from, if any."""
        storage = self._storage(partition.feed)
        location = storage["Location"].rstrip("/") + partition.target.removeprefix(f"feed={partition.feed}")
        if location != folder:
            raise TransformFailed(f"table {partition.feed} of {self._database} lies elsewhere: {storage['Location']}")
        # The trailing slash is kept, as the tables have it: without one, a prefix also matches what only begins alike.
        values, wanted = [partition.date, partition.hour], storage | {"Location": location}
        where = {"DatabaseName": self._database, "TableName": partition.feed}
        try:
            self._client.create_partition(**where, PartitionInput={"Values": values, "StorageDescriptor": wanted})
        except ClientError as error:
            if error.response["Error"]["Code"] != "AlreadyExistsException":
                raise
            return self._mend(where, values, wanted)
        return None

    def _storage(self, table: str) -> dict[str, Any]:
        # Once a run; two threads that both ask get the same answer.
        if table not in self._tables:
            answer = self._client.get_table(DatabaseName=self._database, Name=table)
            self._tables[table] = answer["Table"]["StorageDescriptor"]
        return self._tables[table]

    def _mend(self, where: dict[str, str], values: list[str], wanted: dict[str, Any]) -> str | None:
        """Let an entry say what its table says: another place or other columns are what a reader goes by."""
        found = self._client.get_partition(**where, PartitionValues=values)["Partition"]
        now = found.get("StorageDescriptor", {})
        if _read_as(now) == _read_as(wanted):
            return None
        entry = {"Values": values, "Parameters": found.get("Parameters", {}), "StorageDescriptor": wanted}
        answer = self._client.batch_update_partition(
            **where, Entries=[{"PartitionValueList": values, "PartitionInput": entry}]
        )
        # The request succeeds even where the update does not.
        for error in answer.get("Errors", ()):
            detail = error["ErrorDetail"]
            raise TransformFailed(f"the catalogue keeps a wrong entry: {detail['ErrorCode']}: {detail['ErrorMessage']}")
        return str(now.get("Location", "no location"))


def _read_as(storage: dict[str, Any]) -> tuple[Any, ...]:
    """Return what of a storage descriptor decides which bytes are read, and as what."""
    return (
        storage.get("Location", "").rstrip("/"),
        [(column["Name"], column.get("Type")) for column in storage.get("Columns", ())],
        storage.get("InputFormat"),
        storage.get("SerdeInfo", {}).get("SerializationLibrary"),
    )


_LOCK_ROW = {"JobId": {"S": "lock/json_to_parquet"}, "Timestamp": {"N": "0"}}


def _seconds(time: datetime) -> dict[str, str]:
    return {"N": str(int(time.timestamp()))}


# ---------------------------------------------------------------------------------------------------- job ----

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
#: More partitions than this failing by themselves are not a few bad files. The rest waits for the next run.
_FAILED_AT_MOST = 20


def place(work: Work) -> str:
    """Return what a partition is ordered by: its time, whatever its feed."""
    return f"{work.partition.date}/{work.partition.hour}/{work.partition.feed}"


def beginning_at(begin_at: str, work: Iterable[Work]) -> list[Work]:
    """Return the partitions newest first, as a circle that begins at that place; at the newest, if it is empty."""
    ordered = sorted(work, key=place, reverse=True)
    return sorted(ordered, key=lambda each: place(each) > begin_at)


def _spark_errors() -> tuple[type[Exception], ...]:
    """Return what Spark raises when it cannot do what it is asked to. That it has died is another error."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JJavaError


def _cause(error: Exception) -> str:
    """Return the innermost cause of what Spark raised, in a line, and the file that it was about."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    chain = [] if java else [str(error)]
    while java is not None:
        chain.append(str(java.toString()))
        java = java.getCause()
    cause = next(iter(chain[-1].splitlines()), type(error).__name__)
    file = next(filter(None, (re.search(r"\S+[.](json[.]gz|parquet)\b", each) for each in chain)), None)
    return f"{cause} ({file[0]})" if file and file[0] not in cause else cause


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
        self.spark = spark
        self.clock = clock
        self.storage = storage
        self.run_id = f"{clock():%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        #: Where this run writes before anything is replaced. A crashed run's leftovers are elsewhere.
        self.staging = f"{options.staging_prefix}{self.run_id}/"
        self.problems: list[str] = []
        #: Entries of the catalogue that said something else than their table.
        self.mended: list[str] = []
        self._attempts = 0
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
            self.bucket.delete(self.bucket.sizes(self.staging))
        return self.result(staged, done, marked)

    def take_lock(self) -> str:
        """Make sure that no other run is at work; return where the last one says to begin."""
        now = self.clock()
        begin_at = self.jobs.lock(self.run_id, now, now + timedelta(seconds=self.options.lock_seconds))
        if begin_at is None:
            raise LockHeld(f"another run holds {_LOCK_ROW['JobId']['S']} in {self.options.job_table}")
        return begin_at

    def keep_lock(self) -> None:
        """Make sure that no other run has been at work since this one took the lock."""
        until = self.clock() + timedelta(seconds=self.options.lock_seconds)
        if not self.jobs.keep_lock(self.run_id, until, self._begin_at):
            row = f"{_LOCK_ROW['JobId']['S']} in {self.options.job_table}"
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
        except _PARTITION_FAILED as failure:
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
                self.stage(group)
            except _spark_errors() as error:
                if len(group) == 1:
                    failed += 1
                    self.problems.append(f"{self.options.target_prefix}{group[0].partition.target}: {_cause(error)}")
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

    def stage(self, work: list[Work]) -> None:
        """Write the partitions anew into staging, and note what was read and what was written."""
        self._attempts += 1
        # Beside what an attempt that failed has left there.
        staging = f"{self.staging}{self._attempts}/"
        spark = self.spark()
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
            self.bucket.make_folder(staging)
            at_once(lambda feed: self._write(rows[feed], feed, feeds[feed], staging), rows)
            self._note_staged(work, spark, staging)
        finally:
            for each_rows in rows.values():
                each_rows.unpersist()

    def _read(self, spark: SparkSession, feed: str, work: list[Work]) -> DataFrame:
        folders = [self.storage + self.options.source_prefix + each.partition.source for each in work]
        buckets = {f"{each.partition.date}/{each.partition.hour}": each.buckets for each in work}
        return read_rows(spark, feed, folders, self.options.source_prefix, buckets)

    def _note_read(self, work: list[Work], rows: dict[str, DataFrame]) -> None:
        by_partition = {each.partition: each for each in work}
        folder = self.options.source_prefix.partition("/")[0]
        for count in count_read(rows).collect():
            each = by_partition[Partition(count.feed, count.date, count.hour)]
            if count.raw_key is None:
                each.positions[count.bucket] = count.positions
                each.lines += count.lines
            else:
                each.read.add(f"{folder}/{count.raw_key}")

    def _write(self, rows: DataFrame, feed: str, work: list[Work], staging: str) -> None:
        if files := sum(len(each.positions) for each in work):
            writer = keep_first_delivery(rows, files).write.partitionBy("date", "hour", "bucket")
            writer.options(**_STAGING_OPTIONS).parquet(f"{self.storage}{staging}feed={feed}/")

    def _note_staged(self, work: list[Work], spark: SparkSession, staging: str) -> None:
        by_partition = {each.partition: each for each in work}
        for key in self.bucket.sizes(staging):
            if match := _STAGED_NAME.fullmatch(key.removeprefix(staging)):
                feed, date, hour, bucket = match.groups()
                by_partition[Partition(feed, date, hour)].staged[int(bucket)].append(key)
        if not any(each.staged for each in work):
            return
        target = self.storage + self.options.target_prefix
        replaced = [target + each.partition.target + name for each in work for name in each.files.values()]
        for count in count_staged(spark, self.storage + staging, target, replaced).collect():
            by_partition[Partition(count.feed, count.date, count.hour)].counted[count.bucket] = count

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
        except _PARTITION_FAILED as error:
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


if __name__ == "__main__":
    main(sys.argv)
