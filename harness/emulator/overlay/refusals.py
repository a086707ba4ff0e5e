"""What AWS refuses when it creates a resource, because of what is there at that moment and what is not.

No template shows it: a role that a service tries out, a policy that comes later. Each refusal has AWS's message, and an
entry of its name in rules/refusals.yaml with the source.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from botocore.exceptions import ClientError

from harness.emulator.deployment import read_role
from harness.emulator.policies import Document, Request, Role, role_may, service_may

Properties = dict[str, Any]
Create = Callable[[str, Properties, str], tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Refusal:
    """The messages for a resource of a type, by its name and properties: nothing if AWS would take it.

    `by_name`: they depend on the name, which MiniStack gives with the resource. Without, `name` is empty.
    """

    type: str
    #: For docs/emulated-aws.md.
    what: str
    messages: Callable[[str, Properties], Iterator[str]]
    by_name: bool = False


def refusing(refusal: Refusal, create: Create, delete: Callable[[str, Properties], None]) -> Create:
    """`create`, which fails and leaves nothing behind if AWS would refuse the resource."""

    @wraps(create)
    def created_or_refused(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, Any]]:
        if not refusal.by_name:
            for message in refusal.messages("", properties):
                raise ValueError(message)
            return create(logical_id, properties, stack)
        created = create(logical_id, properties, stack)
        for message in refusal.messages(created[0], properties):
            # MiniStack rolls back only what `create` returned.
            delete(created[0], properties)
            raise ValueError(message)
        return created

    return created_or_refused


def _call(service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """What a service answers; None if what is asked for is not there."""
    from ministack.core.responses import get_account_id, get_region

    from harness.emulator.overlay import inside

    try:
        return inside.call(service, operation, parameters, account=get_account_id(), region=get_region())
    except ClientError:
        return None


def _request(action: str, resource: str, context: Mapping[str, str] | None = None) -> Request:
    from ministack.core.responses import get_account_id, get_region

    return Request(action, resource, get_region(), {"aws:SourceAccount": get_account_id(), **(context or {})})


def _role(arn: str) -> Role | None:
    from ministack.core.responses import get_account_id, get_region

    from harness.emulator.overlay import inside

    try:
        return read_role(inside.client("iam", get_account_id(), get_region()), arn.rpartition("/")[2])
    except ClientError:
        return None


def _may_not(arn: str, *requests: Request) -> Iterator[str]:
    """The actions that a role may not do, without the service's name."""
    role = _role(arn)
    for request in requests:
        if role is None or not role_may(role, request):
            yield request.action.partition(":")[2]


def _function(_: str, properties: Properties) -> Iterator[str]:
    arn = properties.get("Role", "")
    role = _role(arn)
    if role is None or not service_may("lambda.amazonaws.com", _request("sts:AssumeRole", arn), role.trust):
        yield "The role defined for the function cannot be assumed by Lambda."
    interfaces = _request("ec2:CreateNetworkInterface", _arn("ec2", "network-interface/*"))
    if properties.get("VpcConfig") and [*_may_not(arn, interfaces)]:
        yield "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
    target = (properties.get("DeadLetterConfig") or {}).get("TargetArn", "")
    if ":sqs:" in target and [*_may_not(arn, _request("sqs:SendMessage", target))]:
        yield "The provided execution role does not have permissions to call SendMessage on SQS"


def _mapping(_: str, properties: Properties) -> Iterator[str]:
    source = properties.get("EventSourceArn", "")
    function = _call("lambda", "GetFunctionConfiguration", FunctionName=properties.get("FunctionName", ""))
    role = "" if function is None else function["Role"]
    if ":kinesis:" in source:
        read = ("GetRecords", "GetShardIterator", "DescribeStream")
        if [*_may_not(role, *(_request(f"kinesis:{action}", source) for action in read))]:
            yield (
                f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                "DescribeStream, and ListStreams Actions on your stream in IAM."
            )
    if ":sqs:" in source:
        receive = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        for action in _may_not(role, *(_request(f"sqs:{action}", source) for action in receive)):
            yield f"The provided execution role does not have permissions to call {action} on SQS"


def _log_group(name: str, properties: Properties) -> Iterator[str]:
    key = properties.get("KmsKeyId")
    if not key:
        return
    from ministack.core.responses import get_region

    arn = _arn("logs", f"log-group:{name}")
    request = _request("kms:GenerateDataKey", key, {"kms:EncryptionContext:aws:logs:arn": arn})
    policy = _call("kms", "GetKeyPolicy", KeyId=key, PolicyName="default")
    if policy is None or not service_may(f"logs.{get_region()}.amazonaws.com", request, json.loads(policy["Policy"])):
        yield f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"


def _trail(name: str, properties: Properties) -> Iterator[str]:
    from ministack.core.responses import get_account_id

    bucket = properties.get("S3BucketName", "")
    prefix = f"{properties['S3KeyPrefix']}/" if properties.get("S3KeyPrefix") else ""
    service = "cloudtrail.amazonaws.com"
    trail = {"aws:SourceArn": _arn("cloudtrail", f"trail/{name}"), "aws:PrincipalServiceName": service}
    written = f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{get_account_id()}/CloudTrail/file"
    found = _call("s3", "GetBucketPolicy", Bucket=bucket)
    policy: Document | None = None if found is None else json.loads(found["Policy"])
    requests = (
        _request("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}", trail),
        _request("s3:PutObject", written, {"s3:x-amz-acl": "bucket-owner-full-control", **trail}),
    )
    if not all(service_may(service, request, policy) for request in requests):
        yield f"Incorrect S3 bucket policy is detected for bucket: {bucket}"


def _bucket(_: str, properties: Properties) -> Iterator[str]:
    for rule in (properties.get("ReplicationConfiguration") or {}).get("Rules", ()):
        name = rule["Destination"]["Bucket"].rpartition(":")[2]
        found = _call("s3", "GetBucketVersioning", Bucket=name)
        if found is None:
            yield "Destination bucket must exist."
        elif found.get("Status") != "Enabled":
            yield "Destination bucket must have versioning enabled."


def _queue(_: str, properties: Properties) -> Iterator[str]:
    redrive = properties.get("RedrivePolicy") or {}
    stated = json.loads(redrive) if isinstance(redrive, str) else redrive
    target = stated.get("deadLetterTargetArn")
    if target and _call("sqs", "GetQueueUrl", QueueName=target.rpartition(":")[2]) is None:
        value = json.dumps(stated, separators=(",", ":"))
        yield f"Value {value} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."


def _arn(service: str, rest: str) -> str:
    from ministack.core.responses import get_account_id, get_region

    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{rest}"


REFUSALS = (
    Refusal(
        "AWS::Lambda::Function",
        "Refused while Lambda cannot assume its role, or the role may not make interfaces in a VPC or send to the"
        " dead-letter queue.",
        _function,
    ),
    Refusal("AWS::Lambda::EventSourceMapping", "Refused while the role may not read the source.", _mapping),
    Refusal(
        "AWS::Logs::LogGroup",
        "Refused while the key's policy does not admit CloudWatch Logs.",
        _log_group,
        by_name=True,
    ),
    Refusal(
        "AWS::CloudTrail::Trail", "Refused while the bucket's policy does not let it deliver.", _trail, by_name=True
    ),
    Refusal("AWS::S3::Bucket", "Refused while a replication destination is missing or keeps no versions.", _bucket),
    Refusal("AWS::SQS::Queue", "Refused while its dead-letter queue is missing.", _queue),
)
