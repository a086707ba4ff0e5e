"""Objects of one bucket: written once, read whole."""

from botocore.exceptions import ClientError

from .aws_client import AwsClient, error_code, transient_errors_are_retryable
from .rows import StoredObject


class S3Objects:
    """One bucket."""

    def __init__(self, client: AwsClient, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def put_once(self, key: str, body: bytes) -> bool:
        """Write the object unless it exists; return whether this call wrote it.

        A key names exactly the object's records, so an existing object has the same content.
        """
        with transient_errors_are_retryable():
            try:
                # No encryption header: the bucket default is our key; `aws:kms` without a key id means AWS's own key.
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=body, ContentType="application/gzip", IfNoneMatch="*"
                )
            except ClientError as error:
                if error_code(error) != "PreconditionFailed":
                    raise
                return False
        return True

    def get(self, key: str) -> StoredObject:
        """Read a whole object. Objects hold at most one batch, so they fit in memory."""
        with transient_errors_are_retryable():
            response = self._client.get_object(Bucket=self.bucket, Key=key)
            return StoredObject(body=response["Body"].read(), written_at=response["LastModified"])
