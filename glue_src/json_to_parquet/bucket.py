"""Access to the processed bucket: all the job's S3 calls."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from .errors import TransformFailed

#: Maximum keys of one DeleteObjects request.
_MAX_DELETED = 1000
#: A copied part, which S3 copies within seconds, far below the client's timeout of a minute. At most 5 GB.
_PART_BYTES = 256 * 2**20
#: S3's answers if the replaced object is not the planned one: it changed, is gone, or changed during the request.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_NOT_AS_PLANNED = ("PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict")


class Listed(NamedTuple):
    """What a listing tells of an object."""

    size: int
    etag: str


class Bucket:
    """The processed bucket."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def listed(self, prefix: str) -> dict[str, Listed]:
        """The objects under the prefix, by key; no folder markers, which the console makes and nobody reads."""
        return {
            item["Key"]: Listed(item["Size"], item["ETag"])
            for item in self._items(prefix)
            if item["Size"] or not item["Key"].endswith("/")
        }

    def _items(self, prefix: str) -> Iterator[dict[str, Any]]:
        request = {"Bucket": self.name, "Prefix": prefix}
        while True:
            page = self._client.list_objects_v2(**request)
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def make_folder(self, prefix: str) -> None:
        """Create an S3A folder marker. Without it, S3A checks parent folders, which the role may not read."""
        self._client.put_object(Bucket=self.name, Key=prefix, Body=b"")

    def replace(self, target: str, planned: str | None, source: str, size: int) -> None:
        """Copy the source over the target: readers see the old file or the new one.

        `planned` is the ETag of the target that was planned to be replaced; None if there was no object. Raises
        TransformFailed if it is another one now. CopyObject, which has no such condition, could not be fenced.
        """
        upload = {"Bucket": self.name, "Key": target}
        created = self._client.create_multipart_upload(**upload, ContentType="application/vnd.apache.parquet")
        upload["UploadId"] = created["UploadId"]
        try:
            self._complete(upload, list(self._copied(upload, source, size)), planned)
        except Exception:
            self._abort(upload)
            raise

    def _copied(self, upload: dict[str, str], source: str, size: int) -> Iterator[dict[str, Any]]:
        for number, start in enumerate(range(0, size, _PART_BYTES), start=1):
            end = min(start + _PART_BYTES, size) - 1
            # A range is refused for objects up to 5 MB.
            within = {"CopySourceRange": f"bytes={start}-{end}"} if size > _PART_BYTES else {}
            answer = self._client.upload_part_copy(
                **upload, PartNumber=number, CopySource={"Bucket": self.name, "Key": source}, **within
            )
            yield {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    def _complete(self, upload: dict[str, str], parts: list[dict[str, Any]], planned: str | None) -> None:
        condition = {"IfNoneMatch": "*"} if planned is None else {"IfMatch": planned}
        try:
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_AS_PLANNED:
                raise
            # In the second case the next run finds its own file, and marks the rows.
            raise TransformFailed(
                f"{upload['Key']} has changed since this run planned to replace it: another run has replaced it, or "
                f"this one has and S3's answer was lost: {error}"
            ) from error

    def _abort(self, upload: dict[str, str]) -> None:
        try:
            self._client.abort_multipart_upload(**upload)
        except (BotoCoreError, ClientError):
            # What failed before is what is reported. The bucket's lifecycle aborts the upload after a week.
            return

    def clear(self, prefix: str) -> None:
        """Delete all objects under the prefix."""
        remaining = [{"Key": item["Key"]} for item in self._items(prefix)]
        while remaining:
            some, remaining = remaining[:_MAX_DELETED], remaining[_MAX_DELETED:]
            answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": some, "Quiet": True})
            # The request succeeds even if a deletion fails.
            for error in answer.get("Errors", ()):
                raise TransformFailed(f"{error['Key']} was not deleted: {error['Code']}: {error['Message']}")


def with_conditions(client: Any) -> Any:
    """Let the client send IfMatch and IfNoneMatch when it completes an upload.

    S3 takes them since November 2024. An older botocore, which Glue may have, refuses the parameters.
    """

    def take(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        conditions = {"If-Match": params.pop("IfMatch", None), "If-None-Match": params.pop("IfNoneMatch", None)}
        context["conditions"] = {header: value for header, value in conditions.items() if value}

    def send(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        params["headers"].update(context["conditions"])

    client.meta.events.register("before-parameter-build.s3.CompleteMultipartUpload", take)
    client.meta.events.register("before-call.s3.CompleteMultipartUpload", send)
    return client
