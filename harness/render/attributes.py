"""What `Ref` and `GetAtt` give for a resource that does not exist yet: the name it would have, and a plausible ARN."""

import hashlib
import uuid
from dataclasses import dataclass
from functools import cached_property

from harness.render import schemas


@dataclass(frozen=True)
class Account:
    """Where the template is rendered for: the values of the pseudo parameters."""

    account_id: str = "123456789012"
    region: str = "us-east-1"
    partition: str = "aws"
    url_suffix: str = "amazonaws.com"
    stack_name: str = "financial-pipeline"

    @cached_property
    def stack_id(self) -> str:
        """The stack's ARN."""
        return self.arn("cloudformation", f"stack/{self.stack_name}/{_uuid(self.stack_name)}")

    def arn(self, service: str, resource: str, region: str | None = None, account: str | None = None) -> str:
        """An ARN of this account; services without regions, or accounts, pass an empty one."""
        region = self.region if region is None else region
        account = self.account_id if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


#: Where a type's physical name stands in its properties; a resource without it gets a generated one.
NAME_PROPERTIES = {
    "AWS::Athena::WorkGroup": ("Name",),
    "AWS::CloudTrail::Trail": ("TrailName",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::Glue::Crawler": ("Name",),
    "AWS::Glue::Database": ("DatabaseInput", "Name"),
    "AWS::Glue::Job": ("Name",),
    "AWS::Glue::SecurityConfiguration": ("Name",),
    "AWS::Glue::Table": ("TableInput", "Name"),
    "AWS::Glue::Trigger": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Lambda::LayerVersion": ("LayerName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Parameter": ("Name",),
}

#: Service and resource part of a type's ARN. https://docs.aws.amazon.com/service-authorization/latest/reference/
_ARNS = {
    "AWS::Athena::WorkGroup": ("athena", "workgroup/{}"),
    "AWS::CloudTrail::Trail": ("cloudtrail", "trail/{}"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:{}"),
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::Events::Rule": ("events", "rule/{}"),
    "AWS::Kinesis::Stream": ("kinesis", "stream/{}"),
    "AWS::Lambda::Function": ("lambda", "function:{}"),
    "AWS::Lambda::LayerVersion": ("lambda", "layer:{}:1"),
    "AWS::Logs::LogGroup": ("logs", "log-group:{}:*"),
    "AWS::SNS::Topic": ("sns", "{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::SSM::Parameter": ("ssm", "parameter/{}"),
}
#: The prefix of ids that EC2 gives. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
_EC2_IDS = {
    "AWS::EC2::CustomerGateway": "cgw", "AWS::EC2::DHCPOptions": "dopt", "AWS::EC2::EgressOnlyInternetGateway": "eigw",
    "AWS::EC2::Instance": "i", "AWS::EC2::InternetGateway": "igw", "AWS::EC2::LaunchTemplate": "lt",
    "AWS::EC2::NatGateway": "nat", "AWS::EC2::NetworkAcl": "acl", "AWS::EC2::NetworkInterface": "eni",
    "AWS::EC2::PrefixList": "pl", "AWS::EC2::RouteTable": "rtb", "AWS::EC2::SecurityGroup": "sg",
    "AWS::EC2::Subnet": "subnet", "AWS::EC2::TransitGateway": "tgw", "AWS::EC2::VPC": "vpc",
    "AWS::EC2::VPCEndpoint": "vpce", "AWS::EC2::VPCPeeringConnection": "pcx", "AWS::EC2::VPNGateway": "vgw",
    "AWS::EC2::Volume": "vol",
}  # fmt: skip
#: No generated name is longer than what the service takes.
_LONGEST = {"AWS::IAM::Role": 64, "AWS::Lambda::Function": 64, "AWS::S3::Bucket": 63}


def generated_name(account: Account, logical_id: str, type_: str) -> str:
    """The name CloudFormation makes up: stack, logical id and a suffix; here always the same suffix."""
    digest = hashlib.sha256(logical_id.encode()).hexdigest()
    if type_ in _EC2_IDS:
        return f"{_EC2_IDS[type_]}-{digest[:17]}"
    if type_ == "AWS::KMS::Key":
        return _uuid(logical_id)
    suffix = f"-{digest[:12].upper()}"
    name = f"{account.stack_name}-{logical_id}"[: _LONGEST.get(type_, 255) - len(suffix)] + suffix
    return name.lower() if type_ == "AWS::S3::Bucket" else name


def arn(account: Account, type_: str, name: str) -> str:
    """The ARN of a resource by its name; a made-up one for types that this list does not hold."""
    if type_ == "AWS::S3::Bucket":
        return account.arn("s3", name, region="", account="")
    if type_ in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        return account.arn("iam", f"{'role' if type_.endswith('Role') else 'policy'}/{name}", region="")
    if type_ == "AWS::KMS::Key":
        return account.arn("kms", f"key/{name}")
    if type_ in _ARNS:
        service, resource = _ARNS[type_]
        return account.arn(service, resource.format(name.lstrip("/") if service == "ssm" else name))
    service, _, kind = type_.removeprefix("AWS::").partition("::")
    return account.arn(service.lower(), f"{kind.lower()}/{name}")


def ref(account: Account, type_: str, name: str) -> str:
    """What `Ref` gives: mostly the name; an ARN, a URL or an id for some types."""
    if type_ in ("AWS::SNS::Topic", "AWS::Lambda::LayerVersion", "AWS::IAM::ManagedPolicy"):
        return arn(account, type_, name)
    if type_ == "AWS::SQS::Queue":
        return f"https://sqs.{account.region}.{account.url_suffix}/{account.account_id}/{name}"
    if type_ not in NAME_PROPERTIES and schemas.identifier(type_).endswith("Arn"):
        return arn(account, type_, name)
    return name


def attribute(account: Account, type_: str, name: str, key: str) -> str | int | list[str]:
    """What `GetAtt` gives for a type's attribute; text that says what it stands for where this list has nothing."""
    if key == "Arn" or key == "TopicArn":
        return arn(account, type_, name)
    if key in ("GroupId", "KeyId", "QueueName", "RoleId", "TopicName"):
        return name
    if key == "QueueUrl":
        return ref(account, type_, name)
    if key in ("StreamArn", "LatestStreamArn"):
        return f"{arn(account, type_, name)}/stream/2026-01-01T00:00:00.000"
    if key == "DomainName" and type_ == "AWS::S3::Bucket":
        return f"{name}.s3.{account.url_suffix}"
    text = arn(account, type_, name) if key.endswith("Arn") else f"{name}.{key}"
    if type_ in NAME_PROPERTIES:
        return text
    kind = schemas.kind(type_, key)
    return [f"{text}-{each}" for each in range(1, 7)] if kind == "array" else 1 if kind == "integer" else text


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))
