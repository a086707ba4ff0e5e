"""The processed bucket and the two tables, through AWS's API: a call of theirs that changes is changed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_store.stages import Stage, Transformation

from .errors import TransformFailed
from .plan import JobRow

#: The id of the row in the job table that says who is transforming.
LOCK = "lock/json_to_parquet"
_LOCK_ROW = {"JobId": {"S": LOCK}, "Timestamp": {"N": "0"}}


class Clients(NamedTuple):
    """The AWS clients that the job uses beside Spark."""

    s3: Any
    dynamodb: Any
    glue: Any


#: What is a problem of one partition: we will not, or an AWS service refused a call or could not be reached.
PARTITION_FAILED = (TransformFailed, BotoCoreError, Boto3Error, ClientError)
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
        """Say that the row's object is in Parquet, and take it off the index; False if another run said so first."""
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
                "Transformation": {"S": str(Transformation.PARQUET)},
                "RecordCount": {"N": str(rows)},
                "RunId": {"S": run_id},
            },
        )


def _seconds(time: datetime) -> dict[str, str]:
    return {"N": str(int(time.timestamp()))}
