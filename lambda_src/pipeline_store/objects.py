"""Objects in one bucket: written once, read whole."""

from botocore.exceptions import ClientError

from .edge import AwsClient, error_code, transient_errors_are_retryable
from .rows import StoredObject


class S3Objects:
    """One bucket."""

    def __init__(self, client: AwsClient, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def put_once(self, key: str, body: bytes) -> bool:
        """Write the object unless it is there; say whether this call wrote it.

        A key names exactly the records in the object, so whatever is there already is what we would have written.
        """
        with transient_errors_are_retryable():
            try:
                # No encryption header: the bucket's default is our key, and naming `aws:kms` alone would be AWS's.
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=body, ContentType="application/gzip", IfNoneMatch="*"
                )
            except ClientError as error:
                if error_code(error) != "PreconditionFailed":
                    raise
                return False
        return True

    def get(self, key: str) -> StoredObject:
        """Read an object whole: ours are one batch big, and what fails after this line is not the network."""
        with transient_errors_are_retryable():
            response = self._client.get_object(Bucket=self.bucket, Key=key)
            return StoredObject(body=response["Body"].read(), written_at=response["LastModified"])
