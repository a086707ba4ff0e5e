"""OBS-012  work_queue_age_is_alarmed

Why       A backlog raises no error. If messages are processed too slowly, or not at all, yesterday's trades are missing
          from the analysts' tables and nothing else shows it. After half an hour a message misses the next hourly run.
Targets   AWS::SQS::Queue, AWS::CloudWatch::Alarm, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import Need, unalarmed
from rules.lib.mappings import workers_of
from rules.lib.metrics import metric_of

HALF_AN_HOUR_OLD = Need("Maximum", "Seconds", at=1800, quiet_at=60, minutes=15)


def subjects(stack: Stack) -> list[str]:
    """The queues that functions read."""
    return [name for name, queue in stack.of("AWS::SQS::Queue").items() if workers_of(stack, queue)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within a quarter of an hour once a message is half an hour old."""
    metric = metric_of(stack.resources[subject], "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName")
    if why := unalarmed(stack, metric, HALF_AN_HOUR_OLD):
        yield Problem(
            f"no alarm reports a backlog in this queue: {why}.",
            "add an alarm on AWS/SQS ApproximateAgeOfOldestMessage of the queue: Maximum >= 1800 in at most three "
            "periods of 300 seconds.",
        )
