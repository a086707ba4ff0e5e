"""OBS-019  undelivered_alerts_notify_another_topic

Why       A topic whose emails no longer arrive cannot report so itself. If its failures are not reported on another
          topic, all alarms are silent from then on, and nobody notices.
Targets   AWS::SNS::Topic, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import FIRST, TOPIC, unalarmed
from rules.lib.metrics import metric_of

subjects = all_of(TOPIC)


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm that calls another topic has to fire within five minutes of the first failed delivery."""
    topic = stack.resources[subject]
    metric = metric_of(topic, "AWS/SNS", "NumberOfNotificationsFailed", "TopicName")
    if why := unalarmed(stack, metric, FIRST, besides=[topic.ref]):
        yield Problem(
            f"no alarm on another topic reports failed deliveries of this topic: {why}.",
            "add an alarm on AWS/SNS NumberOfNotificationsFailed of the topic, Sum >= 1 in one period of at most "
            "300 seconds, that notifies another topic.",
        )
