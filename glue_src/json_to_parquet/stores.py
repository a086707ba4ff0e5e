"""Access to the two tables: all the job's DynamoDB calls."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_store.stages import Stage, Transformation

from .errors import TransformFailed
from .plan import JobRow

#: Id of the job table's row that holds the lock.
LOCK = "lock/json_to_parquet"
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

    def validated(self) -> Iterator[JobRow]:
        """Yield the rows at the stage VALIDATED, oldest first."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "StatusIndex",
            "KeyConditionExpression": "#Status = :validated",
            "ProjectionExpression": "JobId, #Timestamp, ValidatedKey",
            "ExpressionAttributeNames": {"#Status": "Status", "#Timestamp": "Timestamp"},
            "ExpressionAttributeValues": {":validated": {"S": Stage.VALIDATED.name}},
        }
        while True:
            page = self._client.query(**request)
            for item in page["Items"]:
                yield JobRow(item["JobId"]["S"], item["Timestamp"]["N"], item["ValidatedKey"]["S"])
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def transformed(self, row: JobRow, run_id: str, at: datetime) -> bool:
        """Mark the row's object transformed and take it off the index; False if another run did so first."""
        changed = self._update(
            {"JobId": {"S": row.job_id}, "Timestamp": {"N": row.timestamp}},
            "SET Stage = :transformed, TransformedAt = :at, TransformedBy = :run REMOVE #Status",
            "Stage < :transformed",
            {
                ":transformed": {"N": str(int(Stage.TRANSFORMED))},
                ":at": {"S": at.isoformat(timespec="milliseconds")},
                ":run": {"S": run_id},
            },
            {"#Status": "Status"},
        )
        return changed is not None

    def lock(self, owner: str, now: datetime, until: datetime) -> str | None:
        """Take the lock; return where to begin (for `beginning_at`), or None if another run holds the lock."""
        # Released by expiry, not by deletion, so the role needs no permission to delete rows. The lock may already be
        # ours, if a response was lost and the client retried.
        before = self._update(
            _LOCK_ROW,
            "SET LockOwner = :owner, ExpiresAt = :until",
            "attribute_not_exists(LockOwner) OR LockOwner = :owner OR ExpiresAt < :now",
            {":owner": {"S": owner}, ":until": _seconds(until), ":now": _seconds(now)},
        )
        return None if before is None else before.get("BeginAt", {"S": ""})["S"]

    def keep_lock(self, owner: str, until: datetime, begin_at: str) -> bool:
        """Extend the lock, and record where the next run should begin; False if the owner has changed.

        An expired lock can be extended: nobody else has changed anything. Once another run has held it, the files this
        run staged are out of date, even if the other run has ended.
        """
        # Empty strings are allowed in attributes that are not keys:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        values = {":owner": {"S": owner}, ":until": _seconds(until), ":begin": {"S": begin_at}}
        held = self._update(_LOCK_ROW, "SET ExpiresAt = :until, BeginAt = :begin", "LockOwner = :owner", values)
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


def _seconds(time: datetime) -> dict[str, str]:
    return {"N": str(int(time.timestamp()))}
