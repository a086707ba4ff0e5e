"""OBS-014  stream_throttles_are_alarmed

Why       A throttled producer may give up, and its records never arrive anywhere. Only the stream's metrics show it. A
          throttled reader falls behind just as silently.
Targets   AWS::Kinesis::Stream, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import FIRST, LASTING, unalarmed
from rules.lib.metrics import metric_of

subjects = all_of("AWS::Kinesis::Stream")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within five minutes of the first throttled write, and one on reads throttled for fifteen."""
    stream = stack.resources[subject]
    writes = metric_of(stream, "AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName")
    if why := unalarmed(stack, writes, FIRST):
        yield Problem(
            f"no alarm reports that producers are throttled: {why}.",
            "add an alarm on AWS/Kinesis WriteProvisionedThroughputExceeded of the stream: Sum >= 1 in one period of "
            "at most 300 seconds.",
        )
    reads = metric_of(stream, "AWS/Kinesis", "ReadProvisionedThroughputExceeded", "StreamName")
    if why := unalarmed(stack, reads, LASTING):
        yield Problem(
            f"no alarm reports that readers are throttled: {why}.",
            "add an alarm on AWS/Kinesis ReadProvisionedThroughputExceeded of the stream: Sum >= 1 in at most three "
            "periods of 300 seconds.",
        )
