"""Lineage rows in DynamoDB: one per object, with its source."""

from boto3.dynamodb.types import TypeSerializer

from .aws_client import AwsClient, transient_errors_are_retryable
from .rows import LineageRow

_serialize = TypeSerializer().serialize


class DynamoLineage:
    """The lineage table."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self._client = client
        self._table = table

    def record(self, row: LineageRow) -> None:
        """Write the row. Idempotent."""
        item = {
            "DatasetId": row.dataset,
            "ProcessingTimestamp": row.first_arrival_ms,
            "SourceLocation": row.source,
            "Transformation": str(row.transformation),
            "FirstSequence": row.first_sequence,
            "LastSequence": row.last_sequence,
            "RecordCount": row.record_count,
            "Digest": row.digest,
        }
        with transient_errors_are_retryable():
            self._client.put_item(TableName=self._table, Item={name: _serialize(value) for name, value in item.items()})
