"""OBS-004  alarm_notifies_a_topic_of_the_template

Why       An alarm that notifies somebody else's topic reaches people we do not know, or nobody: we see neither who
          subscribed nor whether our alarms may publish. A client would be the first to report a loss.
Targets   AWS::CloudWatch::Alarm, AWS::CloudWatch::CompositeAlarm
"""

from harness.render.resources import items
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import ALARM, COMPOSITE, TOPIC

subjects = all_of(ALARM, COMPOSITE)


def problems(stack: Stack, subject: str) -> Problems:
    """Each of the alarm's actions has to be a topic of the template."""
    fix = "set AlarmActions to the Ref of a topic in the template."
    actions = items(stack.resources[subject].properties.get("AlarmActions"))
    if not actions:
        yield Problem("the alarm notifies no topic of the template, so nobody receives it.", fix, ("Properties",))
    for index, action in enumerate(actions):
        if stack.by_ref(action, TOPIC) is None:
            yield Problem(
                f"the alarm notifies {action}, which is not a topic of the template: who receives it is unknown.",
                fix,
                ("Properties", "AlarmActions", index),
            )
