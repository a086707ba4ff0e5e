"""S3: strongly consistent, with conditional writes, multipart copies and notifications."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

from .errors import NotModelled, refused

#: Fewer keys a page than S3's thousand, so that listings have pages.
PAGE = 20
_CONDITIONS = ("IfNoneMatch", "IfMatch")


class Stored(NamedTuple):
    """An object."""

    body: bytes
    etag: str
    written_at: datetime


@dataclass
class _Upload:
    bucket: str
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


class S3:
    """Buckets by name."""

    def __init__(self, now: Callable[[], datetime], created: Callable[[str, str], None]) -> None:
        self._now = now
        self._created = created
        self._uploads: dict[str, _Upload] = {}
        self.buckets: dict[str, dict[str, Stored]] = {}
        #: How often anything was written or deleted.
        self.changes = 0

    # What the simulation itself asks: no call of any client.

    def under(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """The keys under a prefix, with their bytes."""
        for key, stored in self.buckets.get(bucket, {}).items():
            if key.startswith(prefix):
                yield key, stored.body

    def body(self, bucket: str, key: str) -> bytes | None:
        """An object's bytes; None if there is no such object."""
        stored = self.buckets.get(bucket, {}).get(key)
        return None if stored is None else stored.body

    def write(self, bucket: str, key: str, body: bytes) -> Stored:
        """Write an object, and notify."""
        stored = Stored(body, f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"', self._now())
        self.buckets.setdefault(bucket, {})[key] = stored
        self.changes += 1
        self._created(bucket, key)
        return stored

    def remove(self, bucket: str, key: str) -> None:
        """Delete an object, if it is there."""
        self.changes += 1
        self.buckets.get(bucket, {}).pop(key, None)

    # The client's methods.

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **request: Any) -> dict[str, Any]:
        """PutObject, with If-None-Match and If-Match."""
        condition: dict[str, str] = {name: request.pop(name) for name in list(request) if name in _CONDITIONS}
        self._only(request, {"ContentType", "Metadata"})
        self._check("PutObject", Bucket, Key, condition)
        return {"ETag": self.write(Bucket, Key, Body).etag}

    def get_object(self, *, Bucket: str, Key: str, **request: Any) -> dict[str, Any]:
        """GetObject, whole."""
        self._only(request, set())
        stored = self._stored("GetObject", Bucket, Key, "NoSuchKey")
        return {
            "Body": BytesIO(stored.body),
            "ContentLength": len(stored.body),
            "ETag": stored.etag,
            "LastModified": stored.written_at,
        }

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        """HeadObject."""
        stored = self._stored("HeadObject", Bucket, Key, "404")
        return {"ContentLength": len(stored.body), "ETag": stored.etag, "LastModified": stored.written_at}

    def list_objects_v2(
        self, *, Bucket: str, Prefix: str = "", ContinuationToken: str = "", MaxKeys: int = PAGE
    ) -> dict[str, Any]:
        """ListObjectsV2: keys in order, a page at a time."""
        kept = self.buckets.get(Bucket, {})
        keys = sorted(key for key in kept if key.startswith(Prefix) and key > ContinuationToken)
        page = keys[: min(MaxKeys, PAGE)]
        contents = [
            {"Key": key, "Size": len(kept[key].body), "ETag": kept[key].etag, "LastModified": kept[key].written_at}
            for key in page
        ]
        answer: dict[str, Any] = {"KeyCount": len(page), "IsTruncated": len(page) < len(keys)}
        if contents:
            answer["Contents"] = contents
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = page[-1]
        return answer

    def copy(self, CopySource: dict[str, str], Bucket: str, Key: str) -> None:
        """boto3's managed copy."""
        source = self._stored("HeadObject", CopySource["Bucket"], CopySource["Key"], "404")
        self.write(Bucket, Key, source.body)

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        """DeleteObjects."""
        for each in Delete["Objects"]:
            self.remove(Bucket, each["Key"])
        return {}

    def create_multipart_upload(self, *, Bucket: str, Key: str, **request: Any) -> dict[str, Any]:
        """CreateMultipartUpload."""
        self._only(request, {"ContentType", "Metadata"})
        upload_id = f"upload-{len(self._uploads) + 1}"
        self._uploads[upload_id] = _Upload(Bucket, Key)
        return {"Bucket": Bucket, "Key": Key, "UploadId": upload_id}

    def upload_part_copy(
        self, *, Bucket: str, Key: str, CopySource: dict[str, str], PartNumber: int, UploadId: str, **request: Any
    ) -> dict[str, Any]:
        """UploadPartCopy, of a range or of the whole object."""
        if_match, bounds = request.pop("CopySourceIfMatch", None), request.pop("CopySourceRange", "")
        self._only(request, set())
        upload = self._upload("UploadPartCopy", Bucket, Key, UploadId)
        source = self._stored("UploadPartCopy", CopySource["Bucket"], CopySource["Key"], "NoSuchKey")
        if if_match not in (None, source.etag):
            raise refused("UploadPartCopy", "PreconditionFailed", 412)
        first, last = map(int, bounds.removeprefix("bytes=").split("-")) if bounds else (0, len(source.body) - 1)
        upload.parts[PartNumber] = source.body[first : last + 1]
        return {"CopyPartResult": {"ETag": f'"part-{PartNumber}"'}}

    def complete_multipart_upload(
        self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: dict[str, Any], **condition: str
    ) -> dict[str, Any]:
        """CompleteMultipartUpload, with If-Match and If-None-Match."""
        self._only(dict(condition), {"IfMatch", "IfNoneMatch"})
        upload = self._upload("CompleteMultipartUpload", Bucket, Key, UploadId)
        self._check("CompleteMultipartUpload", Bucket, Key, condition)
        body = b"".join(upload.parts[part["PartNumber"]] for part in MultipartUpload["Parts"])
        del self._uploads[UploadId]
        return {"Bucket": Bucket, "Key": Key, "ETag": self.write(Bucket, Key, body).etag}

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        """AbortMultipartUpload."""
        self._upload("AbortMultipartUpload", Bucket, Key, UploadId)
        del self._uploads[UploadId]
        return {}

    def _upload(self, operation: str, bucket: str, key: str, upload_id: str) -> _Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise refused(operation, "NoSuchUpload", 404)
        return upload

    def _stored(self, operation: str, bucket: str, key: str, code: str) -> Stored:
        stored = self.buckets.get(bucket, {}).get(key)
        if stored is None:
            raise refused(operation, code, 404)
        return stored

    def _check(self, operation: str, bucket: str, key: str, condition: dict[str, str]) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
        stored = self.buckets.get(bucket, {}).get(key)
        if condition.get("IfNoneMatch", "*") != "*":
            raise NotModelled(f"If-None-Match: {condition['IfNoneMatch']}")
        if "IfMatch" in condition and stored is None:
            raise refused(operation, "NoSuchKey", 404)
        if ("IfNoneMatch" in condition and stored is not None) or (
            "IfMatch" in condition and stored is not None and condition["IfMatch"].strip('"') != stored.etag.strip('"')
        ):
            raise refused(operation, "PreconditionFailed", 412)

    @staticmethod
    def _only(request: dict[str, Any], known: set[str]) -> None:
        if unknown := request.keys() - known:
            raise NotModelled(f"S3 parameters {', '.join(sorted(unknown))}")
