"""OBS-011  dead_letter_is_alarmed_at_once

Why       A message in a queue that nothing reads waits for a person and expires after two weeks. The pipeline that this
          one replaces alarmed on the second message, so the first loss was silent.
Targets   AWS::SQS::Queue, AWS::CloudWatch::Alarm, AWS::Lambda::EventSourceMapping, AWS::S3::Bucket
"""

from dataclasses import replace

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.alarms import FIRST, unalarmed
from rules.lib.mappings import workers_of
from rules.lib.metrics import metric_of


def subjects(stack: Stack) -> list[str]:
    """The queues that no function reads."""
    return [name for name, queue in stack.of("AWS::SQS::Queue").items() if not workers_of(stack, queue)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within five minutes of the first message that means something."""
    queue = stack.resources[subject]
    metric = metric_of(queue, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
    # S3 sends a test message when a notification is set up, which no function takes away here.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    first, ordinal = (2, "second") if _is_notified(stack, queue) else (1, "first")
    if why := unalarmed(stack, metric, replace(FIRST, statistic="Maximum", at=first, quiet_at=first - 1)):
        yield Problem(
            f"no alarm fires on the {ordinal} message in this queue, which nothing reads: {why}.",
            f"add an alarm on AWS/SQS ApproximateNumberOfMessagesVisible of the queue: Maximum >= {first} in one "
            "period of at most 300 seconds.",
        )


def _is_notified(stack: Stack, queue: Resource) -> bool:
    return any(
        at(each, "Queue") == queue.arn
        for bucket in stack.of("AWS::S3::Bucket").values()
        for each in items(at(bucket.properties, "NotificationConfiguration", "QueueConfigurations"))
    )
