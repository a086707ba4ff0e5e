"""OBS-033  redelivery_is_alarmed

Why       When S3 or DynamoDB throttle a function, it returns its batch for a retry and raises no error: data waits and
          no other alarm fires. If that lasts, somebody has to ask AWS or raise a quota.
Targets   AWS::Lambda::Function, AWS::CloudWatch::Alarm, AWS::Kinesis::Stream, AWS::SQS::Queue,
          AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import LASTING, unalarmed
from rules.lib.mappings import function_of, of_queues, of_streams
from rules.lib.metrics import own_metric


def subjects(stack: Stack) -> list[str]:
    """The functions that read a stream or a queue, and can hand back what they read."""
    mappings = {**of_streams(stack), **of_queues(stack)}.values()
    return list({each.logical_id: each for mapping in mappings if (each := function_of(stack, mapping))})


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire if it hands something back in each five minutes of a quarter of an hour."""
    metric = own_metric(stack.resources[subject], "Redeliveries")
    why = (
        unalarmed(stack, metric, LASTING) if metric else "the function sets no POWERTOOLS_SERVICE_NAME for its metrics"
    )
    if why:
        yield Problem(
            f"no alarm reports that the function keeps returning batches to be retried: {why}.",
            "set POWERTOOLS_SERVICE_NAME, and add an alarm on Redeliveries by that service: Sum >= 1 in at most three "
            "periods of 300 seconds.",
        )
