"""What AWS's services do with a role's rights, or in their own name, that the emulator does without asking.

Lambda's poller reads streams and queues with the function's role, the logs are written with it, and every encrypted
store asks its key. This is the table of it; who lacks what is decided in `permissions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.emulator.deployment import Deployment, Key, Store
from harness.emulator.policies import Document, Request, Role, patterns_for

#: Reading with a standard iterator. `SubscribeToShard` is for enhanced fan-out, `ListStreams` for nobody.
POLL_STREAM = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
POLL_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
#: Glue writes to these with the job's role, and makes them where they are not.
JOB_LOGS = ("/aws-glue/jobs/output", "/aws-glue/jobs/error")
USE_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")

#: A right to data is worth nothing without these rights to the key that the data is encrypted with.
DATA_NEEDS_KEY = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "kinesis:PutRecord": ("kms:GenerateDataKey",),
    "kinesis:PutRecords": ("kms:GenerateDataKey",),
    "kinesis:GetRecords": ("kms:Decrypt",),
    **{
        f"dynamodb:{action}": ("kms:Decrypt",)
        for action in ("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem")
    },
}
#: What a destination takes, by the service in its ARN.
DELIVER = {"sqs": ("sqs:SendMessage",), "sns": ("sns:Publish",)}
#: Lambda's own layout below the bucket of an on-failure destination.
FAILED_BATCHES = "aws/lambda/"
ENCRYPT_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Need:
    """A request that will be made: by `role`, or without one by `service` in its own name."""

    request: Request
    why: str
    role: Role | None = None
    service: str = ""
    policy: Document | None = None
    #: The policy has to allow it even where the role's own documents do: so it is with keys.
    policy_decides: bool = False


def all_needs(deployment: Deployment) -> Iterator[Need]:
    """Every request that AWS would make for what is deployed."""
    finder = _Finder(deployment)
    for function in deployment.functions:
        yield from finder.function(function)
    for mapping in deployment.mappings:
        yield from finder.mapping(mapping)
    for job in deployment.jobs:
        yield from finder.job(job)
    for name, key in deployment.log_groups.items():
        yield from finder.encrypted_logs(name, key)
    for bucket, queue in deployment.notified_queues:
        yield from finder.notification(bucket, queue)


class _Finder:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._roles_by_function = {f["FunctionArn"]: f["Role"] for f in deployment.functions}

    def function(self, function: dict[str, Any]) -> Iterator[Need]:
        role, name = self._deployment.role(function["Role"]), function["FunctionName"]
        yield self._trust(role, "lambda.amazonaws.com", f"Lambda runs {name} with it")
        group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        yield from self._logs(role, group, f"{name} logs", declared=group in self._deployment.log_groups)
        if function.get("VpcConfig", {}).get("SubnetIds"):
            yield from self._each(role, USE_NETWORK, "*", f"{name} is in a VPC")
        if function.get("TracingConfig", {}).get("Mode") == "Active":
            yield from self._each(role, TRACE, "*", f"{name} is traced")
        if target := function.get("DeadLetterConfig", {}).get("TargetArn"):
            yield from self._delivery(role, target, f"{name} has this dead-letter target")
        if key := self._deployment.key(function.get("KMSKeyArn")):
            context = {"kms:EncryptionContext:aws:lambda:FunctionArn": function["FunctionArn"]}
            yield self._key(role, "kms:Decrypt", key, "lambda", context, f"{name}'s variables are encrypted")
        yield from self._data(role, name)

    def mapping(self, mapping: dict[str, Any]) -> Iterator[Need]:
        source = mapping["EventSourceArn"]
        function = ":".join(mapping["FunctionArn"].split(":")[:7])
        if function not in self._roles_by_function:
            return
        role = self._deployment.role(self._roles_by_function[function])
        why = f"Lambda polls {source.rsplit(':', 1)[-1]} for {function.rsplit(':', 1)[-1]}"
        actions = {"kinesis": POLL_STREAM, "sqs": POLL_QUEUE}.get(source.split(":")[2], ())
        store = self._deployment.stores.get(source)
        yield from self._each(role, actions, source, why, policy=store.policy if store else None)
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination:
            yield from self._delivery(role, destination, f"failed batches of {why.removeprefix('Lambda polls ')}")

    def job(self, job: dict[str, Any]) -> Iterator[Need]:
        role, name = self._deployment.role(job["Role"]), job["Name"]
        yield self._trust(role, "glue.amazonaws.com", f"Glue runs {name} with it")
        script = job.get("Command", {}).get("ScriptLocation", "")
        if script.startswith("s3://"):
            bucket, _, key = script.removeprefix("s3://").partition("/")
            store = self._deployment.stores.get(f"arn:aws:s3:::{bucket}")
            policy = store.policy if store else None
            resource = f"arn:aws:s3:::{bucket}/{key}"
            yield from self._each(role, ("s3:GetObject",), resource, f"{name} is this script", policy=policy)
        for group in JOB_LOGS:
            yield from self._logs(role, group, f"{name} logs", declared=group in self._deployment.log_groups)
        if "--enable-metrics" in job.get("DefaultArguments", {}):
            context = {"cloudwatch:namespace": "Glue"}
            request = Request("cloudwatch:PutMetricData", "*", self._deployment.region, context)
            yield Need(request, f"{name} publishes metrics", role=role)
        yield from self._data(role, name)

    def encrypted_logs(self, group: str, key: Key | None) -> Iterator[Need]:
        if key is None:
            return
        region, account = self._deployment.region, self._deployment.account
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
        context = {"kms:EncryptionContext:aws:logs:arn": arn, "aws:SourceAccount": account, "aws:SourceArn": arn}
        for action in ENCRYPT_LOGS:
            yield self._service(f"logs.{region}.amazonaws.com", action, key, context, f"log group {group} is encrypted")

    def notification(self, bucket: str, queue: str) -> Iterator[Need]:
        store = self._deployment.stores.get(queue)
        if store is None or store.key is None:
            return
        context = {"aws:SourceArn": bucket, "aws:SourceAccount": self._deployment.account}
        why = f"{bucket.rsplit(':', 1)[-1]} notifies the encrypted queue {store.name}"
        for action in DATA_NEEDS_KEY["sqs:SendMessage"]:
            yield self._service("s3.amazonaws.com", action, store.key, context, why)

    def _data(self, role: Role, user: str) -> Iterator[Need]:
        """The rights to keys that a role's rights to data imply."""
        for store in self._deployment.stores.values():
            if store.key is None:
                continue
            for action, needed in DATA_NEEDS_KEY.items():
                patterns = patterns_for(role, action, store.arn) if action.startswith(f"{store.service}:") else ()
                if patterns:
                    context = _encryption_context(store, patterns[0], self._deployment.account)
                    for key_action in needed:
                        why = f"{user} may {action} on {store.name}, which is encrypted"
                        yield self._key(role, key_action, store.key, store.service, context, why)

    def _delivery(self, role: Role, target: str, why: str) -> Iterator[Need]:
        service, store = target.split(":")[2], self._deployment.stores.get(target)
        policy = store.policy if store else None
        yield from self._each(role, DELIVER.get(service, ()), target, why, policy=policy)
        if service == "s3":
            # The bucket stands in the ARN alone; Lambda adds its own prefix.
            inside = f"{target}/{FAILED_BATCHES}x"
            yield from self._each(role, ("s3:PutObject",), inside, why, policy=policy)
            yield from self._each(role, ("s3:ListBucket",), target, why, policy=policy)
        if store is not None and store.key is not None:
            action = {"s3": "s3:PutObject", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}[service]
            context = _encryption_context(store, f"{target}/{FAILED_BATCHES}x", self._deployment.account)
            for key_action in DATA_NEEDS_KEY[action]:
                yield self._key(role, key_action, store.key, service, context, why)

    def _logs(self, role: Role, group: str, why: str, *, declared: bool) -> Iterator[Need]:
        arn = f"arn:aws:logs:{self._deployment.region}:{self._deployment.account}:log-group:{group}"
        yield from self._each(role, WRITE_LOGS, f"{arn}:log-stream:x", why)
        if not declared:
            yield from self._each(role, ("logs:CreateLogGroup",), arn, f"{why}, and its log group is not declared")

    def _each(
        self, role: Role, actions: tuple[str, ...], resource: str, why: str, policy: Document | None = None
    ) -> Iterator[Need]:
        for action in actions:
            yield Need(Request(action, resource, self._deployment.region, {}), why, role=role, policy=policy)

    def _trust(self, role: Role, service: str, why: str) -> Need:
        context = {"aws:SourceAccount": self._deployment.account}
        request = Request("sts:AssumeRole", role.arn, self._deployment.region, context)
        return Need(request, why, service=service, policy=role.trust)

    def _key(self, role: Role, action: str, key: Key, service: str, context: dict[str, str], why: str) -> Need:
        region = self._deployment.region
        via = {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:CallerAccount": self._deployment.account}
        request = Request(action, key.arn, region, {**via, **context})
        return Need(request, why, role=role, policy=key.policy, policy_decides=True)

    def _service(self, service: str, action: str, key: Key, context: dict[str, str], why: str) -> Need:
        request = Request(action, key.arn, self._deployment.region, context)
        return Need(request, why, service=service, policy=key.policy, policy_decides=True)


def _encryption_context(store: Store, pattern: str, account: str) -> dict[str, str]:
    """What the store's service tells KMS it encrypts, and key policies may ask for."""
    if store.service == "s3":
        object_arn = pattern.replace("*", "x") if pattern.startswith(store.arn) else f"{store.arn}/x"
        return {"kms:EncryptionContext:aws:s3:arn": store.arn if store.bucket_key else object_arn}
    if store.service == "dynamodb":
        return {
            "kms:EncryptionContext:aws:dynamodb:tableName": store.name,
            "kms:EncryptionContext:aws:dynamodb:subscriberId": account,
        }
    word = {"kinesis": "kinesis:arn", "sqs": "sqs:arn", "sns": "sns:topicArn"}[store.service]
    return {f"kms:EncryptionContext:aws:{word}": store.arn}
