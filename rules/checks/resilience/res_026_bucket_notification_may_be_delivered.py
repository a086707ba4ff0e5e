"""RES-026  bucket_notification_may_be_delivered

Why       S3 silently drops a notification that the queue or its key denies: the object stays in the bucket and is never
          processed. S3 also rejects a bucket whose queue does not allow it yet, which fails the deployment.
Targets   AWS::S3::Bucket, AWS::SQS::Queue, AWS::SQS::QueuePolicy, AWS::KMS::Key
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, buckets, stores
from rules.lib.iam import policy_statements
from rules.lib.principals import ACCOUNT
from rules.lib.requests import Request, granted, is_managed_by_aws, key_of, refused

S3 = "s3.amazonaws.com"
QUEUE = "AWS::SQS::Queue"
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
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
        brought = {"aws:sourcearn": bucket.arn, "aws:sourceaccount": ACCOUNT}
        sending = Request(S3, "sqs:SendMessage", queue.arn, brought)
        policies = stores.policies_of(stack, queue)
        open_to_s3 = [each.logical_id for each in policies if granted(policy_statements(each), sending)]
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
        name = queue.properties.get("KmsMasterKeyId")
        key = key_of(stack, name)
        using = [Request(S3, each, key.arn, brought) for each in KEY_ACTIONS] if key else []
        if key and (missing := [each.action for each in refused(key, using)]):
            yield Problem(
                f"{key.logical_id}, which encrypts {queue.logical_id}, denies S3 {' and '.join(missing)}: S3 drops the"
                " notifications.",
                f"allow {S3} {' and '.join(missing)} in the key's policy, for aws:SourceAccount this account.",
                path,
            )
        elif is_managed_by_aws(name):
            yield Problem(
                f"{queue.logical_id} is encrypted with {name}, whose policy AWS writes and which lets no service in: S3"
                " drops the notifications.",
                f"set KmsMasterKeyId of {queue.logical_id} to a key whose policy lets {S3} use it.",
                path,
            )
