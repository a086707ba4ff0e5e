"""OBS-015  table_throttles_are_alarmed

Why       The tables hold each object's stage and lineage. If their writes are throttled, objects are stored again and
          again, and no auditor can trace a price back.
Targets   AWS::DynamoDB::Table, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import LASTING, unalarmed
from rules.lib.metrics import metric_of

subjects = all_of("AWS::DynamoDB::Table")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire if writes are throttled for a quarter of an hour."""
    metric = metric_of(stack.resources[subject], "AWS/DynamoDB", "WriteThrottleEvents", "TableName")
    if why := unalarmed(stack, metric, LASTING):
        yield Problem(
            f"no alarm reports that DynamoDB throttles writes to the table: {why}.",
            "add an alarm on AWS/DynamoDB WriteThrottleEvents of the table: Sum >= 1 in at most three periods of "
            "300 seconds.",
        )
