"""Stores of data: the key that encrypts them, the policies that guard them, and which of them an ARN means."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness.render.resources import Resource, Stack, at, items
from rules.lib.conditions import holds
from rules.lib.iam import Path, Statement, Test, policy_statements
from rules.lib.principals import conditions, names_everybody

#: What keeps data, or writes it where it is kept, encrypted with a key that it names itself.
ENCRYPTED = (
    "AWS::Athena::WorkGroup",
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::Table",
    "AWS::Glue::SecurityConfiguration",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
)

#: Services whose resources hold data, and the types that hold it. A key is not one of them, but opens them all.
HOLDS = {
    "dynamodb": "AWS::DynamoDB::Table",
    "kinesis": "AWS::Kinesis::Stream",
    "kms": "AWS::KMS::Key",
    "logs": "AWS::Logs::LogGroup",
    "s3": "AWS::S3::Bucket",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
}

#: What an upload says of its encryption, as condition keys.
ALGORITHM = "s3:x-amz-server-side-encryption"
KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
ENCRYPTION_HEADERS = (ALGORITHM, KEY_ID)

#: The one condition of a statement that refuses whatever comes without TLS.
PLAIN_HTTP: dict[Test, list[str]] = {("bool", "aws:securetransport"): ["false"]}

_KEY_NAMES = {"keyid", "kmskey", "kmskeyarn", "kmskeyid", "kmsmasterkeyid", "replicakmskeyid"}

#: Where a store's policy stands, and which of its properties names the store.
POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
}


def is_key_arn(value: Any) -> bool:
    """Whether a value is the ARN of a key: an alias is none, it can be pointed at another key."""
    return isinstance(value, str) and bool(re.match(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", value))


def keys_named(store: Resource) -> Iterator[tuple[Path, str]]:
    """The keys, given by ARN, that a store encrypts with."""
    for path, value in store.leaves:
        if str(path[-1]).lower() in _KEY_NAMES and is_key_arn(value):
            yield path, value


def pipeline_key(stack: Stack) -> str | None:
    """The key that most of the stores encrypt with; the first of them if several are as frequent."""
    return stack.once("pipeline_key", lambda: _most_named(stack))


def _most_named(stack: Stack) -> str | None:
    counts = Counter(key for store in stack.of(*ENCRYPTED).values() for _, key in keys_named(store))
    return next((key for key, _ in counts.most_common(1)), None)


def default_encryption(bucket: Resource) -> dict[str, Any]:
    """How a bucket encrypts what arrives without saying how; empty if it does not say."""
    rules = items(at(bucket.properties, "BucketEncryption", "ServerSideEncryptionConfiguration"))
    default = at(rules, 0, "ServerSideEncryptionByDefault")
    return default if isinstance(default, dict) else {}


def encrypted_with_kms(stack: Stack) -> dict[str, Resource]:
    """The buckets whose default is encryption with KMS."""
    buckets = stack.of("AWS::S3::Bucket").items()
    return {name: each for name, each in buckets if default_encryption(each).get("SSEAlgorithm") == "aws:kms"}


def logging_buckets(stack: Stack, destination: Resource) -> list[Resource]:
    """The other buckets that deliver their access logs to this one."""
    return [
        each
        for each in stack.of("AWS::S3::Bucket").values()
        if each is not destination and logs_to(each) == destination.ref
    ]


def logs_to(bucket: Resource) -> Any:
    """The name of the bucket that gets a bucket's access logs, or None."""
    return at(bucket.properties, "LoggingConfiguration", "DestinationBucketName")


def policies_of(stack: Stack, store: Resource) -> list[Resource]:
    """The policy resources attached to a bucket, queue or topic."""
    kind, key = POLICIES[store.type]
    return [
        each
        for each in stack.of(kind).values()
        if store.ref and any(name in (store.ref, store.arn) for name in items(each.properties.get(key)))
    ]


def guards(stack: Stack, store: Resource) -> list[Statement]:
    """The statements of all policies attached to a bucket, queue or topic."""
    return [each for policy in policies_of(stack, store) for each in policy_statements(policy)]


def refuses_everybody(statements: list[Statement], action: str, arns: list[str], tests: dict[Test, list[str]]) -> bool:
    """Whether one statement refuses everybody the action on all of the ARNs, on exactly these conditions."""
    return any(
        each.denies
        and names_everybody(each)
        and each.covers(action)
        and all(each.reaches(arn) for arn in arns)
        and conditions(each) == tests
        for each in statements
    )


def refuses_uploads(stack: Stack, bucket: Resource, tests: dict[Test, list[str]]) -> bool:
    """Whether a bucket's policy refuses everybody uploads on exactly these conditions, whatever the object."""
    return refuses_everybody(guards(stack, bucket), "s3:PutObject", [f"{bucket.arn}/*"], tests)


def refuses_uploads_without(statements: list[Statement], header: str) -> bool:
    """Whether some statement may refuse an upload that names no encryption, because it does not bring a header."""
    bare = dict.fromkeys(ENCRYPTION_HEADERS)
    return any(
        each.denies
        and each.touches("s3:PutObject")
        and header in {key for _, key in each.tests()}
        and holds(each, bare) is not False
        for each in statements
    )


def store_of(stack: Stack, arn: str) -> Resource | None:
    """The store of this template that an ARN means, or means a part of: a bucket's objects, a table's index."""
    kind = HOLDS.get(service_of(arn))
    for store in stack.of(kind).values() if kind else []:
        # A log group's ARN ends in `:*`, which stands for its streams.
        whole = store.arn.removesuffix(":*")
        if whole and (arn == whole or arn.startswith((f"{whole}/", f"{whole}:"))):
            return store
    return None


def only_sends_dead_letters(stack: Stack, statement: Statement, arn: str) -> bool:
    """Whether a role's statement grants just what Lambda needs to put a dead letter on this queue.

    It is one that other queues of this template give their dead letters to. Lambda sends with the function's role, and
    whether the function has a target for what it gives up is a question of its own.
    """
    queues = stack.of("AWS::SQS::Queue").values()
    redriven = any(at(each.properties, "RedrivePolicy", "deadLetterTargetArn") == arn for each in queues)
    return redriven and {each.lower() for each in statement.actions} == {"sqs:sendmessage"}


def service_of(arn: str) -> str:
    """The service that an ARN belongs to; empty if it is no ARN."""
    parts = arn.split(":", 5)
    return parts[2] if len(parts) == 6 and parts[0] == "arn" else ""


def is_foreign(stack: Stack, arn: str) -> bool:
    """Whether an ARN means a store or a key that is not this pipeline's, or may mean one because it is cut short."""
    service = service_of(arn)
    if service and service not in HOLDS and not set(service) & set("*?"):
        return False
    return store_of(stack, arn) is None and not (service == "kms" and arn == pipeline_key(stack))
