"""Objects are written once, and errors are classified by what happens next."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from pipeline_store.aws_client import transient_errors_are_retryable
from pipeline_store.errors import OversizedObject, RetryableFailure
from pipeline_store.objects import S3Objects
from tests.unit.pipeline_store.emulated_aws import RAW, EmulatedAws, refuse


def client_error(code: str, status: int, message: str = "no") -> ClientError:
    """An error as botocore raises it."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


def test_an_object_is_written_once(aws: EmulatedAws) -> None:
    """A retry of the same batch finds the object, and writes no second version."""
    objects = S3Objects(aws.s3, RAW)
    first, second = objects.put_once("a/b", b"body"), objects.put_once("a/b", b"other")

    assert (first, second) == (True, False)
    assert aws.body(RAW, "a/b") == b"body"


def test_a_put_names_no_encryption_of_its_own(aws: EmulatedAws) -> None:
    """The bucket's default is our key; a header with only `aws:kms` selects the AWS managed key and is denied."""
    seen: list[dict[str, str]] = []
    aws.s3.meta.events.register(
        "before-call.s3.PutObject",
        lambda params, **_: seen.append({name.lower(): value for name, value in params["headers"].items()}),
    )
    S3Objects(aws.s3, RAW).put_once("a/b", b"body")

    assert [name for name in seen[0] if "encryption" in name] == []
    assert seen[0]["if-none-match"] == "*"


def test_an_object_is_read_with_the_time_it_was_written(aws: EmulatedAws) -> None:
    """The validator says when an object was ingested if the consumer's row is not there yet."""
    objects = S3Objects(aws.s3, RAW)
    objects.put_once("a/b", b"body")
    stored = objects.get("a/b", limit=4)

    assert stored.body == b"body"
    assert stored.written_at == aws.s3.head_object(Bucket=RAW, Key="a/b")["LastModified"]


def test_an_object_that_is_too_large_is_not_read(aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else wrote it; reading it would use up the function's memory, twenty times."""
    objects = S3Objects(aws.s3, RAW)
    objects.put_once("a/b", b"body")
    monkeypatch.setattr(StreamingBody, "read", lambda self, amt=None: pytest.fail("it was read"))
    with pytest.raises(OversizedObject, match="s3://raw/a/b has 4 bytes, more than 3"):
        objects.get("a/b", limit=3)


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_a_missing_object_is_found_missing(aws: EmulatedAws, code: str) -> None:
    """S3 answers AccessDenied to those who may not list the bucket, as the functions' roles."""
    if code == "AccessDenied":
        refuse("s3.GetObject", 403, code, "not authorized to perform: s3:ListBucket")
    objects = S3Objects(boto3.client("s3"), RAW)

    assert objects.find("a/b", limit=4) is None


def test_only_a_missing_object_is_found_missing(aws: EmulatedAws) -> None:
    objects = S3Objects(aws.s3, RAW)
    objects.put_once("a/b", b"body")
    refuse("s3.GetObject", 400, "KMS.DisabledException", "the key is disabled")

    assert objects.find("a/b", limit=4) == objects.get("a/b", limit=4)
    with pytest.raises(ClientError, match="disabled"):
        S3Objects(boto3.client("s3"), RAW).find("a/b", limit=4)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("SlowDown", 503, id="s3-slow-down"),
        pytest.param("InternalError", 500, id="aws-is-broken"),
        pytest.param("ConditionalRequestConflict", 409, id="same-key-at-the-same-time"),
        pytest.param("RequestTimeout", 400, id="upload-stalled"),
        pytest.param("ProvisionedThroughputExceededException", 400, id="table-capacity"),
        pytest.param("ThrottlingException", 400, id="throttled"),
        pytest.param("KmsThrottled", 400, id="queue-key-throttled"),
        pytest.param("Anything", 429, id="too-many-requests"),
    ],
)
def test_what_passes_by_itself_is_delivered_again(code: str, status: int) -> None:
    """Blocking a shard or giving up a batch for a transient error would be noise at best, data loss at worst."""
    with pytest.raises(RetryableFailure, match=code), transient_errors_are_retryable():
        raise client_error(code, status, message=code)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("AccessDenied", 403, id="role-lacks-a-grant"),
        pytest.param("NoSuchBucket", 404, id="bucket-is-not-there"),
        pytest.param("ValidationException", 400, id="we-sent-nonsense"),
        pytest.param("KMS.DisabledException", 400, id="key-is-disabled"),
    ],
)
def test_what_stays_wrong_crashes_as_it_came(code: str, status: int) -> None:
    """Silent retries would hide that somebody must act."""
    with pytest.raises(ClientError) as caught, transient_errors_are_retryable():
        raise client_error(code, status)

    assert caught.value.response["Error"]["Code"] == code


def test_a_refusal_keeps_the_text_of_aws() -> None:
    """It names the role and the action: exactly what has to be added to the template."""
    text = "User: arn:aws:sts::1:assumed-role/consumer/x is not authorized to perform: s3:PutObject on resource: r"
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    with Stubber(client) as stub:
        stub.add_client_error("put_object", "AccessDenied", text, http_status_code=403)
        with pytest.raises(ClientError) as caught:
            S3Objects(client, RAW).put_once("a/b", b"body")

    assert text in str(caught.value)


def test_an_unreachable_endpoint_is_delivered_again() -> None:
    """Network errors are transient too."""
    with pytest.raises(RetryableFailure, match="Could not connect"), transient_errors_are_retryable():
        raise EndpointConnectionError(endpoint_url="https://s3")
