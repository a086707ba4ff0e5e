"""Hand-written placeholders: a bucket that is a folder, tables that are dictionaries, and the lake made of them."""

import gzip
import hashlib
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from pyspark.errors import PySparkException

from json_to_parquet.job import main
from json_to_parquet.plan import Partition, Work
from json_to_parquet.staging import Staging
from json_to_parquet.stores import Clients
from pipeline_store.keys import SequenceRange, parse_key, validated_key
from pipeline_store.stages import Stage

#: Of the rules that validated objects were made under.
RULES = "0123456789abcdef"
HOUR = "year=2026/month=11/day=22/hour=22/"
LATER = HOUR.replace("hour=22", "hour=23")
FOLDER = "parquet/feed=trade/date=2026-11-22/hour=22/"
#: Two symbols that are in different buckets if there are two buckets.
IN_BUCKET_0, IN_BUCKET_1 = "D", "IBM"
ARRIVAL_NS = 1_795_385_000_123_000_000

_FIELDS: dict[str, dict[str, Any]] = {
    "trade": {"price": "187.25", "volume": "100"},
    "order_book": {"book": "L2", "event": "update", "bids": [{"price": "187.2", "volume": "3"}], "asks": []},
    "market_depth": {"depth": 5, "bids": [{"price": "187.2", "volume": "3"}], "asks": []},
}


def line(seq: int | str, feed: str = "trade", shard: str = "shardId-000000000000", **fields: Any) -> dict[str, Any]:
    """Return a validated line as the validator writes it, without fields that are None."""
    record = {
        "type": feed,
        "symbol": "IBM",
        "exchange": "XNYS",
        "timestamp": "2026-11-22T22:03:20.000000001Z",
        "timestamp_ns": 1_795_385_000_000_000_001,
        **_FIELDS[feed],
        **fields,
    }
    kept = {name: value for name, value in record.items() if value is not None}
    return {"v": 1, "shard": shard, "seq": str(seq), "arrival_ns": ARRIVAL_NS, "flags": [], "record": kept}


def lines(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    """Return a validated trade for each sequence number."""
    return [line(number, **fields) for number in numbers]


def hours(count: int) -> list[str]:
    """Return the folders of a day's first hours."""
    return [HOUR.replace("hour=22", f"hour={number:02}") for number in range(count)]


def write_object(path: Path, lines: Iterable[dict[str, Any] | bytes]) -> None:
    """Write lines as a validated object; bytes are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines)
    path.write_bytes(gzip.compress(b"".join(each + b"\n" for each in encoded), mtime=0))


def file_name(name: str, shard: str = "shardId-000000000000") -> str:
    """Return an object key; `name` makes it unique in its hour. "a@1-2" is of these sequence numbers, "a" of any."""
    first, last = name.partition("@")[2].split("-") if "@" in name else ("0", "9" * 60)
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return SequenceRange(shard, first, last, 2, digest).file_name


class NoSpark:
    """A Spark that must not be used."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("Spark was asked for, though there is nothing to do")


class Counted(NamedTuple):
    """What `count_staged` counts of a file."""

    rows: int
    positions: int
    lost: int
    lost_position: tuple[str, str, str] | None


def stage_without_spark(staging: Staging, work: list[Work]) -> None:
    """`Staging.stage` where Spark is not the point, with text files of positions; test_job.py compares the two."""
    staging._spark().conf  # noqa: B018 - asked for as often as by Spark's own
    staging._attempts += 1
    root, prefix = Path(staging._storage.removeprefix("file:")), f"{staging._prefix}{staging._attempts}/"
    read: dict[tuple[Partition, int], dict[tuple[str, str], str]] = defaultdict(dict)
    for each in work:
        for raw_key, key in sorted(each.objects.items()):
            for text in gzip.decompress((root / key).read_bytes()).splitlines():
                try:
                    sent = json.loads(text)
                except ValueError as error:
                    raise PySparkException(key) from error
                own = parse_key(raw_key).sequence_range
                if not own.may_hold(sent["shard"], sent["seq"]):
                    raise PySparkException(f"a record of another object in a validated line of {raw_key}")
                bucket = zlib.crc32(sent["record"]["symbol"].encode()) % each.buckets
                read[each.partition, bucket].setdefault((sent["shard"], sent["seq"]), raw_key)
                each.read[raw_key] = each.read.get(raw_key, 0) + 1
                each.lines += 1
    staging._bucket.make_folder(prefix)
    for each in work:
        for bucket in range(each.buckets):
            now, before = read[each.partition, bucket], dict[tuple[str, str], str]()
            if bucket in each.files:
                replaced = root / staging._target_prefix / each.partition.target / each.name(bucket)
                texts = replaced.read_text().splitlines()
                before = {(shard, seq): raw_key for shard, seq, raw_key in map(str.split, texts)}
            if now:
                each.positions[bucket] = len(now)
                key = f"{prefix}{each.partition.target}bucket={bucket}/part.parquet"
                (root / key).parent.mkdir(parents=True)
                (root / key).write_text("".join(f"{' '.join(at)} {now[at]}\n" for at in sorted(now)))
                each.staged[bucket].append((key, (root / key).stat().st_size))
            if now | before:
                lost = [(raw_key, *at) for at, raw_key in before.items() if at not in now]
                each.counted[bucket] = Counted(len(now), len(now), len(lost), min(lost, default=None))


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def nothing(*_: Any) -> None:
    """Do nothing meanwhile."""


class Unlucky(Exception):
    """A failure that a test injected."""


@dataclass
class FakeS3:
    """Buckets as folders below `root`: Spark and the job's client see the same objects."""

    root: Path
    page_size: int = 1000
    undeletable: bool = False
    #: Parts of unfinished uploads, by upload and number.
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    #: Called before each call of an upload, with its name and the key: injects failures and other runs.
    meanwhile: Callable[[str, str], None] = nothing
    #: Keys that a listing does not show.
    hidden: Callable[[str], bool] = lambda key: False

    def list_objects_v2(self, Bucket: str, Prefix: str, ContinuationToken: str = "0") -> dict[str, Any]:  # noqa: N803
        root = self.root / Bucket
        keys = sorted(
            str(path.relative_to(root))
            for path in root.rglob("*")
            # Hadoop writes checksum files beside local files; S3 has none.
            if path.is_file() and path.suffix != ".crc"
        )
        keys = [key for key in keys if key.startswith(Prefix) and not self.hidden(key)]
        start = int(ContinuationToken)
        page = keys[start : start + self.page_size]
        rest = {"IsTruncated": True, "NextContinuationToken": str(start + self.page_size)}
        contents = [
            {"Key": key, "Size": (root / key).stat().st_size, "ETag": _etag((root / key).read_bytes())} for key in page
        ]
        return {"Contents": contents, **(rest if start + self.page_size < len(keys) else {"IsTruncated": False})}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        assert Key.endswith("/"), "the job itself puts nothing but the marker of its staging folder"
        assert Body == b""
        (self.root / Bucket / Key).mkdir(parents=True)

    def create_multipart_upload(self, Bucket: str, Key: str, ContentType: str) -> dict[str, str]:  # noqa: N803
        assert (Bucket, ContentType) == ("processed", "application/vnd.apache.parquet")
        self.meanwhile("CreateMultipartUpload", Key)
        upload = f"upload-{len(self.uploads)}-of-{Key}"
        self.uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part_copy(
        self,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        UploadId: str,  # noqa: N803
        PartNumber: int,  # noqa: N803
        CopySource: dict[str, str],  # noqa: N803
        CopySourceRange: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        self.meanwhile("UploadPartCopy", Key)
        part = (self.root / Bucket / CopySource["Key"]).read_bytes()
        if CopySourceRange:
            first, last = map(int, CopySourceRange.removeprefix("bytes=").split("-"))
            assert 0 <= first <= last < len(part)
            part = part[first : last + 1]
        self.uploads[UploadId][PartNumber] = part
        return {"CopyPartResult": {"ETag": _etag(part)}}

    def complete_multipart_upload(
        self,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        UploadId: str,  # noqa: N803
        MultipartUpload: dict[str, Any],  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
    ) -> None:
        self.meanwhile("CompleteMultipartUpload", Key)
        target, parts = self.root / Bucket / Key, self.uploads[UploadId]
        assert MultipartUpload["Parts"] == [{"PartNumber": n, "ETag": _etag(part)} for n, part in parts.items()]
        assert (IfMatch is None) == (IfNoneMatch == "*"), "the job never replaces a file without a condition"
        if IfMatch and not target.exists():
            raise refused("CompleteMultipartUpload", "NoSuchKey")
        if (IfNoneMatch and target.exists()) or (IfMatch and IfMatch != _etag(target.read_bytes())):
            raise refused("CompleteMultipartUpload", "PreconditionFailed")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"".join(parts.values()))
        del self.uploads[UploadId]

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> None:  # noqa: N803
        self.meanwhile("AbortMultipartUpload", Key)
        del self.uploads[UploadId]

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        assert len(Delete["Objects"]) <= 1000
        if self.undeletable:
            return {"Errors": [{"Key": Delete["Objects"][0]["Key"], "Code": "AccessDenied", "Message": "no"}]}
        for item in Delete["Objects"]:
            (self.root / Bucket / item["Key"]).unlink()
        return {}


#: Items by the values of their two keys.
Table = dict[tuple[str, str], dict[str, Any]]


@dataclass
class FakeDynamo:
    """Tables as dictionaries, with the part of the expression language that the job uses."""

    tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = field(
        default_factory=lambda: {"jobs": {}, "lineage": {}}
    )
    page_size: int = 1000
    queries: int = 0
    #: Called before each update, with the key's JobId: simulates concurrent writers.
    meanwhile: Callable[[str], None] = lambda job_id: None

    def query(self, TableName: str, IndexName: str, **request: Any) -> dict[str, Any]:  # noqa: N803
        assert (IndexName, request["KeyConditionExpression"]) == (
            "StatusIndex", "#Status = :status AND #Timestamp BETWEEN :first AND :last",
        )  # fmt: skip
        self.queries += 1
        values = request["ExpressionAttributeValues"]
        first, last = (int(values[name]["N"]) for name in (":first", ":last"))
        found = sorted(
            (int(row["Timestamp"]["N"]), job_id)
            for (job_id, _), row in self.tables[TableName].items()
            if row.get("Status") == values[":status"] and first <= int(row["Timestamp"]["N"]) <= last
        )
        start, size = request.get("ExclusiveStartKey", {"at": 0})["at"], request.get("Limit", self.page_size)
        page: dict[str, Any] = {
            "Items": [self.tables[TableName][job_id, str(at)] for at, job_id in found[start : start + size]]
        }
        if start + size < len(found):
            page["LastEvaluatedKey"] = {"at": start + size}
        return page

    def put_item(self, TableName: str, Item: dict[str, Any]) -> None:  # noqa: N803
        key = (Item["DatasetId"]["S"], Item["ProcessingTimestamp"]["N"])
        assert key not in self.tables[TableName], "a lineage row replaces another"
        self.tables[TableName][key] = Item

    def update_item(self, TableName: str, Key: dict[str, Any], **request: Any) -> dict[str, Any]:  # noqa: N803
        job_id = Key["JobId"]["S"]
        self.meanwhile(job_id)
        row = self.tables[TableName].get((job_id, Key["Timestamp"]["N"]), {})
        names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]

        def spelled(text: str) -> str:
            return re.sub(r"#\w+", lambda match: names[match[0]], text)

        if not _holds(spelled(request["ConditionExpression"]), row, values):
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "UpdateItem")
        sets, _, removes = spelled(request["UpdateExpression"]).removeprefix("SET ").partition(" REMOVE ")

        def value(text: str) -> Any:
            if match := re.fullmatch(r"if_not_exists\((\w+), (:\w+)\)", text):
                return row.get(match[1], values[match[2]])
            return values[text]

        each_set = (each.split(" = ") for each in re.split(r", (?![^(]*\))", sets))
        changed = row | Key | {name: value(text) for name, text in each_set}
        for name in filter(None, removes.split(", ")):
            changed.pop(name, None)
        self.tables[TableName][(job_id, Key["Timestamp"]["N"])] = changed
        assert request["ReturnValues"] == "ALL_OLD"
        return {"Attributes": row} if row else {}


@dataclass
class FakeGlue:
    """A catalogue with one table per feed and partitions by (table, values)."""

    location: str = "s3://processed/parquet/feed={}/"
    columns: tuple[str, ...] = ("symbol", "price")
    partitions: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = field(default_factory=dict)
    #: Called before each request, with its name and the partition's values: injects failures.
    meanwhile: Callable[[str, list[str]], None] = lambda call, values: None
    #: Values of partitions whose update fails in the response.
    unchangeable: set[tuple[str, ...]] = field(default_factory=set)

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803
        assert DatabaseName == "catalogue"
        self.meanwhile("GetTable", [Name])
        return {"Table": {"Name": Name, "StorageDescriptor": self.storage(Name)}}

    def storage(self, table: str) -> dict[str, Any]:
        """Return how the table is stored."""
        return {
            "Columns": [{"Name": name, "Type": "string"} for name in self.columns],
            "Location": self.location.format(table),
            "InputFormat": "parquet",
            "SerdeInfo": {"SerializationLibrary": "parquet"},
        }

    def create_partition(self, DatabaseName: str, TableName: str, PartitionInput: dict[str, Any]) -> None:  # noqa: N803
        assert DatabaseName == "catalogue"
        self.meanwhile("CreatePartition", PartitionInput["Values"])
        key = (TableName, tuple(PartitionInput["Values"]))
        if key in self.partitions:
            raise ClientError({"Error": {"Code": "AlreadyExistsException", "Message": ""}}, "CreatePartition")
        self.partitions[key] = PartitionInput

    def get_partition(self, DatabaseName: str, TableName: str, PartitionValues: list[str]) -> dict[str, Any]:  # noqa: N803
        assert DatabaseName == "catalogue"
        return {"Partition": self.partitions[(TableName, tuple(PartitionValues))] | {"TableName": TableName}}

    def batch_update_partition(
        self,
        DatabaseName: str,  # noqa: N803
        TableName: str,  # noqa: N803
        Entries: list[dict[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        assert DatabaseName == "catalogue"
        errors = []
        for entry in Entries:
            values = tuple(entry["PartitionValueList"])
            if values in self.unchangeable:
                detail = {"ErrorCode": "InternalServiceException", "ErrorMessage": "later"}
                errors.append({"PartitionValueList": list(values), "ErrorDetail": detail})
            else:
                self.partitions[(TableName, values)] = entry["PartitionInput"]
        return {"Errors": errors}

    def locations(self) -> dict[tuple[str, ...], str]:
        """Return where each partition is, by table and values."""
        return {
            (table, *values): each["StorageDescriptor"]["Location"] for (table, values), each in self.partitions.items()
        }


def refused(call: str, code: str = "AccessDeniedException") -> ClientError:
    """Return botocore's error for a denied or failed call."""
    return ClientError({"Error": {"Code": code, "Message": f"not authorized to perform glue:{call}"}}, call)


def failing(call: str, error: Any, part: str = "") -> Callable[[str, str], None]:
    """Return a hook for `FakeS3.meanwhile` that raises at this call on keys with this part."""

    def fail(now: str, key: str) -> None:
        if now == call and part in key:
            raise error

    return fail


def _holds(condition: str, row: dict[str, Any], values: dict[str, Any]) -> bool:
    return any(_term_holds(term, row, values) for term in condition.split(" OR "))


def _term_holds(term: str, row: dict[str, Any], values: dict[str, Any]) -> bool:
    if absent := re.fullmatch(r"attribute_not_exists\((\w+)\)", term):
        return absent[1] not in row
    if " AND " in term:
        return all(_term_holds(each, row, values) for each in term.split(" AND "))
    name, operator, value = term.split(" ")
    if name not in row:
        return False
    if operator == "=":
        return bool(row[name] == values[value])
    assert operator == "<"
    return int(row[name]["N"]) < int(values[value]["N"])


def _arrival(raw_key: str) -> str:
    return str(int(parse_key(raw_key).hour.timestamp()) * 1000 + 200_123)


class Lake:
    """The processed bucket and its tables, as the functions leave them for the job."""

    def __init__(self, folder: Path, spark: Any, now: datetime) -> None:
        self.spark = spark
        self.now = now
        self.folder = folder / "processed"
        self.s3 = FakeS3(folder)
        self.dynamodb = FakeDynamo()
        self.glue = FakeGlue()

    def add(self, name: str, lines: Iterable[Any], feed: str = "trade", hour: str = HOUR, *, row: bool = True) -> str:
        """Store a validated object, and its job row; return the raw object's key."""
        lines = list(lines)
        shards = {each["shard"] for each in lines if isinstance(each, dict) and each.get("shard")}
        raw_key = f"market-data/feed={feed}/{hour}{file_name(name, *shards)}"
        write_object(self.folder / validated_key(raw_key, RULES), lines)
        if row:
            # No row says that no record is valid and names their object.
            self.add_row(raw_key, len(lines) or 1)
        return raw_key

    def add_row(self, raw_key: str, records: int) -> None:
        """Store the row of a validated object."""
        item = {
            "JobId": {"S": raw_key},
            "Timestamp": {"N": _arrival(raw_key)},
            "Stage": {"N": str(int(Stage.VALIDATED))},
            "Status": {"S": Stage.VALIDATED.name},
            "ValidatedKey": {"S": validated_key(raw_key, RULES)},
            "ValidatedCount": {"N": str(records)},
        }
        self.dynamodb.tables["jobs"][(raw_key, item["Timestamp"]["N"])] = item

    def run(self, *, buckets: int = 2, spark: Any = None, **more: Any) -> dict[str, Any]:
        """Run the job, one hour after its last run."""
        self.now += timedelta(hours=1)
        arguments = {
            "JOB_NAME": "json-to-parquet",
            "JOB_RUN_ID": "jr_1",
            "database": "catalogue",
            "job_table": "jobs",
            "lineage_table": "lineage",
            "processed_bucket": "processed",
            "buckets_per_partition": str(buckets),
            # Glue adds its own arguments, which may start like one of the job's.
            "job": "x",
            **more,
        }
        argv = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
        clients = Clients(self.s3, self.dynamodb, self.glue)
        storage = f"file:{self.folder.parent}/{{bucket}}/"
        return main(["json_to_parquet.py", *argv], clients, spark or self.spark, lambda: self.now, storage)

    def files(self) -> dict[str, bytes]:
        """Return the Parquet files, by key."""
        parquet = self.folder / "parquet"
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in sorted(parquet.rglob("*.parquet"))}

    def staged(self) -> list[Path]:
        """Return the Parquet files that are left in staging."""
        return sorted((self.folder / "staging").rglob("*.parquet"))

    def positions(self, feed: str = "trade") -> list[tuple[str, str]]:
        """Return the position of every row in Parquet."""
        rows = self.spark.read.parquet(f"file:{self.folder}/parquet/feed={feed}")
        return sorted((row.shard_id, row.sequence_number) for row in rows.collect())

    def job_row(self, raw_key: str) -> dict[str, Any]:
        """Return an object's job row, without DynamoDB's types."""
        item = self.dynamodb.tables["jobs"][(raw_key, _arrival(raw_key))]
        return {name: next(iter(value.values())) for name, value in item.items()}

    def open_rows(self) -> set[str]:
        """Return the ids of the rows that are still to be transformed."""
        return {key[0] for key, row in self.dynamodb.tables["jobs"].items() if row.get("Status") == {"S": "VALIDATED"}}
