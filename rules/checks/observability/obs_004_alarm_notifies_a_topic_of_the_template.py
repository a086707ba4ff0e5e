"""OBS-004  alarm_notifies_a_topic_of_the_template

Why       An alarm that calls a topic of somebody else's reaches people we do not know, or nobody:
          we see neither who subscribed there nor whether our alarms may publish. Then it is a
          client who tells us of a loss.
Targets   AWS::CloudWatch::Alarm, AWS::CloudWatch::CompositeAlarm
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.render.resources import items
from rules.lib import Problem, Stack
from rules.lib.alarms import ALARM, COMPOSITE, TOPIC


def subjects(stack: Stack) -> list[str]:
    """Every alarm."""
    return list(stack.of(ALARM, COMPOSITE))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Each of the alarm's actions has to be a topic that the template makes."""
    fix = "set AlarmActions to the Ref of a topic in the template."
    actions = items(stack.resources[subject].properties.get("AlarmActions"))
    if not actions:
        yield Problem("the alarm calls no topic of the template: nobody hears it.", fix, ("Properties",))
    for index, action in enumerate(actions):
        if stack.by_ref(action, TOPIC) is None:
            yield Problem(
                f"the alarm calls {action}, which is no topic of the template: who hears it is unknown.",
                fix,
                ("Properties", "AlarmActions", index),
            )
