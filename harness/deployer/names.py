"""The ARNs of the template's resources, as far as they are known before deployment."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

#: Where a resource has its name, and its ARNs, for each resource type that actions can be limited to (in the words of
#: the service authorization reference, in small letters). `{}` is the name. What is not here has a generated id, or
#: needs none.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ARNS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "AWS::Athena::WorkGroup": ("Name", {"workgroup": ("athena:*:*:workgroup/{}",)}),
    "AWS::CloudTrail::Trail": ("TrailName", {"trail": ("cloudtrail:*:*:trail/{}",)}),
    "AWS::CloudWatch::Alarm": ("AlarmName", {"alarm": ("cloudwatch:*:*:alarm:{}",)}),
    "AWS::CloudWatch::AlarmMuteRule": ("Name", {"alarm-mute-rule": ("cloudwatch:*:*:alarm-mute-rule:{}",)}),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName", {"alarm": ("cloudwatch:*:*:alarm:{}",)}),
    "AWS::CloudWatch::Dashboard": ("DashboardName", {"dashboard": ("cloudwatch::*:dashboard/{}",)}),
    "AWS::DynamoDB::Table": (
        "TableName",
        {
            "table": ("dynamodb:*:*:table/{}",),
            "index": ("dynamodb:*:*:table/{}/*",),
            "stream": ("dynamodb:*:*:table/{}/*",),
            "import": ("dynamodb:*:*:table/{}/*",),
        },
    ),
    "AWS::Events::Rule": ("Name", {"rule-on-default-event-bus": ("events:*:*:rule/{}",)}),
    "AWS::Glue::Crawler": ("Name", {"crawler": ("glue:*:*:crawler/{}",)}),
    "AWS::Glue::Database": (
        "DatabaseInput.Name",
        {
            "rootcatalog": ("glue:*:*:catalog",),
            "database": ("glue:*:*:database/{}",),
            "table": ("glue:*:*:table/{}/*",),
            # Asked for when a database is deleted, which deletes them too.
            "userdefinedfunction": ("glue:*:*:userDefinedFunction/{}/*",),
            # For federated databases. Ours is not, so only a connection of its name is granted.
            "connection": ("glue:*:*:connection/{}",),
        },
    ),
    "AWS::Glue::Job": ("Name", {"job": ("glue:*:*:job/{}",)}),
    "AWS::Glue::Trigger": ("Name", {"trigger": ("glue:*:*:trigger/{}",)}),
    "AWS::IAM::Role": ("RoleName", {"role": ("iam::*:role/{}",)}),
    "AWS::KMS::Alias": ("AliasName", {"alias": ("kms:*:*:{}",)}),
    "AWS::KMS::Key": ("", {"key": ("kms:*:*:key/*",)}),
    # Encrypting a stream is asked for on the stream and on the key.
    "AWS::Kinesis::Stream": ("Name", {"stream": ("kinesis:*:*:stream/{}",), "kmskey": ("kms:*:*:key/*",)}),
    "AWS::Lambda::EventSourceMapping": ("", {"eventsourcemapping": ("lambda:*:*:event-source-mapping:*",)}),
    "AWS::Lambda::Function": (
        "FunctionName",
        {
            "function": ("lambda:*:*:function:{}", "lambda:*:*:function:{}:*"),
            "function alias": ("lambda:*:*:function:{}:*",),
            "function version": ("lambda:*:*:function:{}:*",),
            # Evaluated in addition to the function; their ids are generated.
            "code signing config": ("lambda:*:*:code-signing-config:*",),
        },
    ),
    "AWS::Lambda::LayerVersion": (
        "LayerName",
        {"layer": ("lambda:*:*:layer:{}",), "layerversion": ("lambda:*:*:layer:{}:*",)},
    ),
    # With and without what follows the name, because the operations differ in it.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    "AWS::Logs::LogGroup": (
        "LogGroupName",
        {"log-group": ("logs:*:*:log-group:{}", "logs:*:*:log-group:{}:*"), "log-stream": ("logs:*:*:log-group:{}:*",)},
    ),
    "AWS::S3::Bucket": ("BucketName", {"bucket": ("s3:::{}",), "object": ("s3:::{}/*",)}),
    "AWS::SNS::Topic": ("TopicName", {"topic": ("sns:*:*:{}",)}),
    "AWS::SQS::Queue": ("QueueName", {"queue": ("sqs:*:*:{}",)}),
    "AWS::SSM::Parameter": ("Name", {"parameter": ("ssm:*:*:parameter{}",)}),
}
#: More names of one type than this are matched by their common environment suffix: a policy has 6,144
#: characters.
_LISTED = 8
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


#: Partitions for which docs/deploying.md writes policies.
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


@dataclass(frozen=True)
class Place:
    """The deployment that a policy is written for."""

    environment: str
    partition: str = "aws"
    stack: str = "financial-pipeline"
    artifact_bucket: str = ""

    @property
    def artifacts(self) -> str:
        """The artifact bucket; by default the one from deploying.md."""
        return self.artifact_bucket or self.resolved("financial-artifacts-${Environment}-${AWS::AccountId}")

    def arn(self, rest: str) -> str:
        """A whole ARN."""
        return f"arn:{self.partition}:{rest}"

    def resolved(self, text: str) -> str:
        """A name with known variables substituted and unknown ones as `*`.

        The account is a variable of IAM's, which is allowed after the fifth colon of an ARN.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        known = {"Environment": self.environment, "AWS::Partition": self.partition}
        known["AWS::AccountId"] = "${aws:PrincipalAccount}"
        return _VARIABLE.sub(lambda found: known.get(found[1], "*"), text)


def arns(template: Mapping[str, Any], place: Place) -> dict[str, dict[str, tuple[str, ...]]]:
    """The ARNs of the template's resources, by service and resource type."""
    named: dict[str, set[str]] = {}
    for resource in template["Resources"].values():
        if resource["Type"] in ARNS:
            named.setdefault(resource["Type"], set()).add(_name(resource, place))
    found: dict[str, dict[str, set[str]]] = {}
    for type_, names in named.items():
        service = type_.split("::")[1].lower()
        for kind, forms in ARNS[type_][1].items():
            whole = {place.arn(form.replace("{}", name)) for form in forms for name in _short(names, place)}
            found.setdefault(service, {}).setdefault(kind, set()).update(whole)
    by_service = sorted(found.items())
    return {service: {kind: tuple(sorted(each)) for kind, each in kinds.items()} for service, kinds in by_service}


def _name(resource: Mapping[str, Any], place: Place) -> str:
    where = ARNS[resource["Type"]][0]
    value: Any = resource.get("Properties") or {}
    for step in where.split(".") if where else ():
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
        return place.resolved(value["Fn::Sub"])
    # Depends on a condition, a parameter, or CloudFormation.
    return "*"


def _short(names: Iterable[str], place: Place) -> list[str]:
    """The names; if there are many, their common environment suffix."""
    listed = sorted(names)
    ending = f"-{place.environment}"
    return [f"*{ending}"] if len(listed) > _LISTED and all(name.endswith(ending) for name in listed) else listed
