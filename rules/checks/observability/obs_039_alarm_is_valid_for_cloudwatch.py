"""OBS-039  alarm_is_valid_for_cloudwatch

Why       An alarm that CloudWatch rejects fails a deployment half way. One whose expression cannot be evaluated here is
          worse: whether it fires is found out on the day that it should.
Targets   AWS::CloudWatch::Alarm
"""

from harness.alarms.definition import refusals
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import ALARM

subjects = all_of(ALARM)


def problems(stack: Stack, subject: str) -> Problems:
    """What CloudWatch would reject, or cannot be evaluated here."""
    alarm = stack.resources[subject]
    for reason in refusals(alarm.properties):
        yield Problem(
            f"CloudWatch would reject the alarm, or its result cannot be computed here: {reason}.",
            "state one metric, or up to ten with up to ten expressions of which one returns data, functions that "
            "harness/alarms knows, and periods that add up to a day at most (a week with periods of an hour or more).",
            ("Properties", "Metrics") if "Metrics" in alarm.properties else ("Properties",),
        )
