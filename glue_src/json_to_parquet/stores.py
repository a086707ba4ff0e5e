"""Access to the two tables: all the job's DynamoDB calls."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_store.keys import hour_of
from pipeline_store.stages import Stage, Transformation, transformed_status

from .errors import TransformFailed
from .plan import JobRow, Partition

#: Id of the job table's row that holds the lock.
LOCK = "lock/json_to_parquet"
#: In milliseconds: an hour, and the end of time.
_HOUR, _NEVER = 3_600_000, 10**15
_LOCK_ROW = {"JobId": {"S": LOCK}, "Timestamp": {"N": "0"}}


class Clients(NamedTuple):
    """The job's AWS clients."""

    s3: Any
    dynamodb: Any
    glue: Any


#: Failures of one partition: the job refused, or an AWS call failed.
PARTITION_FAILED = (TransformFailed, BotoCoreError, Boto3Error, ClientError)
#: Calls mostly wait for the network; boto3 clients are thread-safe.
_CALLS_AT_ONCE = 8


def at_once(do: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """Call `do` for each, several at a time; raises the first failure."""
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        return list(pool.map(do, things))


class JobTable:
    """The job table: which objects are not yet transformed, and the lock."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def open_hours(self) -> Iterator[datetime]:
        """Yield the arrival hours with rows at the stage VALIDATED, oldest first, in one request each."""
        first = 0
        while rows := self._query(Stage.VALIDATED.name, first, _NEVER, Limit=1)["Items"]:
            hour = hour_of(int(rows[0]["Timestamp"]["N"]))
            yield hour
            first = _milliseconds(hour) + _HOUR

    def validated(self, hour: datetime) -> Iterator[JobRow]:
        """Yield the rows at the stage VALIDATED whose objects arrived in this hour."""
        return self._rows(Stage.VALIDATED.name, _milliseconds(hour), _milliseconds(hour) + _HOUR - 1)

    def built_from(self, partition: Partition) -> Iterator[JobRow]:
        """Yield the rows that the partition was built from: those at the last stage."""
        return self._rows(transformed_status(partition.feed, partition.arrival_hour), 0, _NEVER)

    def _rows(self, status: str, first: int, last: int) -> Iterator[JobRow]:
        more: dict[str, Any] = {}
        while True:
            page = self._query(status, first, last, **more)
            for item in page["Items"]:
                key, count = item.get("ValidatedKey"), item.get("ValidatedCount", {"N": "0"})
                yield JobRow(item["JobId"]["S"], item["Timestamp"]["N"], key and key["S"], int(count["N"]))
            if not page.get("LastEvaluatedKey"):
                return
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _query(self, status: str, first: int, last: int, **more: Any) -> dict[str, Any]:
        # The index is brought up to date a moment after the table. A row that is missed is read by the next run, or
        # would be missed in a file that holds its records: then the file is not replaced.
        answer: dict[str, Any] = self._client.query(
            TableName=self._table,
            IndexName="StatusIndex",
            KeyConditionExpression="#Status = :status AND #Timestamp BETWEEN :first AND :last",
            ProjectionExpression="JobId, #Timestamp, ValidatedKey, ValidatedCount",
            ExpressionAttributeNames={"#Status": "Status", "#Timestamp": "Timestamp"},
            ExpressionAttributeValues={
                ":status": {"S": status},
                ":first": {"N": str(first)},
                ":last": {"N": str(last)},
            },
            **more,
        )
        return answer

    def transformed(self, row: JobRow, partition: Partition, run_id: str, at: datetime) -> bool:
        """Mark the row's object transformed; False if another run did so first, or the row names another object."""
        changed = self._update(
            {"JobId": {"S": row.job_id}, "Timestamp": {"N": row.timestamp}},
            "SET Stage = :transformed, #Status = :status, TransformedAt = :at, TransformedBy = :run",
            "Stage < :transformed AND ValidatedKey = :key",
            {
                ":transformed": {"N": str(int(Stage.TRANSFORMED))},
                ":status": {"S": transformed_status(partition.feed, partition.arrival_hour)},
                ":key": {"S": str(row.validated_key)},
                ":at": {"S": at.isoformat(timespec="milliseconds")},
                ":run": {"S": run_id},
            },
            {"#Status": "Status"},
        )
        return changed is not None

    def buckets(self, partition: Partition, number: int) -> int:
        """Decide how many buckets a partition without files gets; return what was decided first.

        Two runs with different options would otherwise write files of different names, which do not fence one another.
        """
        row = {"JobId": {"S": LOCK}, "Timestamp": {"N": str(_milliseconds(partition.arrival_hour))}}
        before = self._update(
            row,
            "SET #Buckets = if_not_exists(#Buckets, :number)",
            "attribute_not_exists(LockOwner)",
            {":number": {"N": str(number)}},
            {"#Buckets": f"Buckets_{partition.feed}"},
        )
        if before is None:
            raise TransformFailed(f"{partition.place} is the time of the lock's own row")
        return int(before.get(f"Buckets_{partition.feed}", {"N": str(number)})["N"])

    def lock(self, owner: str, now: datetime, until: datetime) -> str | None:
        """Take the lock; return where to begin (for `in_order`), or None if another run holds the lock."""
        # Released by expiry, not by deletion, so the role needs no permission to delete rows. The lock may already be
        # ours, if a response was lost and the client retried.
        before = self._update(
            _LOCK_ROW,
            "SET LockOwner = :owner, ExpiresAt = :until",
            "attribute_not_exists(LockOwner) OR LockOwner = :owner OR ExpiresAt < :now",
            {":owner": {"S": owner}, ":until": _seconds(until), ":now": _seconds(now)},
        )
        return None if before is None else before.get("BeginAfter", {"S": ""})["S"]

    def keep_lock(self, owner: str, until: datetime, begin_after: str) -> bool:
        """Extend the lock, and record where the next run should begin; False if the owner has changed.

        An expired lock can be extended: nobody else has changed anything. Once another run has held it, the files this
        run staged are out of date, even if the other run has ended.
        """
        # Empty strings are allowed in attributes that are not keys:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        values = {":owner": {"S": owner}, ":until": _seconds(until), ":begin": {"S": begin_after}}
        held = self._update(_LOCK_ROW, "SET ExpiresAt = :until, BeginAfter = :begin", "LockOwner = :owner", values)
        return held is not None

    def unlock(self, owner: str) -> None:
        """Release the lock if this run still holds it."""
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
        """Update a row; return its former attributes, or None if the condition failed."""
        try:
            # ALL_OLD costs no read capacity and needs no read permission:
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
    """The lineage table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def record(self, dataset: str, at: datetime, source: str, objects: int, rows: int, run_id: str) -> None:
        """Record that a file was replaced. Under the lock, no two runs replace it in the same millisecond."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "DatasetId": {"S": dataset},
                "ProcessingTimestamp": {"N": str(int(at.timestamp() * 1000))},
                "SourceLocation": {"S": source},
                "SourceObjectCount": {"N": str(objects)},
                "Transformation": {"S": str(Transformation.PARQUET)},
                "RecordCount": {"N": str(rows)},
                "RunId": {"S": run_id},
            },
        )


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp()) * 1000


def _seconds(time: datetime) -> dict[str, str]:
    return {"N": str(int(time.timestamp()))}
