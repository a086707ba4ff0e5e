"""The simulated AWS: conditions, and errors for what it does not know."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.faults.aws.dynamodb import DynamoDb, Schema
from harness.faults.aws.errors import NotModelled
from harness.faults.aws.expressions import holds, updated
from harness.faults.aws.s3 import S3

ITEM = {"Stage": {"N": "2"}, "Owner": {"S": "run 10"}}
VALUES = {":two": {"N": "2"}, ":ten": {"N": "10"}, ":text": {"S": "run 10"}, ":start": {"S": "run"}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Stage = :two", True),
        ("Stage < :ten", True),  # as numbers
        ("Stage < :two", False),
        ("Stage >= :two AND Owner2 = :text", False),
        ("attribute_not_exists(Gone) AND NOT attribute_exists(Gone)", True),
        ("attribute_not_exists(Stage) OR Stage < :ten", True),
        ("(Stage = :ten OR Stage = :two) AND begins_with(#Owner, :start)", True),
        ("Stage BETWEEN :two AND :ten", True),
        ("Stage = :text", False),  # of another type
        ("Gone < :ten", False),
        ("Gone <> :ten", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, {"#Owner": "Owner"}, VALUES, ITEM) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "Stage IN (:two)",
        "size(Stage) > :two",
        "contains(Stage, :two)",
        "Stage = :two Stage",
        "Status = :two",
        "Stage ~ :two",
    ],
)
def test_conditions_that_are_not_modelled_are_errors(expression: str) -> None:
    with pytest.raises(NotModelled):
        holds(expression, {}, VALUES, ITEM)


def test_updates() -> None:
    changed = updated("SET Stage = :ten, At = if_not_exists(At, :two) REMOVE #Owner", {"#Owner": "Owner"}, VALUES, ITEM)

    assert changed == {"Stage": {"N": "10"}, "At": {"N": "2"}}
    for expression in ("ADD Stage :two", "SET Stage = Stage + :two", "DELETE Stage :two"):
        with pytest.raises(NotModelled):
            updated(expression, {}, VALUES, ITEM)


def table() -> DynamoDb:
    return DynamoDb({"jobs": Schema("JobId", "At", {"Index": ("State", "At")})}, lambda *changed: None)


def put(tables: DynamoDb, number: int, state: str = "open") -> None:
    item = {"JobId": {"S": f"job {number}"}, "At": {"N": str(number)}, "State": {"S": state}}
    tables.put_item(TableName="jobs", Item=item)


def query(tables: DynamoDb, **more: Any) -> list[str]:
    request = {
        "TableName": "jobs",
        "IndexName": "Index",
        "KeyConditionExpression": "#State = :open",
        "ExpressionAttributeNames": {"#State": "State"},
        "ExpressionAttributeValues": {":open": {"S": "open"}},
        **more,
    }
    found: list[str] = []
    while True:
        page = tables.query(**request)
        found += [item["JobId"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def test_a_query_has_pages_in_order_of_the_index() -> None:
    tables = table()
    for number in reversed(range(30)):
        put(tables, number, "open" if number % 10 else "shut")

    assert query(tables) == [f"job {number}" for number in range(30) if number % 10]


def test_an_index_lags() -> None:
    tables = table()
    put(tables, 1)
    put(tables, 2)
    put(tables, 1, "shut")

    assert query(tables) == ["job 2"]
    assert query(tables, lag=1) == ["job 1", "job 2"]
    assert query(tables, lag=2) == ["job 1"]


def test_unused_names_are_refused_as_dynamodb_does() -> None:
    with pytest.raises(NotModelled):
        table().update_item(
            TableName="jobs",
            Key={"JobId": {"S": "x"}, "At": {"N": "1"}},
            UpdateExpression="SET A = :a",
            ExpressionAttributeValues={":a": {"S": ""}, ":b": {"S": ""}},
        )


def bucket() -> S3:
    return S3(lambda: datetime.now(UTC), lambda bucket, key: None)


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(Bucket="b", Key="k", **request)
    return str(error.value.response["Error"]["Code"])


def test_a_conditional_put() -> None:
    s3 = bucket()
    assert refusal(s3.put_object, Body=b"1", IfMatch="no") == "NoSuchKey"
    etag = s3.put_object(Bucket="b", Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refusal(s3.put_object, Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert refusal(s3.put_object, Body=b"2", IfMatch='"other"') == "PreconditionFailed"
    s3.put_object(Bucket="b", Key="k", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"2"


def test_a_conditional_copy_in_parts() -> None:
    s3 = bucket()
    s3.put_object(Bucket="b", Key="source", Body=b"0123456789")
    before = s3.put_object(Bucket="b", Key="k", Body=b"before")["ETag"]
    upload = {"UploadId": s3.create_multipart_upload(Bucket="b", Key="k")["UploadId"]}
    for number, bounds in ((1, "bytes=0-4"), (2, "bytes=5-9")):
        source = {"Bucket": "b", "Key": "source"}
        s3.upload_part_copy(Bucket="b", Key="k", **upload, PartNumber=number, CopySource=source, CopySourceRange=bounds)
    parts = {"Parts": [{"PartNumber": 1}, {"PartNumber": 2}]}
    s3.put_object(Bucket="b", Key="k", Body=b"meanwhile")
    assert (
        refusal(s3.complete_multipart_upload, **upload, MultipartUpload=parts, IfMatch=before) == "PreconditionFailed"
    )
    now = s3.head_object(Bucket="b", Key="k")["ETag"]
    s3.complete_multipart_upload(Bucket="b", Key="k", **upload, MultipartUpload=parts, IfMatch=now)
    assert s3.body("b", "k") == b"0123456789"
    assert refusal(s3.abort_multipart_upload, **upload) == "NoSuchUpload"


def test_a_parameter_that_is_not_modelled_is_an_error() -> None:
    with pytest.raises(NotModelled):
        bucket().put_object(Bucket="b", Key="k", Body=b"", ACL="public-read")
