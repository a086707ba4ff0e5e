"""OBS-013  stream_age_is_alarmed

Why       Records that wait too long in the stream are deleted there, and no exchange sends them twice. One alarm
          reports a delay of a minute while it is small; another reports a stuck shard while its records can still be
          saved.
Targets   AWS::Kinesis::Stream, AWS::CloudWatch::Alarm, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import Need, unalarmed
from rules.lib.mappings import workers_of
from rules.lib.metrics import metric_of
from rules.lib.numbers import number

#: Lambda asks every second, so that a few seconds are nothing.
OVER_A_MINUTE_OLD = Need("Maximum", "Milliseconds", at=60_001, quiet_at=5_000, minutes=15)
#: Lambda may wait for a batch to fill, five minutes at most.
BATCHING_WINDOW = 300_000
#: What Kinesis keeps if the stream does not say.
DEFAULT_HOURS = 24

subjects = all_of("AWS::Kinesis::Stream")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire on what waits for a minute, and one on each reader before its records are deleted."""
    stream = stack.resources[subject]
    metric = metric_of(stream, "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName")
    if why := unalarmed(stack, metric, OVER_A_MINUTE_OLD):
        yield Problem(
            f"no alarm reports that records are waiting in the stream: {why}.",
            "add an alarm on AWS/Kinesis GetRecords.IteratorAgeMilliseconds of the stream: Maximum > 60000 in at most "
            "three periods of 300 seconds.",
        )
    hours = number(stream.properties.get("RetentionPeriodHours")) or DEFAULT_HOURS
    kept = Need("Maximum", "Milliseconds", at=hours * 3_600_000, quiet_at=BATCHING_WINDOW, minutes=15)
    for name, function in {each.logical_id: each for _, each in workers_of(stack, stream) if each}.items():
        if why := unalarmed(stack, metric_of(function, "AWS/Lambda", "IteratorAge", "FunctionName"), kept):
            yield Problem(
                f"no alarm reports that {name} is stuck before the stream deletes its records: {why}.",
                f"add an alarm on AWS/Lambda IteratorAge of {name}: its Maximum, at a fraction of the stream's "
                "retention.",
            )
