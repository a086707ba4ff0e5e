"""OBS-006  alarm_topic_key_is_open_to_cloudwatch

Why       An encrypted topic silently drops messages that CloudWatch cannot encrypt. The pipeline that this one replaces
          had every alarm in place, and every one of them was silent.
Targets   AWS::SNS::Topic, AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import called_topics
from rules.lib.iam import policy_statements
from rules.lib.requests import TOPIC_KEY_ACTIONS, alarm_requests, granted, key_of


def subjects(stack: Stack) -> list[str]:
    """The topics that alarms call and that a key of the template encrypts."""
    topics = called_topics(stack).items()
    return [name for name, topic in topics if key_of(stack, topic.properties.get("KmsMasterKeyId"))]


def problems(stack: Stack, subject: str) -> Problems:
    """The key's policy has to let CloudWatch encrypt for the topic."""
    topic = stack.resources[subject]
    key = key_of(stack, topic.properties.get("KmsMasterKeyId"))
    if key is None:
        return
    statements = list(policy_statements(key))
    for action in TOPIC_KEY_ACTIONS:
        requests = alarm_requests(stack, topic, action, key.arn)
        silent = [name for name, request in requests if not granted(statements, request)]
        if silent:
            yield Problem(
                f"the topic's key {key.logical_id} denies CloudWatch {action}, so alarms reach nobody: "
                f"{', '.join(silent)}.",
                f"allow cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey* in {key.logical_id}'s KeyPolicy.",
                ("Properties", "KmsMasterKeyId"),
            )
