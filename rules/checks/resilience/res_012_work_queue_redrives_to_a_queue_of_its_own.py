"""RES-012  work_queue_redrives_to_a_queue_of_its_own

Why       A message that crashes the function returns again and again, takes capacity from all others, and is deleted
          unseen when it expires. In a dead-letter queue, it waits for somebody to look.
Targets   AWS::SQS::Queue, AWS::Lambda::EventSourceMapping, AWS::S3::Bucket
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, buckets, mappings

QUEUE = "AWS::SQS::Queue"


def subjects(stack: Stack) -> list[str]:
    """The queues that a mapping reads."""
    stack.of(buckets.BUCKET)
    return [name for name, each in stack.of(QUEUE).items() if mappings.workers_of(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """No dead-letter queue, or one that is not there for the purpose."""
    queue = stack.of(QUEUE)[subject]
    path = ("Properties", "RedrivePolicy")
    target = at(queue.body, *path, "deadLetterTargetArn")
    if target is None:
        yield Problem(
            "a message that crashes its function is retried until it expires, then it is deleted unseen.",
            "set RedrivePolicy.deadLetterTargetArn to a queue of this template.",
            path,
        )
    elif target == queue.arn:
        yield Problem(
            "the queue is its own dead-letter queue: a message that crashes its function never leaves it.",
            "set RedrivePolicy.deadLetterTargetArn to another queue.",
            path,
        )
    elif not stack.by_arn(target, QUEUE):
        yield Problem(
            "messages that crash their function go to a queue outside this template, which nothing here watches.",
            "set RedrivePolicy.deadLetterTargetArn to a queue of this template.",
            path,
        )
    elif notifying := [name for name, each in stack.of(buckets.BUCKET).items() if target in _notified(each)]:
        yield Problem(
            f"messages that crash their function mix with the notifications of {', '.join(notifying)}, where nobody"
            " looks for them.",
            "set RedrivePolicy.deadLetterTargetArn to a queue that no bucket notifies.",
            path,
        )


def _notified(bucket: Resource) -> list[Any]:
    configurations = at(bucket.properties, "NotificationConfiguration", "QueueConfigurations")
    return [at(each, "Queue") for each in items(configurations)]
