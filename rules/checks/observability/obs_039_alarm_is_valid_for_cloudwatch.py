"""OBS-039  alarm_is_valid_for_cloudwatch

Why       An alarm that CloudWatch refuses stops a deployment in the middle. One whose expression
          nobody here can work out is worse: whether it would ever fire is found out on the day it
          should have.
Targets   AWS::CloudWatch::Alarm
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.alarms.definition import refusals
from rules.lib import Problem, Stack
from rules.lib.alarms import ALARM


def subjects(stack: Stack) -> list[str]:
    """Every alarm."""
    return list(stack.of(ALARM))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """What CloudWatch would refuse, or nobody could work out."""
    alarm = stack.resources[subject]
    for reason in refusals(alarm.properties):
        yield Problem(
            f"the alarm is not one that can be taken: {reason}.",
            "state one metric, or up to ten with up to ten expressions of which one returns data, functions that "
            "harness/alarms knows, and periods that come to a day at most (a week with periods of an hour or more).",
            ("Properties", "Metrics") if "Metrics" in alarm.properties else ("Properties",),
        )
