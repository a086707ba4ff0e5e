"""What CloudFormation does on AWS and not in MiniStack: a table of the properties and types the overlay adds.

Each row names the API operation that applies it. The emulator's own service answers that call, so the row holds only
how the template's words become the API's. Nothing here knows MiniStack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One API operation, and its parameters from a resource's physical id and the property's value."""

    service: str
    operation: str
    parameters: Callable[[str, Any], Parameters]


@dataclass(frozen=True)
class AddedProperty:
    """A property that MiniStack's CloudFormation reads past."""

    type: str
    property: str
    apply: Call
    #: What undoes it when an update takes the property out of the template; its value is the old one.
    withdraw: Call | None = None


@dataclass(frozen=True)
class AddedType:
    """A resource type that MiniStack refuses. Any change to it is a replacement, as for these types on AWS."""

    type: str
    #: The property with the physical name; `Ref` returns it.
    name: str
    create: Call
    delete: Call


def _rename(value: Mapping[str, Any], names: Mapping[str, str]) -> Parameters:
    """The same mapping with some keys renamed, and `None` left out."""
    return {names.get(key, key): item for key, item in value.items() if item is not None}


def _number(value: Any) -> int:
    # A parameter of a template arrives as text, and botocore is strict about types.
    return int(value)


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _encryption(bucket: str, value: Any) -> Parameters:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        renamed = _rename(rule, {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"})
        if "BucketKeyEnabled" in renamed:
            renamed["BucketKeyEnabled"] = _flag(renamed["BucketKeyEnabled"])
        rules.append(renamed)
    return {"Bucket": bucket, "ServerSideEncryptionConfiguration": {"Rules": rules}}


_DAYS = ("Days", "NoncurrentDays", "NewerNoncurrentVersions", "DaysAfterInitiation")


def _days(value: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Parameters:
    renamed = _rename(value, names or {})
    return {key: _number(item) if key in _DAYS else item for key, item in renamed.items()}


def _lifecycle_rule(rule: Mapping[str, Any]) -> Parameters:
    """One rule in the API's words. What the template's words cannot say here is refused, not lost."""
    api: Parameters = {"Status": rule["Status"]}
    rest = {key: value for key, value in rule.items() if key != "Status"}
    if "Id" in rest:
        api["ID"] = rest.pop("Id")
    bounds = {key: _number(rest.pop(key)) for key in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if key in rest}
    tags = list(rest.pop("TagFilters", []))
    prefix = {"Prefix": rest.pop("Prefix", "")}
    if len(bounds) + len(tags) == 0:
        api["Filter"] = prefix
    else:
        api["Filter"] = {"And": {**prefix, **bounds, **({"Tags": tags} if tags else {})}}
    expiry: Parameters = {}
    if "ExpirationInDays" in rest:
        expiry["Days"] = _number(rest.pop("ExpirationInDays"))
    if "ExpiredObjectDeleteMarker" in rest:
        expiry["ExpiredObjectDeleteMarker"] = _flag(rest.pop("ExpiredObjectDeleteMarker"))
    if expiry:
        api["Expiration"] = expiry
    if "Transitions" in rest:
        api["Transitions"] = [_days(item, {"TransitionInDays": "Days"}) for item in rest.pop("Transitions")]
    if "NoncurrentVersionTransitions" in rest:
        names = {"TransitionInDays": "NoncurrentDays"}
        moved = rest.pop("NoncurrentVersionTransitions")
        api["NoncurrentVersionTransitions"] = [_days(item, names) for item in moved]
    for key in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if key in rest:
            api[key] = _days(rest.pop(key))
    if rest:
        raise ValueError(f"the overlay does not know these lifecycle properties: {', '.join(sorted(rest))}")
    return api


def _lifecycle(bucket: str, value: Any) -> Parameters:
    parameters: Parameters = {
        "Bucket": bucket,
        "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]},
    }
    if "TransitionDefaultMinimumObjectSize" in value:
        parameters["TransitionDefaultMinimumObjectSize"] = value["TransitionDefaultMinimumObjectSize"]
    return parameters


def _logging(bucket: str, value: Any) -> Parameters:
    target = {
        "TargetBucket": value.get("DestinationBucketName", bucket),
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return {"Bucket": bucket, "BucketLoggingStatus": {"LoggingEnabled": target}}


def _table_encryption(table: str, value: Any) -> Parameters:
    renamed = _rename(value, {"SSEEnabled": "Enabled", "KMSMasterKeyId": "KMSMasterKeyId"})
    renamed["Enabled"] = _flag(renamed.get("Enabled", False))
    return {"TableName": table, "SSESpecification": renamed}


def _recovery(table: str, value: Any) -> Parameters:
    specification: Parameters = {"PointInTimeRecoveryEnabled": _flag(value.get("PointInTimeRecoveryEnabled", False))}
    if "RecoveryPeriodInDays" in value:
        specification["RecoveryPeriodInDays"] = _number(value["RecoveryPeriodInDays"])
    return {"TableName": table, "PointInTimeRecoverySpecification": specification}


def _bucket(bucket: str, _value: Any) -> Parameters:
    return {"Bucket": bucket}


def _configuration(key: str, empty: Any = None) -> Callable[[str, Any], Parameters]:
    def parameters(function: str, value: Any) -> Parameters:
        return {"FunctionName": function, key: value if empty is None else empty}

    return parameters


def _scaling(mapping: str, value: Any) -> Parameters:
    return {"UUID": mapping, "ScalingConfig": {key: _number(item) for key, item in value.items()}}


def _security_configuration(name: str, value: Any) -> Parameters:
    encryption = _rename(value["EncryptionConfiguration"], {"S3Encryptions": "S3Encryption"})
    return {"Name": name, "EncryptionConfiguration": encryption}


_NO_VPC: Parameters = {"SubnetIds": [], "SecurityGroupIds": []}

PROPERTIES = (
    AddedProperty(
        "AWS::S3::Bucket",
        "BucketEncryption",
        Call("s3", "PutBucketEncryption", _encryption),
        Call("s3", "DeleteBucketEncryption", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "LifecycleConfiguration",
        Call("s3", "PutBucketLifecycleConfiguration", _lifecycle),
        Call("s3", "DeleteBucketLifecycle", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "OwnershipControls",
        Call("s3", "PutBucketOwnershipControls", lambda bucket, value: {"Bucket": bucket, "OwnershipControls": value}),
        Call("s3", "DeleteBucketOwnershipControls", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        Call("s3", "PutBucketLogging", _logging),
        Call("s3", "PutBucketLogging", lambda bucket, _: {"Bucket": bucket, "BucketLoggingStatus": {}}),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "Tags",
        Call("s3", "PutBucketTagging", lambda bucket, value: {"Bucket": bucket, "Tagging": {"TagSet": value}}),
        Call("s3", "DeleteBucketTagging", _bucket),
    ),
    AddedProperty(
        "AWS::Kinesis::Stream",
        "StreamEncryption",
        Call("kinesis", "StartStreamEncryption", lambda stream, value: {"StreamName": stream, **value}),
        Call("kinesis", "StopStreamEncryption", lambda stream, value: {"StreamName": stream, **value}),
    ),
    AddedProperty(
        "AWS::DynamoDB::Table",
        "SSESpecification",
        Call("dynamodb", "UpdateTable", _table_encryption),
        Call("dynamodb", "UpdateTable", lambda table, _: _table_encryption(table, {"SSEEnabled": False})),
    ),
    AddedProperty(
        "AWS::DynamoDB::Table",
        "PointInTimeRecoverySpecification",
        Call("dynamodb", "UpdateContinuousBackups", _recovery),
        Call("dynamodb", "UpdateContinuousBackups", lambda table, _: _recovery(table, {})),
    ),
    AddedProperty(
        "AWS::Lambda::Function",
        "ReservedConcurrentExecutions",
        Call(
            "lambda",
            "PutFunctionConcurrency",
            lambda function, value: {"FunctionName": function, "ReservedConcurrentExecutions": _number(value)},
        ),
        Call("lambda", "DeleteFunctionConcurrency", lambda function, _: {"FunctionName": function}),
    ),
    AddedProperty(
        "AWS::Lambda::Function",
        "DeadLetterConfig",
        Call("lambda", "UpdateFunctionConfiguration", _configuration("DeadLetterConfig")),
        Call("lambda", "UpdateFunctionConfiguration", _configuration("DeadLetterConfig", {})),
    ),
    AddedProperty(
        "AWS::Lambda::Function",
        "VpcConfig",
        Call("lambda", "UpdateFunctionConfiguration", _configuration("VpcConfig")),
        Call("lambda", "UpdateFunctionConfiguration", _configuration("VpcConfig", _NO_VPC)),
    ),
    AddedProperty(
        "AWS::Lambda::Function",
        "KmsKeyArn",
        Call("lambda", "UpdateFunctionConfiguration", _configuration("KMSKeyArn")),
        Call("lambda", "UpdateFunctionConfiguration", _configuration("KMSKeyArn", "")),
    ),
    AddedProperty(
        "AWS::Lambda::EventSourceMapping",
        # MiniStack takes it as it comes, and its poller then stops over a parameter's text.
        "ScalingConfig",
        Call("lambda", "UpdateEventSourceMapping", _scaling),
        Call("lambda", "UpdateEventSourceMapping", lambda mapping, _: {"UUID": mapping, "ScalingConfig": {}}),
    ),
    AddedProperty(
        "AWS::SNS::Topic",
        "KmsMasterKeyId",
        Call(
            "sns",
            "SetTopicAttributes",
            lambda topic, value: {"TopicArn": topic, "AttributeName": "KmsMasterKeyId", "AttributeValue": value},
        ),
        Call(
            "sns",
            "SetTopicAttributes",
            lambda topic, _: {"TopicArn": topic, "AttributeName": "KmsMasterKeyId", "AttributeValue": ""},
        ),
    ),
    AddedProperty(
        "AWS::IAM::Role",
        "PermissionsBoundary",
        Call("iam", "PutRolePermissionsBoundary", lambda role, value: {"RoleName": role, "PermissionsBoundary": value}),
        Call("iam", "DeleteRolePermissionsBoundary", lambda role, _: {"RoleName": role}),
    ),
)

TYPES = (
    AddedType(
        "AWS::Glue::SecurityConfiguration",
        "Name",
        Call("glue", "CreateSecurityConfiguration", _security_configuration),
        Call("glue", "DeleteSecurityConfiguration", lambda name, _: {"Name": name}),
    ),
)
