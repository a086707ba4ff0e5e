"""Job rows in DynamoDB: one per raw object, with its stage."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from .aws_client import AwsClient, error_code, transient_errors_are_retryable
from .keys import parse_key
from .rows import IngestedJob, JobKey, ValidatedJob
from .stages import Stage, transformed_status

_serialize = TypeSerializer().serialize


class DynamoJobs:
    """The job table."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self._client = client
        self._table = table

    def ingested(self, job: IngestedJob) -> bool:
        """Mark an object ingested; False if its row is already at this stage or later."""
        return self._advance(
            job.key,
            Stage.INGESTED,
            below=Stage.INGESTED,
            Status=Stage.INGESTED.name,
            Feed=job.feed,
            SourceBucket=job.source_bucket,
            RecordCount=job.record_count,
            IngestedAt=job.ingested_at,
        )

    def validated(self, job: ValidatedJob) -> bool:
        """Mark an object validated; False if it already was: the first verdict stays.

        Without valid records there is nothing to transform, and the row goes to the last stage.
        """
        to_transform = job.validated_count > 0
        return self._advance(
            job.key,
            Stage.VALIDATED if to_transform else Stage.TRANSFORMED,
            # Not below the last stage: a wholly rejected object must not take a row that another verdict has moved.
            below=Stage.VALIDATED,
            Status=Stage.VALIDATED.name if to_transform else _transformed(job),
            Feed=job.feed,
            SourceBucket=job.source_bucket,
            RecordCount=job.record_count,
            ValidatedCount=job.validated_count,
            RejectedCount=job.rejected_count,
            ValidatedKey=job.validated_key,
            QuarantineKey=job.quarantine_key,
            Rules=job.rules,
            IngestedAt=job.ingested_at,
            ValidatedAt=job.validated_at,
        )

    def stage(self, key: JobKey) -> int:
        """The object's stage; 0 if it has no row."""
        with transient_errors_are_retryable():
            item = self._client.get_item(
                TableName=self._table,
                Key=_row_key(key),
                ConsistentRead=True,
                ProjectionExpression="#Stage",
                ExpressionAttributeNames={"#Stage": "Stage"},
            ).get("Item", {})
        return int(item["Stage"]["N"]) if "Stage" in item else 0

    def _advance(self, key: JobKey, to: Stage, *, below: Stage, **attributes: str | int | None) -> bool:
        """Move the row to a later stage and remove attributes that are None; False if it is not `below` that stage."""
        kept = {name: value for name, value in attributes.items() if value is not None}
        # The consumer knows the ingestion time; the validator's estimate is used only until the consumer writes it.
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
                    # A notification can overtake the consumer's row: a late write must not move the row back.
                    ConditionExpression="attribute_not_exists(#Stage) OR #Stage < :Below",
                    ExpressionAttributeNames={"#Stage": "Stage"} | {f"#{name}": name for name in attributes},
                    ExpressionAttributeValues=_values({"Stage": int(to), "Below": int(below), **kept}),
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True


def _transformed(job: ValidatedJob) -> str:
    return transformed_status(job.feed, parse_key(job.key.raw_key).hour)


def _row_key(key: JobKey) -> dict[str, Any]:
    return {"JobId": _serialize(key.raw_key), "Timestamp": _serialize(key.first_arrival_ms)}


def _values(attributes: dict[str, str | int]) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in attributes.items()}
