"""OBS-011  dead_letter_is_alarmed_at_once

Why       What ends in a queue that nothing reads waits for a person and is gone after two weeks.
          The pipeline this one replaces spoke up at the second message, so the first loss was
          silent.
Targets   AWS::SQS::Queue, AWS::CloudWatch::Alarm, AWS::Lambda::EventSourceMapping

Cases     SKIP  no queue; a queue that a function reads
          PASS  the first message; more than none
          FAIL  no alarm; the second message; messages in two periods; a period of an hour; the
                average; messages that are being read; the queue's URL in place of its name; silence
                keeps the alarm on; a queue with an alarm beside one without; an alarm without
                Properties
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.checks import Problem, Stack
from harness.checks.alarms import FIRST, untold
from harness.checks.mappings import workers_of
from harness.checks.metrics import metric_of


def subjects(stack: Stack) -> list[str]:
    """The queues that no function reads."""
    return [name for name, queue in stack.of("AWS::SQS::Queue").items() if not workers_of(stack, queue)]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """An alarm has to fire within five minutes of the first message."""
    metric = metric_of(stack.resources[subject], "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
    if why := untold(stack, metric, replace(FIRST, statistic="Maximum")):
        yield Problem(
            f"the first message in this queue, which nothing reads, is told to nobody: {why}.",
            "add an alarm on AWS/SQS ApproximateNumberOfMessagesVisible of the queue: Maximum >= 1 in one period of "
            "at most 300 seconds.",
        )
