"""Job rows in DynamoDB: one for each raw object, saying how far it has come."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from .edge import AwsClient, error_code, transient_errors_are_retryable
from .rows import IngestedJob, JobKey, ValidatedJob
from .stages import Stage

_serialize = TypeSerializer().serialize


class DynamoJobs:
    """The job table."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self._client = client
        self._table = table

    def ingested(self, job: IngestedJob) -> bool:
        """Say that an object was ingested; False if its row already says so, or more."""
        return self._advance(
            job.key,
            Stage.INGESTED,
            Status=Stage.INGESTED.name,
            Feed=job.feed,
            SourceBucket=job.source_bucket,
            RecordCount=job.record_count,
            IngestedAt=job.ingested_at,
        )

    def validated(self, job: ValidatedJob) -> bool:
        """Say that an object was validated; False if its row already says so, or more."""
        # Nothing valid is nothing to transform: the row goes straight to the end, and off the status index.
        to_transform = job.validated_count > 0
        return self._advance(
            job.key,
            Stage.VALIDATED if to_transform else Stage.TRANSFORMED,
            Status=Stage.VALIDATED.name if to_transform else None,
            Feed=job.feed,
            SourceBucket=job.source_bucket,
            RecordCount=job.record_count,
            ValidatedCount=job.validated_count,
            RejectedCount=job.rejected_count,
            ValidatedKey=job.validated_key,
            QuarantineKey=job.quarantine_key,
            IngestedAt=job.ingested_at,
            ValidatedAt=job.validated_at,
        )

    def stage(self, key: JobKey) -> int:
        """How far the object has come; 0 if it has no row."""
        with transient_errors_are_retryable():
            item = self._client.get_item(
                TableName=self._table,
                Key=_row_key(key),
                ConsistentRead=True,
                ProjectionExpression="#Stage",
                ExpressionAttributeNames={"#Stage": "Stage"},
            ).get("Item", {})
        return int(item["Stage"]["N"]) if "Stage" in item else 0

    def _advance(self, key: JobKey, to: Stage, **attributes: str | int | None) -> bool:
        """Move the row to a later stage; an attribute that is None is removed. False if it was there already."""
        kept = {name: value for name, value in attributes.items() if value is not None}
        # The time an object was ingested is the consumer's to say; the validator's guess stands only without it.
        assignments = [
            "#IngestedAt = if_not_exists(#IngestedAt, :IngestedAt)" if name == "IngestedAt" else f"#{name} = :{name}"
            for name in kept
        ]
        update = "SET #Stage = :Stage, " + ", ".join(assignments)
        if removed := [f"#{name}" for name in attributes if name not in kept]:
            update += " REMOVE " + ", ".join(removed)
        with transient_errors_are_retryable():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_row_key(key),
                    UpdateExpression=update,
                    # An event can overtake the consumer's own row: whoever comes late must not take it back.
                    ConditionExpression="attribute_not_exists(#Stage) OR #Stage < :Stage",
                    ExpressionAttributeNames={"#Stage": "Stage"} | {f"#{name}": name for name in attributes},
                    ExpressionAttributeValues=_values({"Stage": int(to), **kept}),
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True


def _row_key(key: JobKey) -> dict[str, Any]:
    return {"JobId": _serialize(key.raw_key), "Timestamp": _serialize(key.first_arrival_ms)}


def _values(attributes: dict[str, str | int]) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in attributes.items()}
