"""What AWS refuses at creation for what is, or is not, there at that moment: a deployment fails with AWS's message."""

import re

import pytest

from harness.catalogue import catalogue, refusals
from harness.emulator.process import Emulator
from tests.integration.stacks import ADDED, KEY, StackFailed, allow, arn_of, deploy, function, role

CODE = "def handler(event, context): return event"
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}
STREAM = {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}}
TRAIL = {**ADDED["Trail"], "Properties": {**ADDED["Trail"]["Properties"], "TrailName": "refused"}}
IN_A_VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def mapping(source, **properties):
    stated = {"EventSourceArn": arn_of(source), "FunctionName": {"Ref": "Function"}, **properties}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": stated}


def replicated(destination):
    rules = [{"Status": "Enabled", "Destination": {"Bucket": destination}}]
    configuration = {"Role": arn_of("Role"), "Rules": rules}
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    return {"Type": "AWS::S3::Bucket", "Properties": {**versioned, "ReplicationConfiguration": configuration}}


#: By the entry in rules/refusals.yaml: a stack that AWS would refuse, and what of its message is not a name.
REFUSED = {
    "lambda-role-not-assumable": (
        {"Role": role(service="glue.amazonaws.com"), "Function": function(CODE)},
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "lambda-vpc-interface-permission": (
        {"Role": role(), "Function": function(CODE, VpcConfig=IN_A_VPC)},
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    ),
    "lambda-dead-letter-permission": (
        {**QUEUE, "Role": role(), "Function": function(CODE, DeadLetterConfig={"TargetArn": arn_of("Queue")})},
        "The provided execution role does not have permissions to call SendMessage on SQS",
    ),
    "lambda-mapping-queue-permission": (
        {**QUEUE, "Role": role(allow("sqs:SendMessage")), "Function": function(CODE), "Mapping": mapping("Queue")},
        "The provided execution role does not have permissions to call ReceiveMessage on SQS",
    ),
    "lambda-mapping-stream-permission": (
        {
            **STREAM,
            "Role": role(allow("kinesis:DescribeStream kinesis:GetShardIterator")),
            "Function": function(CODE),
            "Mapping": mapping("Stream", StartingPosition="LATEST"),
        },
        "Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions",
    ),
    "log-group-key-denies-logs": (
        {
            **KEY,
            "Logs": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {"LogGroupName": "/refused", "KmsKeyId": arn_of("Key")},
            },
        },
        "The specified KMS key does not exist or is not allowed to be used with Arn",
    ),
    "trail-before-its-bucket-policy": (
        {**KEY, "LogBucket": {"Type": "AWS::S3::Bucket"}, "Trail": {key: TRAIL[key] for key in ("Type", "Properties")}},
        "Incorrect S3 bucket policy is detected for bucket",
    ),
    "sqs-dead-letter-later": (
        {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "RedrivePolicy": {
                        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:later",
                        "maxReceiveCount": 3,
                    }
                },
            }
        },
        "for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
    ),
    "s3-notification-queue-policy-first": (
        {
            **QUEUE,
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "NotificationConfiguration": {
                        "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn_of("Queue")}]
                    }
                },
            },
        },
        "Unable to validate the following destination configurations",
    ),
    "s3-replication-destination-later": (
        {"Role": role(service="s3.amazonaws.com"), "Bucket": replicated("arn:aws:s3:::comes-later")},
        "Destination bucket must exist.",
    ),
    "s3-replication-destination-versioning": (
        {
            "Role": role(service="s3.amazonaws.com"),
            "Copies": {"Type": "AWS::S3::Bucket"},
            "Bucket": replicated(arn_of("Copies")),
        },
        "Destination bucket must have versioning enabled.",
    ),
}


@pytest.mark.parametrize("entry", REFUSED)
def test_a_stack_is_refused_in_the_words_of_aws(emulator: Emulator, entry: str):
    resources, message = REFUSED[entry]

    with pytest.raises(StackFailed, match=re.escape(message)):
        deploy(emulator, entry, resources)


def test_each_has_its_entry_in_the_catalogue():
    catalogued = {each.id: each for each in refusals.load(refusals.REFUSALS, catalogue.load())}

    assert {entry for entry, each in catalogued.items() if each.enforced_by == refusals.OVERLAY} <= REFUSED.keys()
    assert REFUSED.keys() <= catalogued.keys()


def test_a_managed_policy_counts(emulator: Emulator):
    may = {"Version": "2012-10-17", "Statement": [allow("ec2:CreateNetworkInterface")]}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": may}}
    attached = role()
    attached["Properties"]["ManagedPolicyArns"] = [{"Ref": "Managed"}]

    assert deploy(
        emulator, "managed", {"Managed": managed, "Role": attached, "Function": function(CODE, VpcConfig=IN_A_VPC)}
    )
