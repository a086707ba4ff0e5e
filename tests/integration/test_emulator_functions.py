"""What the emulator enforces on functions and roles, and how denials appear in the logs."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator.denials import Findings, FunctionLogs
from harness.emulator.process import Emulator
from tests.integration.stacks import ADDED, HOSTILE, READ_STREAM, ROOT, allow, arn_of, deploy, function, role
from tests.waiting import until

CALLS = """
import boto3, os

def handler(event, context):
    if event["call"] == "put":
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="a/b", Body=b"x")
    if event["call"] == "head":
        boto3.client("s3").head_object(Bucket=os.environ["BUCKET"], Key="a/b")
    if event["call"] == "update":
        boto3.client("dynamodb").update_item(TableName=os.environ["TABLE"], Key={"id": {"S": "1"}})
    if event["call"] == "send":
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="x")
    if event["call"] == "fail":
        raise ValueError("of all things")
    if event["call"] == "sleep":
        import time
        time.sleep(5)
    return {"path": __import__("sys").path, "variables": dict(os.environ)}
"""


@pytest.fixture(scope="module")
def calls(emulator: Emulator) -> dict[str, str]:
    """A function that makes the requested call, with a role without permissions."""
    variables = {"BUCKET": {"Ref": "Bucket"}, "TABLE": {"Ref": "Table"}, "QUEUE": {"Ref": "Queue"}}
    table = {**ADDED["Table"]["Properties"]}
    table.pop("SSESpecification")
    return deploy(
        emulator,
        "calls",
        {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "Role": role(),
            "Function": function(CALLS, Timeout=2, Environment={"Variables": variables}),
            "Broken": function("import a_module_that_is_not_there"),
        },
    )


def invoke(emulator: Emulator, name: str, call: str) -> Any:
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"call": call}))
    return json.loads(answer["Payload"].read())


def findings_of(emulator: Emulator) -> FunctionLogs:
    return FunctionLogs(emulator.client("logs"), emulator.client("lambda"))


def of_function(found: Findings, name: str) -> tuple[list[Any], list[Any]]:
    denials = [d for d in found.denials if d.function == name]
    return denials, [c for c in found.crashes if c.function == name]


@pytest.mark.parametrize(
    ("call", "action", "resource"),
    [
        ("put", "s3:PutObject", "arn:aws:s3:::{Bucket}/a/b"),
        ("head", "s3:GetObject", None),
        ("update", "dynamodb:UpdateItem", "arn:aws:dynamodb:us-east-1:000000000000:table/{Table}"),
        ("send", "sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:{Queue}"),
    ],
)
def test_a_refused_call_is_named_from_the_functions_log(
    emulator: Emulator, calls: dict[str, str], call: str, action: str, resource: str | None
) -> None:
    """The user needs role, action and resource; MiniStack's own message lacks the resource."""
    logs = findings_of(emulator)
    logs.read()
    invoke(emulator, calls["Function"], call)
    denials, crashes = of_function(logs.read(), calls["Function"])
    names = {**calls, "Queue": calls["Queue"].rsplit("/")[-1]}

    assert [(d.role, d.action, d.resource) for d in denials] == [
        (calls["Role"], action, resource and resource.format(**names))
    ]
    assert crashes == []


@pytest.mark.parametrize(
    ("name", "call", "summary"),
    [
        ("Function", "fail", "of all things"),
        ("Function", "sleep", "Task timed out after 2.00 seconds"),
        ("Broken", "import", "a_module_that_is_not_there"),
    ],
)
def test_an_invocation_that_fails_is_found_in_its_log(
    emulator: Emulator, calls: dict[str, str], name: str, call: str, summary: str
) -> None:
    """MiniStack logs nothing for a function that cannot be imported, and polls on for ever."""
    logs = findings_of(emulator)
    logs.read()
    invoke(emulator, calls[name], call)
    denials, (crash,) = of_function(logs.read(), calls[name])

    assert summary in crash.summary
    assert denials == []


def test_a_function_is_lent_none_of_our_modules_and_settings(emulator: Emulator, calls: dict[str, str]) -> None:
    """A module that exists here but not on AWS would hide that the package lacks it."""
    seen = invoke(emulator, calls["Function"], "nothing")

    assert {Path(entry) for entry in seen["path"]}.isdisjoint({ROOT, ROOT / "lambda_src", ROOT / "glue_src"})
    assert [name for name, value in HOSTILE.items() if seen["variables"].get(name) == value] == []


PARTIAL = """
import boto3, os
def handler(event, context):
    positions = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    s3 = boto3.client("s3")
    attempt = s3.list_objects_v2(Bucket=os.environ["BUCKET"])["KeyCount"]
    s3.put_object(Bucket=os.environ["BUCKET"], Key=str(attempt), Body="\\n".join(positions).encode())
    failures = [{"itemIdentifier": positions[0]}] if attempt == 0 else []
    return {"batchItemFailures": failures}
"""


def test_a_kinesis_batch_reported_as_failed_is_delivered_again(emulator: Emulator) -> None:
    """MiniStack alone would skip and lose it, which our tests could not distinguish from success."""
    ids = deploy(
        emulator,
        "partial",
        {
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Role": role(allow(f"s3:PutObject s3:ListBucket {READ_STREAM}")),
            "Function": function(PARTIAL, Environment={"Variables": {"BUCKET": {"Ref": "Bucket"}}}),
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "BatchSize": 100,
                    "EventSourceArn": arn_of("Stream"),
                    "FunctionName": {"Ref": "Function"},
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                    "StartingPosition": "TRIM_HORIZON",
                },
            },
        },
    )
    s3 = emulator.client("s3")
    put = emulator.client("kinesis").put_records(
        StreamName=ids["Stream"], Records=[{"Data": b"x", "PartitionKey": str(n)} for n in range(3)]
    )
    until(lambda: s3.list_objects_v2(Bucket=ids["Bucket"])["KeyCount"] == 2)
    delivered = [s3.get_object(Bucket=ids["Bucket"], Key=key)["Body"].read().decode().split() for key in ("0", "1")]

    sent = [record["SequenceNumber"] for record in put["Records"]]
    assert delivered == [sent, sent]


def test_a_role_is_held_to_its_policies_and_to_tls(emulator: Emulator) -> None:
    """Spark runs under the Glue role's session, although only Glue may assume that role."""
    ids = deploy(
        emulator,
        "glue-role",
        {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "Bucket"},
                    "PolicyDocument": {
                        "Statement": {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    },
                },
            },
            "Role": role(allow("s3:PutObject"), service="glue.amazonaws.com"),
        },
    )
    s3 = emulator.client("s3", emulator.role_credentials(ids["Role"]))
    s3.put_object(Bucket=ids["Bucket"], Key="a", Body=b"x")

    with pytest.raises(ClientError, match=f"assumed-role/{ids['Role']}/.* not authorized to perform: s3:GetObject"):
        s3.get_object(Bucket=ids["Bucket"], Key="a")


def test_a_role_that_may_use_rows_of_a_prefix_is_refused_others(emulator: Emulator) -> None:
    """On the item that a request names, by `Key` or `Item`."""
    table = {key: value for key, value in ADDED["Table"]["Properties"].items() if key != "SSESpecification"}
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "own/*"}}
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Role": role({**allow("dynamodb:PutItem dynamodb:GetItem", arn_of("Table")), "Condition": own}),
    }
    ids = deploy(emulator, "rows", resources)
    dynamodb = emulator.client("dynamodb", emulator.role_credentials(f"arn:aws:iam::000000000000:role/{ids['Role']}"))

    dynamodb.put_item(TableName=ids["Table"], Item={"id": {"S": "own/1"}})
    assert dynamodb.get_item(TableName=ids["Table"], Key={"id": {"S": "own/1"}})["Item"]
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:PutItem"):
        dynamodb.put_item(TableName=ids["Table"], Item={"id": {"S": "other/1"}})
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetItem"):
        dynamodb.get_item(TableName=ids["Table"], Key={"id": {"S": "other/1"}})
