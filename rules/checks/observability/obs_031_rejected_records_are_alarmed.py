"""OBS-031  rejected_records_are_alarmed

Why       A feed that changes its format is rejected record by record, while every system is healthy. On-call has to
          know while the venue's support line is still open, not when a client misses the prices.
Targets   AWS::Lambda::Function, AWS::CloudWatch::Alarm, AWS::Kinesis::Stream, AWS::SQS::Queue,
          AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Resource, Stack, mappings
from rules.lib.alarms import FIRST, Need, unalarmed
from rules.lib.metrics import own_metric

# Single records are refused every day, and a dead-letter queue lists each of their objects. More than a hundred in a
# quarter of an hour, and in the next one again, is a feed.
A_FEED = Need("Sum", "Count", at=101, quiet_at=1, each=900, minutes=30)
#: What the functions count: `as_metrics` in lambda_src/kinesis_consumer and lambda_src/data_validation.
OF_A_STREAM = ("RecordsUndecodable", FIRST, "Sum >= 1 in one period of at most 300 seconds")
OF_A_QUEUE = ("ValidationFailures", A_FEED, "Sum > 100 in at most two periods of 900 seconds")


def subjects(stack: Stack) -> list[str]:
    """The functions that read a stream or a queue."""
    return [name for name, each in stack.of("AWS::Lambda::Function").items() if _counted(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire on the records that it cannot use."""
    function = stack.resources[subject]
    for name, need, wording in _counted(stack, function):
        metric = own_metric(function, name)
        why = (
            unalarmed(stack, metric, need) if metric else "the function sets no POWERTOOLS_SERVICE_NAME for its metrics"
        )
        if why:
            yield Problem(
                f"no alarm reports records that the function rejects: {why}.",
                f"set POWERTOOLS_SERVICE_NAME, and add an alarm on {name} by that service: {wording}.",
            )


def _counted(stack: Stack, function: Resource) -> list[tuple[str, Need, str]]:
    kinds = ((mappings.of_streams(stack), OF_A_STREAM), (mappings.of_queues(stack), OF_A_QUEUE))
    return [
        counted
        for found, counted in kinds
        if any(mappings.function_of(stack, mapping) is function for mapping in found.values())
    ]
