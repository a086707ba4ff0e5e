"""The overlay's fixes for encryption headers of S3 uploads."""

from functools import wraps
from typing import Any

ALGORITHM = "x-amz-server-side-encryption"
NAMED_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def tell_policies_the_key_that_an_upload_names() -> None:
    """Set `s3:x-amz-server-side-encryption-aws-kms-key-id`; for a part, to the key of its upload."""
    from ministack.core import iam_actions
    from ministack.services import s3

    context_of = iam_actions._s3_object_context

    @wraps(context_of)
    def object_context(action: str, query: dict[str, Any], path: str, headers: dict[str, str]) -> dict[str, Any]:
        context: dict[str, Any] = context_of(action, query, path, headers)
        if action != "s3:PutObject":
            return context
        named = headers.get(NAMED_KEY)
        if upload_id := iam_actions._query_param(query, "uploadId"):
            # MiniStack sends the upload's algorithm with each part, but not its key. A policy that compares them would
            # deny the parts of an upload that it has allowed.
            upload = s3._multipart_uploads.get(upload_id) or {}
            named = upload["preserved_headers"].get(NAMED_KEY) if upload.get("requested_sse") else None
        return {**context, f"s3:{NAMED_KEY}": named} if named else context

    iam_actions._s3_object_context = object_context


def use_the_aws_managed_key() -> None:
    """Use aws/s3 for a write with aws:kms and no key, as S3 does; MiniStack responds with `InvalidArgument`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import s3

    resolve = s3._resolve_sse_write_headers

    @wraps(resolve)
    def resolve_sse_write_headers(headers: dict[str, str], bucket: str) -> Any:
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(NAMED_KEY):
            headers = {**headers, NAMED_KEY: f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"}
        return resolve(headers, bucket)

    s3._resolve_sse_write_headers = resolve_sse_write_headers
