"""RES-045  stream_mapping_hands_over_before_records_expire

Why       A stuck shard has to send its records to the on-failure destination before they expire, or they are lost. A
          retry limit does not guarantee that: bisecting a batch uses no retries, and a throttled function is retried
          forever. With an age that is too short, a night's outage sends away records that the next retry would have
          stored.
Targets   AWS::Lambda::EventSourceMapping, AWS::Kinesis::Stream
"""

from rules.lib import Problem, Problems, Stack, mappings
from rules.lib.numbers import number, whole

STREAM = "AWS::Kinesis::Stream"
PATH = ("Properties", "MaximumRecordAgeInSeconds")
HOUR = 3600
#: A day, which Kinesis takes where a stream does not say.
DEFAULT_HOURS = 24
#: Shorter outages than this are the consumer's to catch up with.
LEAST_HOURS = 24
#: To send what a shard still holds, and for somebody to see that it was sent.
SPARE_HOURS = 24


def subjects(stack: Stack) -> list[str]:
    """The mappings that read a stream."""
    stack.of(STREAM)
    return list(mappings.of_streams(stack))


def problems(stack: Stack, subject: str) -> Problems:
    """No age, one that is less than a day below the stream's retention, or one that drops records too early."""
    mapping = stack.of(mappings.MAPPING)[subject]
    stream = stack.by_arn(mappings.source(mapping), STREAM)
    kept = number(stream.properties.get("RetentionPeriodHours", DEFAULT_HOURS)) if stream else None
    if kept is None:
        yield Problem(
            "the stream's retention is unknown, so nothing shows that records leave it before they expire.",
            "read a stream of this template, and set its RetentionPeriodHours to a number.",
            PATH,
        )
        return
    most = kept - SPARE_HOURS
    fix = f"set MaximumRecordAgeInSeconds to a number of seconds from {LEAST_HOURS * HOUR} to {whole(most * HOUR)}."
    if most < LEAST_HOURS:
        fix = f"set RetentionPeriodHours to {LEAST_HOURS + SPARE_HOURS} or more, and an age a day below it."
    age = number(mapping.properties.get("MaximumRecordAgeInSeconds"))
    if age is None or age <= 0:
        yield Problem(
            f"records are retried at any age until the stream expires them after {whole(kept)} hours, and are then "
            "lost.",
            fix,
            PATH,
        )
    elif age / HOUR > most:
        yield Problem(
            f"records go to the on-failure destination at an age of {whole(round(age / HOUR, 2))} hours; the stream "
            "keeps them for"
            f" {whole(kept)}, which leaves less than {SPARE_HOURS} to do it in.",
            fix,
            PATH,
        )
    elif age / HOUR < LEAST_HOURS:
        yield Problem(
            f"records are given up on at an age of {whole(round(age / HOUR, 2))} hours, though the stream keeps them "
            "for"
            f" {whole(kept)}: a night's outage sends them all to the on-failure store.",
            fix,
            PATH,
        )
