"""What the emulator's tests deploy: small stacks, the words to put them together, and the template. No tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from harness.deploy.cli import AwsCli
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, Deployment, assemble, parameter
from harness.deploy.stack import deploy as deploy_whole
from harness.emulator.process import Emulator
from harness.packaging.layer import Target
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]


def deploy(emulator: Emulator, name: str, resources: Resources, *, update: bool = False) -> dict[str, str]:
    """Create or update a stack; the physical id of each resource."""
    cloudformation = emulator.client("cloudformation")
    call = cloudformation.update_stack if update else cloudformation.create_stack
    call(StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_NAMED_IAM"])

    def finished() -> str | None:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return None if status.endswith("_IN_PROGRESS") else status

    status = until(finished)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        (e["LogicalResourceId"], e.get("ResourceStatusReason")) for e in events if "FAILED" in e["ResourceStatus"]
    ]
    assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), (status, failed)
    described = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def with_a_last_resource_that_fails(template: Path, *before: str) -> Path:
    """A template, beside the given one, with one more resource that cannot be made once these have been."""
    broken = template.with_name("broken.yaml")
    resource = (
        "  FailsLast:\n"
        "    Type: AWS::SNS::Topic\n"
        f"    DependsOn: [{', '.join(before)}]\n"
        "    Properties:\n"
        "      TopicName: !ImportValue nobody-exports-this\n\n"
    )
    broken.write_text(template.read_text().replace("Outputs:\n", f"{resource}Outputs:\n", 1))
    return broken


#: Over the development parameters: no condition of the template may hide a property.
EVERYTHING = {
    "AlertQueueArn": f"arn:aws:sqs:{Emulator.region}:{Emulator.account_id}:alerts",
    "DataConsumerAccountId": "111122223333",
    "DataConsumerOrganizationId": "o-a1b2c3d4e5",
    "ReserveConcurrency": "true",
    "TableDeletionProtection": "enabled",
    **{f"Create{name}Endpoint": "true" for name in ("Kinesis", "Glue", "KMS", "Logs", "SNS", "STS")},
}


def deploy_template(
    emulator: Emulator, folder: Path, parameters: Path = DEVELOPMENT_PARAMETERS, **changes: str
) -> Deployment:
    """Deploy the repository's template, with some parameters changed."""
    values = dict(entry.split("=", 1) for entry in json.loads(parameters.read_text()))
    changed = folder / "parameters.json"
    changed.write_text(json.dumps([f"{name}={value}" for name, value in {**values, **changes}.items()]))
    template = assemble(folder / "tree", Target.EMULATOR)
    emulator.client("s3").create_bucket(Bucket=parameter(changed, "ArtifactBucketName"))
    return deploy_whole(AwsCli(emulator.environment()), template, changed)


def arn_of(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def role(*statements: dict[str, Any], service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policies = [{"PolicyName": "all", "PolicyDocument": {"Statement": list(statements)}}] if statements else []
    properties = {"AssumeRolePolicyDocument": {"Statement": [trust]}, "Policies": policies}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def allow(actions: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions.split(), "Resource": resource}


def function(code: str, role_id: str = "Role", **properties: Any) -> dict[str, Any]:
    basics = {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 10, "Code": {"ZipFile": code}}
    return {"Type": "AWS::Lambda::Function", "Properties": {**basics, "Role": arn_of(role_id), **properties}}


KEY: Resources = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            }
        },
    }
}


#: Parameters arrive as text.
HTTPS = {"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443"}
ADDED: Resources = {
    **KEY,
    "LogBucket": {"Type": "AWS::S3::Bucket"},
    "CopyBucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        # Parameters arrive as text.
                        "BucketKeyEnabled": "true",
                        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
                        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn_of("Key")},
                    }
                ]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "ToGlacier",
                        "Status": "Enabled",
                        "Prefix": "raw/",
                        "ExpirationInDays": "2557",
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": "90"}],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}],
                    },
                    {
                        "Id": "AbortUploads",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    },
                ]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LoggingConfiguration": {"DestinationBucketName": {"Ref": "LogBucket"}, "LogFilePrefix": "raw/"},
            "Tags": [{"Key": "DataClass", "Value": "licensed"}],
            "VersioningConfiguration": {"Status": "Enabled"},
            "ObjectLockEnabled": "true",
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": "7"}},
            },
            "ReplicationConfiguration": {
                "Role": arn_of("Role"),
                "Rules": [
                    {
                        "Id": "Copy",
                        "DeleteMarkerReplication": {"Status": "Disabled"},
                        "Destination": {
                            "Bucket": arn_of("CopyBucket"),
                            "EncryptionConfiguration": {"ReplicaKmsKeyID": arn_of("Key")},
                            "Metrics": {"Status": "Enabled"},
                        },
                        "Filter": {"Prefix": "raw/"},
                        "Priority": "1",
                        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                        "Status": "Enabled",
                    }
                ],
            },
        },
    },
    "Stream": {
        "Type": "AWS::Kinesis::Stream",
        "Properties": {"ShardCount": 1, "StreamEncryption": {"EncryptionType": "KMS", "KeyId": arn_of("Key")}},
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn_of("Key")},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
        },
    },
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": arn_of("Key")}},
    "Role": role(),
    "Function": function(
        "def handler(event, context): return event",
        ReservedConcurrentExecutions="20",
        DeadLetterConfig={"TargetArn": arn_of("Queue")},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        KmsKeyArn=arn_of("Key"),
    ),
    "Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": arn_of("Queue"),
            "FunctionName": {"Ref": "Function"},
            "ScalingConfig": {"MaximumConcurrency": "2"},
        },
    },
    "Caller": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "calls", "SecurityGroupEgress": [{"CidrIp": "127.0.0.1/32", **HTTPS}]},
    },
    "Called": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "is called"}},
    "Egress": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": ["Caller", "GroupId"]},
            "DestinationSecurityGroupId": {"Fn::GetAtt": ["Called", "GroupId"]},
            "Description": "to what is called",
            **HTTPS,
        },
    },
    "Security": {
        "Type": "AWS::Glue::SecurityConfiguration",
        "Properties": {
            "Name": "encrypted",
            "EncryptionConfiguration": {
                "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": arn_of("Key")}],
                "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": arn_of("Key")},
            },
        },
    },
    "Trail": {
        "Type": "AWS::CloudTrail::Trail",
        "Properties": {
            "TrailName": "events",
            "S3BucketName": {"Ref": "LogBucket"},
            "EnableLogFileValidation": "true",
            "IsLogging": "true",
            "KMSKeyId": arn_of("Key"),
            "AdvancedEventSelectors": [
                {
                    "Name": "Objects",
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Data"]},
                        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                    ],
                }
            ],
        },
    },
}


#: What a shell may carry that must reach neither the emulator, nor its functions, nor our own clients.
HOSTILE = {
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "lambda_src"))),
    "AWS_PROFILE": "no-such-profile",
    "AWS_ENDPOINT_URL_S3": "https://127.0.0.1:1",
    "AWS_CA_BUNDLE": "/no/such/bundle.pem",
    "REQUESTS_CA_BUNDLE": "/no/such/bundle.pem",
    "SSL_CERT_FILE": "/no/such/bundle.pem",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "PERSIST_STATE": "1",
}
