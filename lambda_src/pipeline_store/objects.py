"""Objects in one bucket: written once, read whole."""

from datetime import datetime

from botocore.exceptions import ClientError
from msgspec import Struct

from .edge import AwsClient, error_code, transient_errors_are_retryable


class StoredObject(Struct, frozen=True):
    """An object's bytes, and when S3 wrote them."""

    body: bytes
    written_at: datetime


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
        """Read an object. Ours are one batch big, so that whole is also the simplest way to be done with the network."""
        with transient_errors_are_retryable():
            response = self._client.get_object(Bucket=self.bucket, Key=key)
            return StoredObject(body=response["Body"].read(), written_at=response["LastModified"])
