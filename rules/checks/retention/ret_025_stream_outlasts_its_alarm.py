"""RET-025  stream_outlasts_its_alarm

Why       A stuck shard holds its records until they expire. On-call has to find the cause, fix it and let the consumer
          catch up, over a weekend if need be; records that expire before that are lost.
Targets   AWS::CloudWatch::Alarm, AWS::Kinesis::Stream, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, mappings
from rules.lib.numbers import number, whole

ALARM, STREAM = "AWS::CloudWatch::Alarm", "AWS::Kinesis::Stream"
HOUR = 3600 * 1000
#: A day, which Kinesis takes where a stream does not say.
DEFAULT_HOURS = 24
#: The part of the retention that may have passed when somebody is called.
PART = 4


def subjects(stack: Stack) -> list[str]:
    """The alarms on how old what is read from a stream of this template is, as the stream or its reader measures it."""
    return [name for name, each in stack.of(ALARM).items() if _streams(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm that calls when more than a quarter of the stream's retention has passed."""
    alarm = stack.of(ALARM)[subject]
    threshold = number(alarm.properties.get("Threshold"))
    if threshold is None:
        yield Problem(
            "the alarm has no threshold, so nothing shows that it fires before records expire.",
            "set Threshold to a number of milliseconds.",
            ("Properties", "Threshold"),
        )
        return
    waited = (number(alarm.properties.get("EvaluationPeriods")) or 1) * (number(alarm.properties.get("Period")) or 60)
    hours = (threshold + waited * 1000) / HOUR
    for stream in _streams(stack, alarm):
        kept = number(stream.properties.get("RetentionPeriodHours", DEFAULT_HOURS)) or 0
        if hours > kept / PART:
            yield Problem(
                f"the alarm fires after {whole(round(hours, 1))} hours; {stream.logical_id} keeps records for"
                f" {whole(kept)} hours, and more than a quarter of that time is gone by then.",
                f"set Threshold below {whole(kept / PART * HOUR)}, or a longer RetentionPeriodHours.",
                ("Properties", "Threshold"),
            )


def _streams(stack: Stack, alarm: Resource) -> list[Resource]:
    metric = (alarm.properties.get("Namespace"), alarm.properties.get("MetricName"))
    dimensions = {str(at(each, "Name")): at(each, "Value") for each in items(alarm.properties.get("Dimensions"))}
    streams = stack.of(STREAM).values()
    if metric == ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds"):
        return [each for each in streams if each.ref == dimensions.get("StreamName")]
    if metric == ("AWS/Lambda", "IteratorAge"):
        name = dimensions.get("FunctionName")
        return [
            stream
            for stream in streams
            if any(reader and reader.ref == name for _, reader in mappings.workers_of(stack, stream))
        ]
    return []
