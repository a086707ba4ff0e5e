"""Job rows in DynamoDB: one per raw object, with its stage."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from .aws_client import AwsClient, error_code, transient_errors_are_retryable
from .keys import parse_key
from .rows import IngestedJob, JobKey, JobState, ValidatedJob
from .stages import Stage, transformed_status

_serialize = TypeSerializer().serialize
#: A notification can overtake the consumer's row: a late write must not move the row back.
_EARLIER = "attribute_not_exists(#Stage) OR #Stage < :Before"


class DynamoJobs:
    """The job table."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self._client = client
        self._table = table

    def ingested(self, job: IngestedJob) -> bool:
        """Mark an object ingested; False if its row is already at this stage or later."""
        return self._move(
            job.key,
            Stage.INGESTED,
            _EARLIER,
            int(Stage.INGESTED),
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
        # Not below the last stage: a wholly rejected object must not take a row that another verdict has moved.
        return self._judged(job, _EARLIER, int(Stage.VALIDATED))

    def replaced(self, job: ValidatedJob, rules: str | None) -> bool:
        """Replace the verdict made under `rules`, whatever the row's stage; False if the row's verdict is another one.

        None stands for a verdict of a release that did not write its rules into the row.

        The row returns to the stage VALIDATED, so that its partition is rebuilt. A run of the job may have read the
        former object meanwhile, so the job must mark a row only if it still names the object that was read.
        """
        if rules is None:
            return self._judged(job, "attribute_not_exists(#Rules) AND #Stage >= :Before", int(Stage.VALIDATED))
        return self._judged(job, "#Rules = :Before", rules)

    def _judged(self, job: ValidatedJob, condition: str, before: int | str) -> bool:
        to_transform = job.validated_count > 0
        return self._move(
            job.key,
            Stage.VALIDATED if to_transform else Stage.TRANSFORMED,
            condition,
            before,
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

    def state(self, key: JobKey) -> JobState:
        """What the object's row says; the default if it has none."""
        names = ("Stage", "ValidatedKey", "QuarantineKey", "Rules")
        with transient_errors_are_retryable():
            item = self._client.get_item(
                TableName=self._table,
                Key=_row_key(key),
                ConsistentRead=True,
                ProjectionExpression=", ".join(f"#{name}" for name in names),
                ExpressionAttributeNames={f"#{name}": name for name in names},
            ).get("Item", {})
        stage, *texts = (_plain(item.get(name)) for name in names)
        return JobState(int(stage or 0), *texts)

    def _move(self, key: JobKey, to: Stage, condition: str, before: int | str, **attributes: str | int | None) -> bool:
        """Move the row to a stage and remove attributes that are None; False if the condition on `:Before` fails."""
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
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#Stage": "Stage"} | {f"#{name}": name for name in attributes},
                    ExpressionAttributeValues=_values({"Stage": int(to), "Before": before, **kept}),
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


def _plain(value: dict[str, str] | None) -> str | None:
    return next(iter(value.values())) if value else None


def _values(attributes: dict[str, str | int]) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in attributes.items()}
