"""RES-045  stream_mapping_hands_over_before_records_expire

Why       A shard that is stuck has to give its records to the on-failure store while the stream still
          has them: what the stream has dropped nobody can bring back. Attempts promise no such thing,
          since splitting a batch uses none and a throttled function is asked again for ever. An age
          that is too short gives away after a night's outage what the next try would have stored.
Targets   AWS::Lambda::EventSourceMapping, AWS::Kinesis::Stream
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack, mappings
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


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """No age, an age that the stream's retention does not outlast by a day, or one that gives up too early."""
    mapping = stack.of(mappings.MAPPING)[subject]
    stream = stack.by_arn(mappings.source(mapping), STREAM)
    kept = number(stream.properties.get("RetentionPeriodHours", DEFAULT_HOURS)) if stream else None
    if kept is None:
        yield Problem(
            "nothing says how long the stream keeps records, so nothing shows that they are handed over before.",
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
            f"records wait at any age until the stream drops them after {whole(kept)} hours, and are then lost.",
            fix,
            PATH,
        )
    elif age / HOUR > most:
        yield Problem(
            f"records are handed over at an age of {whole(round(age / HOUR, 2))} hours; the stream keeps them for"
            f" {whole(kept)}, which leaves less than {SPARE_HOURS} to do it in.",
            fix,
            PATH,
        )
    elif age / HOUR < LEAST_HOURS:
        yield Problem(
            f"records are given up at an age of {whole(round(age / HOUR, 2))} hours, though the stream keeps them for"
            f" {whole(kept)}: an outage of a night sends them all to the on-failure store.",
            fix,
            PATH,
        )
