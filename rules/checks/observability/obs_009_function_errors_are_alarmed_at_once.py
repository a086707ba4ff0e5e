"""OBS-009  function_errors_are_alarmed_at_once

Why       A function that crashes blocks what it reads. Alerted on the first crash, we repair it within the hour; on the
          tenth, we explain to clients why a morning of prices came late.
Targets   AWS::Lambda::Function, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import FIRST, unalarmed
from rules.lib.metrics import metric_of

subjects = all_of("AWS::Lambda::Function")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within five minutes of its first error."""
    metric = metric_of(stack.resources[subject], "AWS/Lambda", "Errors", "FunctionName")
    if why := unalarmed(stack, metric, FIRST):
        yield Problem(
            f"no alarm fires on the function's first error: {why}.",
            "add an alarm on AWS/Lambda Errors of the function: Sum >= 1 in one period of at most 300 seconds.",
        )
