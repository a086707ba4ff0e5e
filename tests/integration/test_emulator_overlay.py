"""A deployment applies the overlay's additions; they are read back and removed again."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator.overlay import additions
from harness.emulator.process import Emulator
from tests.integration.stacks import ADDED, StackFailed, deploy

Read = Callable[[Emulator, dict[str, str]], Any]


def _bucket(operation: str, *path: str) -> Read:
    def read(emulator: Emulator, ids: dict[str, str]) -> Any:
        try:
            answer = getattr(emulator.client("s3"), operation)(Bucket=ids["Bucket"])
        except ClientError as error:
            return error.response["Error"]["Code"]
        for step in path:
            answer = answer.get(step)
        return answer

    return read


def _function(key: str) -> Read:
    def read(emulator: Emulator, ids: dict[str, str]) -> Any:
        return emulator.client("lambda").get_function_configuration(FunctionName=ids["Function"]).get(key)

    return read


#: How each addition is read back: by the service's own API, never from the overlay.
READ_BACK: dict[tuple[str, str], Read] = {
    ("AWS::S3::Bucket", "BucketEncryption"): _bucket(
        "get_bucket_encryption", "ServerSideEncryptionConfiguration", "Rules"
    ),
    ("AWS::S3::Bucket", "LifecycleConfiguration"): _bucket("get_bucket_lifecycle_configuration", "Rules"),
    ("AWS::S3::Bucket", "OwnershipControls"): _bucket("get_bucket_ownership_controls", "OwnershipControls", "Rules"),
    ("AWS::S3::Bucket", "LoggingConfiguration"): _bucket("get_bucket_logging", "LoggingEnabled"),
    ("AWS::S3::Bucket", "Tags"): _bucket("get_bucket_tagging", "TagSet"),
    ("AWS::S3::Bucket", "ObjectLockEnabled"): _bucket(
        "get_object_lock_configuration", "ObjectLockConfiguration", "ObjectLockEnabled"
    ),
    ("AWS::S3::Bucket", "ObjectLockConfiguration"): _bucket(
        "get_object_lock_configuration", "ObjectLockConfiguration", "Rule"
    ),
    ("AWS::S3::Bucket", "ReplicationConfiguration"): _bucket(
        "get_bucket_replication", "ReplicationConfiguration", "Rules"
    ),
    ("AWS::Kinesis::Stream", "StreamEncryption"): lambda e, ids: {
        key: value
        for key, value in e.client("kinesis")
        .describe_stream_summary(StreamName=ids["Stream"])["StreamDescriptionSummary"]
        .items()
        if key in ("EncryptionType", "KeyId")
    },
    ("AWS::DynamoDB::Table", "SSESpecification"): lambda e, ids: (
        e.client("dynamodb").describe_table(TableName=ids["Table"])["Table"].get("SSEDescription")
    ),
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): lambda e, ids: e.client(
        "dynamodb"
    ).describe_continuous_backups(TableName=ids["Table"])["ContinuousBackupsDescription"][
        "PointInTimeRecoveryDescription"
    ]["PointInTimeRecoveryStatus"],
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): lambda e, ids: (
        e.client("lambda").get_function_concurrency(FunctionName=ids["Function"]).get("ReservedConcurrentExecutions")
    ),
    ("AWS::Lambda::Function", "DeadLetterConfig"): _function("DeadLetterConfig"),
    ("AWS::Lambda::Function", "VpcConfig"): _function("VpcConfig"),
    ("AWS::Lambda::Function", "KmsKeyArn"): _function("KMSKeyArn"),
    ("AWS::Lambda::EventSourceMapping", "ScalingConfig"): lambda e, ids: (
        e.client("lambda").get_event_source_mapping(UUID=ids["Mapping"]).get("ScalingConfig")
    ),
    ("AWS::SNS::Topic", "KmsMasterKeyId"): lambda e, ids: (
        e.client("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"].get("KmsMasterKeyId")
    ),
    ("AWS::EC2::SecurityGroupEgress", "Id"): lambda e, ids: [
        (pair.get("GroupId"), pair.get("Description"), rule["FromPort"], rule["ToPort"])
        for rule in e.client("ec2").describe_security_groups(GroupIds=[ids["Caller"]])["SecurityGroups"][0][
            "IpPermissionsEgress"
        ]
        for pair in rule["UserIdGroupPairs"]
    ],
    ("AWS::Glue::SecurityConfiguration", "Name"): lambda e, ids: e.client("glue").get_security_configuration(
        Name=ids["Security"]
    )["SecurityConfiguration"]["EncryptionConfiguration"],
    ("AWS::CloudTrail::Trail", "TrailName"): lambda e, ids: _trail(e, ids["Trail"]),
}


def _trail(emulator: Emulator, name: str) -> Any:
    aws = emulator.client("cloudtrail")
    trail = aws.get_trail(Name=name)["Trail"]
    return {
        **{key: trail.get(key) for key in ("KmsKeyId", "LogFileValidationEnabled", "S3BucketName")},
        "IsLogging": aws.get_trail_status(Name=name)["IsLogging"],
        "Selectors": aws.get_event_selectors(TrailName=name)["AdvancedEventSelectors"],
    }


@pytest.fixture(scope="module")
def added(emulator: Emulator) -> dict[str, Any]:
    """The expected read-back value of each addition; "key" and logical ids stand for references."""
    ids = deploy(emulator, "added", ADDED)
    key = emulator.client("kms").describe_key(KeyId=ids["Key"])["KeyMetadata"]["Arn"]
    found: dict[Any, Any] = {place: read(emulator, ids) for place, read in READ_BACK.items()}
    return {
        **found,
        **ids,
        "key": key,
        "queue": f"arn:aws:sqs:us-east-1:{emulator.account_id}:{ids['Queue'].rsplit('/')[-1]}",
    }


def test_every_addition_is_read_back() -> None:
    """A row without a test proves nothing."""
    rows = {(a.type, a.property) for a in additions.PROPERTIES} | {(a.type, a.name) for a in additions.TYPES}

    assert set(READ_BACK) == rows


EXPECTED: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
    ("AWS::S3::Bucket", "BucketEncryption"): lambda a: [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": a["key"]},
            "BucketKeyEnabled": True,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ],
    ("AWS::S3::Bucket", "LifecycleConfiguration"): lambda _: [
        {
            "ID": "ToGlacier",
            "Status": "Enabled",
            "Filter": {"Prefix": "raw/"},
            "Expiration": {"Days": 2557},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 3, "StorageClass": "GLACIER"}],
        },
        {
            "ID": "AbortUploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ],
    ("AWS::S3::Bucket", "OwnershipControls"): lambda _: [{"ObjectOwnership": "BucketOwnerEnforced"}],
    ("AWS::S3::Bucket", "LoggingConfiguration"): lambda a: {"TargetBucket": a["LogBucket"], "TargetPrefix": "raw/"},
    ("AWS::S3::Bucket", "Tags"): lambda _: [{"Key": "DataClass", "Value": "licensed"}],
    ("AWS::S3::Bucket", "ObjectLockEnabled"): lambda _: "Enabled",
    ("AWS::S3::Bucket", "ObjectLockConfiguration"): lambda _: {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 7}},
    ("AWS::S3::Bucket", "ReplicationConfiguration"): lambda a: [
        {
            "ID": "Copy",
            "Priority": 1,
            "Filter": {"Prefix": "raw/"},
            "Status": "Enabled",
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "Destination": {
                "Bucket": f"arn:aws:s3:::{a['CopyBucket']}",
                "EncryptionConfiguration": {"ReplicaKmsKeyID": a["key"]},
                "Metrics": {"Status": "Enabled"},
            },
            "DeleteMarkerReplication": {"Status": "Disabled"},
        }
    ],
    ("AWS::Kinesis::Stream", "StreamEncryption"): lambda a: {"EncryptionType": "KMS", "KeyId": a["key"]},
    ("AWS::DynamoDB::Table", "SSESpecification"): lambda a: {
        "Status": "ENABLED",
        "SSEType": "KMS",
        "KMSMasterKeyArn": a["key"],
    },
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): lambda _: "ENABLED",
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): lambda _: 20,
    ("AWS::Lambda::Function", "DeadLetterConfig"): lambda a: {"TargetArn": a["queue"]},
    ("AWS::Lambda::Function", "VpcConfig"): lambda _: {
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "VpcId": "",
    },
    ("AWS::Lambda::Function", "KmsKeyArn"): lambda a: a["key"],
    ("AWS::Lambda::EventSourceMapping", "ScalingConfig"): lambda _: {"MaximumConcurrency": 2},
    ("AWS::SNS::Topic", "KmsMasterKeyId"): lambda a: a["key"],
    ("AWS::EC2::SecurityGroupEgress", "Id"): lambda a: [(a["Called"], "to what is called", 443, 443)],
    ("AWS::Glue::SecurityConfiguration", "Name"): lambda a: {
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": a["key"]}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": a["key"]},
    },
    ("AWS::CloudTrail::Trail", "TrailName"): lambda a: {
        "KmsKeyId": a["key"],
        "LogFileValidationEnabled": True,
        "S3BucketName": a["LogBucket"],
        "IsLogging": True,
        "Selectors": ADDED["Trail"]["Properties"]["AdvancedEventSelectors"],
    },
}


@pytest.mark.parametrize("place", READ_BACK, ids=" ".join)
def test_an_addition_is_applied_by_a_deployment(added: dict[Any, Any], place: tuple[str, str]) -> None:
    assert added[place] == EXPECTED[place](added)


def test_an_update_that_drops_a_property_withdraws_it(emulator: Emulator, added: dict[Any, Any]) -> None:
    """Otherwise a value that an older version of the template had set would stay."""
    dropped = {(a.type, a.property) for a in additions.PROPERTIES if a.withdraw is not None}
    smaller = {
        name: {
            **resource,
            "Properties": {
                key: value
                for key, value in resource.get("Properties", {}).items()
                if (resource["Type"], key) not in dropped
            },
        }
        for name, resource in ADDED.items()
        if name not in ("Security", "Trail", "Egress")
    }
    ids = deploy(emulator, "added", smaller, update=True)
    kept = [place for place in sorted(dropped) if READ_BACK[place](emulator, ids) == added[place]]

    assert kept == []
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        READ_BACK["AWS::Glue::SecurityConfiguration", "Name"](emulator, {"Security": "encrypted"})
    with pytest.raises(ClientError, match="TrailNotFoundException"):
        READ_BACK["AWS::CloudTrail::Trail", "TrailName"](emulator, {"Trail": "events"})
    assert READ_BACK["AWS::EC2::SecurityGroupEgress", "Id"](emulator, ids) == []


def test_a_trail_that_is_not_to_be_started_fails_the_stack(emulator: Emulator) -> None:
    """The overlay starts every trail; after a failure, no half-created trail may stay."""
    trail = {**ADDED["Trail"]["Properties"], "TrailName": "stopped", "IsLogging": "false", "S3BucketName": "somewhere"}
    del trail["KMSKeyId"]

    with pytest.raises(StackFailed, match="the overlay starts every trail, but IsLogging of stopped is false"):
        deploy(emulator, "stopped", {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": trail}})
    assert "stopped" not in [each["Name"] for each in emulator.client("cloudtrail").describe_trails()["trailList"]]


def test_a_property_that_cannot_be_applied_fails_the_stack(emulator: Emulator) -> None:
    """An addition that fails silently would be another dropped property; no half-created resource may stay."""
    bucket = {"BucketName": "half-made", "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Unheard": 1}]}}

    with pytest.raises(StackFailed, match="Unheard"):
        deploy(emulator, "broken", {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket}})
    assert "half-made" not in [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"]]
