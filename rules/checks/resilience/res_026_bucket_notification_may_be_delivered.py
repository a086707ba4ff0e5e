"""RES-026  bucket_notification_may_be_delivered

Why       S3 silently drops a notification that the queue or its key denies: the object stays in the bucket and is never
          processed. S3 also rejects a bucket whose queue does not allow it yet, which fails the deployment.
Targets   AWS::S3::Bucket, AWS::SQS::Queue, AWS::SQS::QueuePolicy, AWS::KMS::Key
"""

import fnmatch

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, buckets, stores
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, conditions, services

S3 = "s3.amazonaws.com"
QUEUE = "AWS::SQS::Queue"
PATH = ("Properties", "NotificationConfiguration", "QueueConfigurations")


def subjects(stack: Stack) -> list[str]:
    """The buckets that notify a queue."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if at(each.body, *PATH)]


def problems(stack: Stack, subject: str) -> Problems:
    """Queues that deny S3, allow it only after the bucket is created, or have a key that denies it."""
    bucket = stack.of(buckets.BUCKET)[subject]
    for index, notification in enumerate(items(at(bucket.body, *PATH))):
        path = (*PATH, index)
        queue = stack.by_arn(at(notification, "Queue"), QUEUE)
        if queue is None:
            yield Problem(
                "a notification goes to a queue outside this template, so nothing shows that S3 may deliver it.",
                "set Queue to the ARN of a queue of this template.",
                path,
            )
            continue
        open_to_s3 = [each.logical_id for each in stores.policies_of(stack, queue) if _lets_send(each, queue, bucket)]
        if not open_to_s3:
            yield Problem(
                f"no policy lets S3 send this bucket's notifications to {queue.logical_id}: S3 drops them.",
                f"allow {S3} sqs:SendMessage in {queue.logical_id}'s policy, for aws:SourceArn this bucket.",
                path,
            )
        elif not any(name in open_to_s3 for name in items(bucket.body.get("DependsOn"))):
            yield Problem(
                f"the bucket may be created before {open_to_s3[0]} allows S3 to send, which fails the deployment.",
                f"name {open_to_s3[0]} in the bucket's DependsOn.",
                path,
            )
        key = _key_of(stack, queue)
        refused = [each for each in ("kms:Decrypt", "kms:GenerateDataKey") if key and not _lets_use(key, each, bucket)]
        if key and refused:
            yield Problem(
                f"{key.logical_id}, which encrypts {queue.logical_id}, denies S3 {' and '.join(refused)}: S3 drops the"
                " notifications.",
                f"allow {S3} {' and '.join(refused)} in the key's policy, for aws:SourceAccount this account.",
                path,
            )


def _lets_send(policy: Resource, queue: Resource, bucket: Resource) -> bool:
    sending = [each for each in policy_statements(policy) if each.covers("sqs:SendMessage") and each.reaches(queue.arn)]
    return any(_lets_s3(each, bucket) for each in sending)


def _lets_use(key: Resource, action: str, bucket: Resource) -> bool:
    return any(each.covers(action) and _lets_s3(each, bucket) for each in policy_statements(key))


def _lets_s3(statement: Statement, bucket: Resource) -> bool:
    # A condition on anything else than S3 brings along would refuse it.
    brought = {"aws:sourcearn": bucket.arn, "aws:sourceaccount": ACCOUNT}
    return (
        statement.allows
        and S3 in services(statement)
        and all(
            any(_matches(operator.removesuffix("ifexists"), brought.get(key, ""), each) for each in values)
            for (operator, key), values in conditions(statement).items()
        )
    )


def _matches(operator: str, value: str, asked: str) -> bool:
    if operator == "stringequals":
        return value == asked
    return operator in ("arnequals", "arnlike", "stringlike") and fnmatch.fnmatchcase(value, asked)


def _key_of(stack: Stack, queue: Resource) -> Resource | None:
    name = queue.properties.get("KmsMasterKeyId")
    return stack.by_arn(name, "AWS::KMS::Key") or stack.by_ref(name, "AWS::KMS::Key")
