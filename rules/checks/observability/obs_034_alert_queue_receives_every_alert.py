"""OBS-034  alert_queue_receives_every_alert

Why       A queue for alerts feeds an on-call system. If a topic does not reach it, or reaches another queue, on-call
          gets only some of the alerts and believes to have them all.
Targets   AWS::SNS::Topic, AWS::CloudWatch::Alarm, AWS::CloudWatch::CompositeAlarm
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import called_topics

PARAMETER = "AlertQueueArn"


def subjects(stack: Stack) -> list[str]:
    """The topics that alarms call, if the parameter AlertQueueArn names a queue."""
    topics = list(called_topics(stack))
    return topics if stack.parameters.get(PARAMETER) else []


def problems(stack: Stack, subject: str) -> Problems:
    """A topic that notifies any queue but this one. Only subscriptions in the topic itself count."""
    queue = stack.parameters[PARAMETER]
    path = ("Properties", "Subscription")
    subscribed = items(at(called_topics(stack)[subject].body, *path))
    if [at(each, "Endpoint") for each in subscribed if at(each, "Protocol") == "sqs"] != [queue]:
        yield Problem(
            f"of all queues, {PARAMETER} alone should receive the topic's alerts: {queue} misses them, or shares them.",
            f"set one Subscription with Protocol sqs and Endpoint {PARAMETER}.",
            path,
        )
