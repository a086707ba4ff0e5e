"""Resources that are gone, and ones that get round the rules."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, changed
from harness.mutants.operators.registry import ROLE, Edit, Template, operator

#: Types whose resources do something for others, and can go without CloudFormation noticing.
GUARDING = (
    "AWS::CloudWatch::Alarm", "AWS::EC2::SecurityGroup", "AWS::Events::Rule", "AWS::Glue::SecurityConfiguration",
    "AWS::Glue::Trigger", "AWS::Logs::LogGroup", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SNS::Topic",
    "AWS::Glue::Table", "AWS::CloudTrail::Trail",
)  # fmt: skip


@operator
def delete_resource(template: Template) -> Iterator[Edit]:
    """A resource that guards, watches or starts another is not there."""
    for resource, body in template["Resources"].items():
        if body["Type"] in GUARDING:
            yield Edit(resource, ("Resources", resource), ABSENT, "deleted")


@operator
def add_resource(template: Template) -> Iterator[Edit]:
    """Something beside the pipeline that gets round its rules."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    version = "2012-10-17"
    tags = [{"Key": "Environment", "Value": {"Ref": "Environment"}}]
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": version, "Statement": [trust]}, "Tags": tags},
    }
    yield Edit("UnusedRole", ("Resources", "UnusedRole"), role, "a role that nothing uses")
    dead = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmActions": [],
            "AlarmDescription": "Nothing is watched. Nobody is told. Runbook: docs/alarms.md#nothing",
            "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "Errors",
            "Namespace": "AWS/Lambda", "Period": 300, "Statistic": "Sum", "Threshold": 0,
            "TreatMissingData": "notBreaching",
        },
    }  # fmt: skip
    topics = [name for name, body in template["Resources"].items() if body["Type"] == "AWS::SNS::Topic"]
    if topics:
        alarm = changed(dead, ("Properties", "AlarmActions"), [{"Ref": topics[0]}])
        yield Edit("DeadAlarm", ("Resources", "DeadAlarm"), alarm, "an alarm without dimensions")
    yield Edit("AnothersPolicy", ("Resources", "AnothersPolicy"), _policy(template, "reporting"), "a policy for others")
    for name, body in template["Resources"].items():
        if body["Type"] == ROLE:
            added = f"{name}Policy"
            yield Edit(added, ("Resources", added), _policy(template, {"Ref": name}), f"a policy for {name}")
        elif body["Type"] == "AWS::Lambda::Function":
            permission = {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": name},
                    "Principal": "s3.amazonaws.com",
                    "SourceAccount": {"Ref": "AWS::AccountId"},
                    "SourceArn": "arn:aws:s3:::somebody-else",
                },
            }
            url = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": name}}}
            for suffix, resource in (("Permission", permission), ("Url", url)):
                added = f"{name}{suffix}"
                yield Edit(added, ("Resources", added), resource, f"for {name}")


def _policy(template: Template, role: Any) -> dict[str, Any]:
    """A policy that grants a role not much, and that exactly: only where it stands is wrong."""
    buckets = [name for name, body in template["Resources"].items() if body["Type"] == "AWS::S3::Bucket"]
    key = {"Fn::Sub": f"${{{buckets[0]}.Arn}}/one-more/*"} if buckets else "*"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": key}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    stated = {"PolicyName": "OneMore", "PolicyDocument": document, "Roles": [role]}
    return {"Type": "AWS::IAM::Policy", "Properties": stated}
