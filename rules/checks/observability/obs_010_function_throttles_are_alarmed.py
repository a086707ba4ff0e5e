"""OBS-010  function_throttles_are_alarmed

Why       A throttled function raises no errors: it does nothing, and market data piles up behind it in silence. On a
          stream, every throttled invocation blocks a whole shard.
Targets   AWS::Lambda::Function, AWS::CloudWatch::Alarm, AWS::Lambda::EventSourceMapping
"""

from dataclasses import replace

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import LASTING, unalarmed
from rules.lib.mappings import function_of, of_streams
from rules.lib.metrics import metric_of

# What waits in a queue finds another invocation soon; of a shard's batches none overtakes the one that is refused.
FROM_A_STREAM, OTHERWISE = 1, 5

subjects = all_of("AWS::Lambda::Function")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within a quarter of an hour of continued throttling."""
    function = stack.resources[subject]
    streamed = any(function_of(stack, each) is function for each in of_streams(stack).values())
    number = FROM_A_STREAM if streamed else OTHERWISE
    why = unalarmed(stack, metric_of(function, "AWS/Lambda", "Throttles", "FunctionName"), replace(LASTING, at=number))
    if why:
        yield Problem(
            f"no alarm reports that the function is throttled: {why}.",
            f"add an alarm on AWS/Lambda Throttles of the function: Sum >= {number} in at most three periods of "
            "300 seconds.",
        )
