"""Objects of one bucket: written once, read whole."""

from botocore.exceptions import ClientError

from .aws_client import AwsClient, error_code, transient_errors_are_retryable
from .errors import OversizedObject
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

    def get(self, key: str, limit: int) -> StoredObject:
        """Read a whole object; OversizedObject if it has more than `limit` bytes, none of which are read then."""
        with transient_errors_are_retryable():
            response = self._client.get_object(Bucket=self.bucket, Key=key)
            with response["Body"] as body:
                if (size := response["ContentLength"]) > limit:
                    raise OversizedObject(f"s3://{self.bucket}/{key} has {size:,} bytes, more than {limit:,}")
                return StoredObject(body=body.read(), written_at=response["LastModified"])

    def find(self, key: str, limit: int) -> StoredObject | None:
        """Read an object as `get` does; None if it is missing or may not be read.

        Without `s3:ListBucket`, which the functions do not have, S3 answers both alike
        (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions").
        """
        try:
            return self.get(key, limit)
        except ClientError as error:
            if error_code(error) not in ("NoSuchKey", "AccessDenied"):
                raise
            return None
