"""A small template with a role, a bucket, a topic and an endpoint, and the table of what is meant in it."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from harness.access.table import Table, read

Json = dict[str, Any]
PAGE = "https://docs.aws.amazon.com/x"


def statement(effect: str, action: str | list[str], **body: Any) -> Json:
    return {"Effect": effect, "Action": action, **body}


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


BUCKET = "arn:aws:s3:::bucket"
READS = statement("Allow", "s3:GetObject", Resource=f"{BUCKET}/in/*")
TLS = statement(
    "Deny",
    "s3:*",
    Principal="*",
    Resource=[BUCKET, f"{BUCKET}/*"],
    Condition={"Bool": {"aws:SecureTransport": "false"}},
)
TRUST = statement("Allow", "sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
ALARMS = statement("Allow", "sns:Publish", Principal={"Service": "cloudwatch.amazonaws.com"}, Resource={"Ref": "Topic"})
PASSES = statement("Allow", "s3:*", Principal="*", Resource=f"{BUCKET}/*")
TEMPLATE: Json = {
    "Parameters": {"Wide": {"Type": "String", "Default": "no", "AllowedValues": ["yes", "no"]}},
    "Conditions": {"IsWide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}},
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": document(TRUST),
                "Policies": [{"PolicyName": "own", "PolicyDocument": document(READS)}],
            },
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bucket"}},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document(TLS)},
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic"}},
        "Alarms": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document(ALARMS)},
        },
        "Way": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": "vpc-1",
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                "PolicyDocument": document(PASSES),
            },
        },
    },
}
ROWS: list[Json] = [
    {"who": "Role", "may": "s3:GetObject", "resources": "${Bucket.Arn}/in/*", "code": "x.py: y"},
    {"who": "anybody", "never": "s3:*", "resources": ["${Bucket.Arn}", "${Bucket.Arn}/*"],
     "if": {"Bool": {"aws:SecureTransport": "false"}}, "page": PAGE},
    {"who": "the account", "may": ["s3:*", "sns:*"], "resources": "*", "page": PAGE},
    {"who": "lambda.amazonaws.com", "may": "sts:AssumeRole", "resources": "${Role.Arn}", "page": PAGE},
    {"who": "cloudwatch.amazonaws.com", "may": "sns:Publish", "resources": "${Topic}", "page": PAGE},
    {"who": "Way", "may": "s3:*", "resources": "${Bucket.Arn}/*", "page": PAGE},
]  # fmt: skip
#: Paths for `changed`.
ROLE = ("Resources", "Role", "Properties")
OWN = (*ROLE, "Policies", 0, "PolicyDocument", "Statement")


def changed(path: tuple[str | int, ...], value: Any) -> Json:
    """The template with another value at a path."""
    found = copy.deepcopy(TEMPLATE)
    node: Any = found
    for each in path[:-1]:
        node = node[each]
    node[path[-1]] = value
    return found


def table(path: Path, rows: list[Json], template: Mapping[str, Any] = TEMPLATE) -> Table:
    """The table of these rows, whose reasons are made up."""
    path.write_text(yaml.safe_dump({"rows": [{"why": "For a test.", **each} for each in rows]}))
    return read(path, template)
