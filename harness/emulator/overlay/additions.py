"""The properties and types that the overlay adds to MiniStack's CloudFormation, as a table.

Each row names the API operation that applies it, on the emulator's own service. The row only translates the template's
property to the API's parameters. Nothing here depends on MiniStack.
"""

from collections.abc import Callable
from typing import Any

from harness.emulator.calls import AddedProperty, AddedType, Call, Parameters, flag, number, rename_keys
from harness.emulator.overlay import additions_s3


def _table_encryption(table: str, value: Any) -> Parameters:
    renamed = rename_keys(value, {"SSEEnabled": "Enabled", "KMSMasterKeyId": "KMSMasterKeyId"})
    renamed["Enabled"] = flag(renamed.get("Enabled", False))
    return {"TableName": table, "SSESpecification": renamed}


def _recovery(table: str, value: Any) -> Parameters:
    specification: Parameters = {"PointInTimeRecoveryEnabled": flag(value.get("PointInTimeRecoveryEnabled", False))}
    if "RecoveryPeriodInDays" in value:
        specification["RecoveryPeriodInDays"] = number(value["RecoveryPeriodInDays"])
    return {"TableName": table, "PointInTimeRecoverySpecification": specification}


def _configuration(key: str, empty: Any = None) -> Callable[[str, Any], Parameters]:
    def parameters(function: str, value: Any) -> Parameters:
        return {"FunctionName": function, key: value if empty is None else empty}

    return parameters


def _scaling(mapping: str, value: Any) -> Parameters:
    return {"UUID": mapping, "ScalingConfig": {key: number(item) for key, item in value.items()}}


def _security_configuration(name: str, value: Any) -> Parameters:
    encryption = rename_keys(value["EncryptionConfiguration"], {"S3Encryptions": "S3Encryption"})
    return {"Name": name, "EncryptionConfiguration": encryption}


def _trail(name: str, value: Any) -> Parameters:
    return {
        "Name": name,
        "S3BucketName": value["S3BucketName"],
        "EnableLogFileValidation": flag(value.get("EnableLogFileValidation", False)),
        **({"KmsKeyId": value["KMSKeyId"]} if "KMSKeyId" in value else {}),
        "TagsList": list(value.get("Tags", [])),
    }


def _selectors(name: str, value: Any) -> Parameters:
    return {"TrailName": name, "AdvancedEventSelectors": value["AdvancedEventSelectors"]}


def _logging(name: str, value: Any) -> Parameters:
    """Parameters to start a trail. A trail with IsLogging false is rejected, not started anyway."""
    if not flag(value["IsLogging"]):
        raise ValueError(f"the overlay starts every trail, but IsLogging of {name} is false")
    return {"Name": name}


def _egress(_: str, value: Any) -> Parameters:
    described = {"Description": value["Description"]} if "Description" in value else {}
    rule: Parameters = {"IpProtocol": value["IpProtocol"]}
    rule |= {key: number(value[key]) for key in ("FromPort", "ToPort") if key in value}
    for key, ranges, member in _EGRESS_ENDS:
        if key in value:
            rule[ranges] = [{member: value[key], **described}]
    return {"GroupId": value["GroupId"], "IpPermissions": [rule]}


#: The peer of an egress rule, in a template and in EC2's API.
_EGRESS_ENDS = (
    ("CidrIp", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
    ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
)
_NO_VPC: Parameters = {"SubnetIds": [], "SecurityGroupIds": []}

PROPERTIES = (
    *additions_s3.PROPERTIES,
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
            lambda function, value: {"FunctionName": function, "ReservedConcurrentExecutions": number(value)},
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
        # MiniStack stores the parameter as text, and its poller then fails on it.
        "ScalingConfig",
        Call("lambda", "UpdateEventSourceMapping", _scaling),
        Call("lambda", "UpdateEventSourceMapping", lambda mapping, _: {"UUID": mapping, "ScalingConfig": {}}),
        corrects=True,
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
)

TYPES = (
    AddedType(
        "AWS::EC2::SecurityGroupEgress",
        "Id",
        Call("ec2", "AuthorizeSecurityGroupEgress", _egress),
        Call("ec2", "RevokeSecurityGroupEgress", _egress),
    ),
    AddedType(
        "AWS::Glue::SecurityConfiguration",
        "Name",
        Call("glue", "CreateSecurityConfiguration", _security_configuration),
        Call("glue", "DeleteSecurityConfiguration", lambda name, _: {"Name": name}),
    ),
    AddedType(
        "AWS::CloudTrail::Trail",
        "TrailName",
        Call("cloudtrail", "CreateTrail", _trail),
        Call("cloudtrail", "DeleteTrail", lambda name, _: {"Name": name}),
        then=(Call("cloudtrail", "PutEventSelectors", _selectors), Call("cloudtrail", "StartLogging", _logging)),
    ),
)
