"""The preflight, on a stack that is really deployed."""

from __future__ import annotations

import json
from typing import Any

from harness.emulator.permissions import missing_grants
from harness.emulator.process import Emulator
from tests.integration.stacks import ADDED, KEY, Resources, allow, arn_of, deploy, function, role


def pipeline(consumer: dict[str, Any], notifying_key: bool = True) -> Resources:
    """The encrypted half of a pipeline, the consumer's rights as given."""
    key = json.loads(json.dumps(KEY["Key"]))
    if notifying_key:
        key["Properties"]["KeyPolicy"]["Statement"].append(
            {**allow("kms:GenerateDataKey kms:Decrypt"), "Principal": {"Service": "s3.amazonaws.com"}}
        )
    bucket = {
        "BucketEncryption": ADDED["Bucket"]["Properties"]["BucketEncryption"],
        "NotificationConfiguration": {
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn_of("Queue")}]
        },
    }
    notify = {**allow("sqs:SendMessage", arn_of("Queue")), "Principal": {"Service": "s3.amazonaws.com"}}
    return {
        "Key": key,
        "Stream": ADDED["Stream"],
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": arn_of("Key")}},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [notify]}},
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "QueuePolicy", "Properties": bucket},
        "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/consumer"}},
        "Role": consumer,
        "Function": function("def handler(event, context): pass", FunctionName="consumer"),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "DestinationConfig": {"OnFailure": {"Destination": arn_of("Bucket")}},
                "EventSourceArn": arn_of("Stream"),
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "TRIM_HORIZON",
            },
        },
    }


GRANTS = (
    "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
    "kinesis:ListShards logs:CreateLogStream logs:PutLogEvents s3:PutObject s3:ListBucket kms:Decrypt "
    "kms:GenerateDataKey"
)


def test_the_preflight_names_what_the_services_will_miss() -> None:
    """The emulator itself feeds the function all the same: on AWS it would never see a record."""
    with Emulator() as fresh:
        deploy(fresh, "pipeline", pipeline(role(allow(GRANTS))))
        complete = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)
        taken = {"kinesis:GetShardIterator", "logs:PutLogEvents", "kms:GenerateDataKey"}
        rest = " ".join(action for action in GRANTS.split() if action not in taken)
        ids = deploy(fresh, "pipeline", pipeline(role(allow(rest)), notifying_key=False), update=True)
        found = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)

    assert complete == []
    assert {(grant.role, grant.action) for grant in found} == {
        *((ids["Role"], action) for action in taken),
        ("s3.amazonaws.com", "kms:GenerateDataKey"),
        ("s3.amazonaws.com", "kms:Decrypt"),
    }
