"""The emulator tests' deployments: small stacks, helpers to build them, and the template. No tests."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from harness.deploy.cli import AwsCli
from harness.deploy.stack import (
    DEVELOPMENT_PARAMETERS,
    NO_CHANGES,
    PACKAGED,
    STACK_NAME,
    assemble,
    parameter,
    parameters_in,
)
from harness.emulator.coverage import Reading
from harness.emulator.process import Emulator
from harness.packaging.layer import Target
from tests.integration.aws_cli import aws_cli
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]

#: By environment.
PARAMETER_FILES = {path.stem: path for path in sorted(DEVELOPMENT_PARAMETERS.parent.glob("*.json"))}

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]


def deploy(emulator: Emulator, name: str, resources: Resources, *, update: bool = False) -> dict[str, str]:
    """Create or update a stack; the physical id of each resource."""
    cloudformation = emulator.client("cloudformation")
    call = cloudformation.update_stack if update else cloudformation.create_stack
    call(StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_NAMED_IAM"])
    wait_until_complete(emulator, name)
    return physical_ids(emulator, name)


class StackFailed(Exception):
    """A stack could not be created or changed."""


def wait_until_complete(emulator: Emulator, name: str) -> None:
    """Wait until a stack is created or updated."""
    cloudformation = emulator.client("cloudformation")

    def finished() -> str | None:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return None if status.endswith("_IN_PROGRESS") else status

    status = until(finished)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        reasons = dict.fromkeys(filter(None, (event.get("ResourceStatusReason") for event in events)))
        raise StackFailed(f"{status}: {'; '.join(reasons)}")


def physical_ids(emulator: Emulator, name: str) -> dict[str, str]:
    """Physical id of each of a stack's resources, by logical id."""
    described = emulator.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def with_a_last_resource_that_fails(template: Path, *before: str) -> Path:
    """A copy of the template with one more resource, which depends on these and fails to create."""
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


#: Where the packaged template says that its artifacts are, until a deployment says otherwise.
_PACKAGED_IN = "packaged-once"
#: What `aws cloudformation package` has uploaded, by name, and the template that it wrote: once a process.
_PACKAGED: dict[str, bytes] = {}
_TEMPLATE = "template.yaml"
#: The variable with the folder where a process finds what another one has packaged.
PACKAGED_FOLDER = "PACKAGED_FOLDER"

Edit = Callable[[str], str]


def uploaded(emulator: Emulator, bucket: str, edit: Edit = str) -> str:
    """Upload the edited packaged template and its files to a new `bucket`; return the template's URL."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=bucket)
    _package(emulator)
    for name, content in _PACKAGED.items():
        body = edit(_text(bucket)).encode() if name == _TEMPLATE else content
        s3.put_object(Bucket=bucket, Key=name, Body=body)
    return f"{emulator.endpoint_url}/{bucket}/{_TEMPLATE}"


def _text(bucket: str) -> str:
    return _PACKAGED[_TEMPLATE].decode().replace(_PACKAGED_IN, bucket)


def _package(emulator: Emulator) -> None:
    if _PACKAGED:
        return
    if PACKAGED_FOLDER in os.environ:
        _PACKAGED.update((path.name, path.read_bytes()) for path in Path(os.environ[PACKAGED_FOLDER]).iterdir())
        return
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=_PACKAGED_IN)
    with TemporaryDirectory() as folder:
        template = assemble(Path(folder) / "tree", Target.EMULATOR)
        aws_cli(emulator.environment()).run(
            "cloudformation", "package", "--template-file", str(template), "--s3-bucket", _PACKAGED_IN,
            "--output-template-file", str(template.with_name(PACKAGED)),
        )  # fmt: skip
        for entry in s3.list_objects_v2(Bucket=_PACKAGED_IN)["Contents"]:
            _PACKAGED[entry["Key"]] = s3.get_object(Bucket=_PACKAGED_IN, Key=entry["Key"])["Body"].read()
        _PACKAGED[_TEMPLATE] = template.with_name(PACKAGED).read_bytes()


def save_packaged(emulator: Emulator, folder: Path) -> None:
    """Write the package to `folder`, for another process."""
    _package(emulator)
    for name, content in _PACKAGED.items():
        (folder / name).write_bytes(content)


class Deployment(NamedTuple):
    """A deployed stack: physical ids by logical id, and outputs."""

    resources: dict[str, str]
    outputs: dict[str, str]


class Stack:
    """The repository's template through CloudFormation's own API, which takes a tenth of the time of the AWS CLI.

    For tests of what is deployed. What a release engineer types is tested with the CLI.
    """

    def __init__(self, emulator: Emulator, parameters: Path = DEVELOPMENT_PARAMETERS, edit: Edit = str) -> None:
        self._emulator = emulator
        self._cloudformation = emulator.client("cloudformation")
        #: Parameters of the next change.
        self._values = parameters_in(parameters)
        self._template = uploaded(emulator, self._values["ArtifactBucketName"], edit)

    def create(self, template: str = "", **changes: str) -> Deployment:
        """Create it with some parameters changed, or what is at another address. Raises StackFailed, ClientError."""
        self._call(self._cloudformation.create_stack, template, changes)
        return described(self._emulator)

    def update(self, **changes: str) -> bool:
        """Update some parameters; return whether anything changed."""
        try:
            self._call(self._cloudformation.update_stack, "", changes)
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def delete(self) -> None:
        """Delete the stack, which leaves the retained resources."""
        self._cloudformation.delete_stack(StackName=STACK_NAME)
        until(lambda: self._cloudformation.describe_stacks()["Stacks"] == [])

    def _call(self, call: Any, template: str, changes: dict[str, str]) -> None:
        values = {**self._values, **changes}
        call(
            StackName=STACK_NAME,
            TemplateURL=template or self._template,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self._values = values
        wait_until_complete(self._emulator, STACK_NAME)


def described(emulator: Emulator) -> Deployment:
    """The deployed stack of the repository's template."""
    stack = emulator.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}
    return Deployment(physical_ids(emulator, STACK_NAME), outputs)


def types(emulator: Emulator) -> dict[str, str]:
    """Type of each of its resources."""
    found = emulator.client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    return {each["LogicalResourceId"]: each["ResourceType"] for each in found}


class DeployedStack(NamedTuple):
    """A deployed template, the readings of each property during creation, and physical ids."""

    emulator: Emulator
    resources: dict[str, str]
    readings: list[Reading]


def deploy_template(emulator: Emulator, parameters: Path = DEVELOPMENT_PARAMETERS, **changes: str) -> Deployment:
    """Deploy the repository's template, with some parameters changed."""
    return Stack(emulator, parameters).create(**changes)


def overridden(path: Path, **changes: str) -> Path:
    """The development parameters with some values changed, in the file `path`."""
    values = {**parameters_in(DEVELOPMENT_PARAMETERS), **changes}
    path.write_text(json.dumps([f"{name}={value}" for name, value in values.items()]))
    return path


def packaged(folder: Path, bucket: str) -> Path:
    """The packaged template as a file, once it has been uploaded."""
    path = folder / PACKAGED
    path.write_text(_text(bucket))
    return path


def deploy_packaged(aws: AwsCli, parameters: Path) -> bool:
    """Deploy the uploaded template with the AWS CLI; return whether anything changed."""
    bucket = parameter(parameters, "ArtifactBucketName")
    with TemporaryDirectory() as folder:
        said = aws.run(
            "cloudformation", "deploy", "--template-file", str(packaged(Path(folder), bucket)),
            "--stack-name", STACK_NAME, "--s3-bucket", bucket, "--parameter-overrides", f"file://{parameters}",
            "--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset",
        )  # fmt: skip
    return NO_CHANGES not in said


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


#: What Lambda tries out before it creates a mapping of a stream.
READ_STREAM = "kinesis:DescribeStream kinesis:GetRecords kinesis:GetShardIterator"


def trail_may_write(bucket_id: str, trail: str) -> dict[str, Any]:
    """A bucket policy that lets a trail of this name deliver."""

    def grant(action: str, path: str) -> dict[str, Any]:
        source = {"Fn::Sub": f"arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{trail}"}
        return {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": action,
            "Resource": {"Fn::Sub": f"${{{bucket_id}.Arn}}{path}"},
            "Condition": {"StringEquals": {"aws:SourceArn": source}},
        }

    statements = [grant("s3:GetBucketAcl", ""), grant("s3:PutObject", "/AWSLogs/${AWS::AccountId}/*")]
    document = {"Version": "2012-10-17", "Statement": statements}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": bucket_id}, "PolicyDocument": document}}


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
    "Role": role(allow("ec2:CreateNetworkInterface sqs:*")),
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
    "LogBucketPolicy": trail_may_write("LogBucket", "events"),
    "Trail": {
        "Type": "AWS::CloudTrail::Trail",
        "DependsOn": "LogBucketPolicy",
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
