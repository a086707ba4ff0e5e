"""OBS-007  rule_target_is_open_to_events

Why       Only an event rule reports a failed Glue run. If the topic or its key does not allow EventBridge, the rule
          matches and nobody is notified: analysts go on with old prices.
Targets   AWS::Events::Rule, AWS::SNS::TopicPolicy, AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.alarms import TOPIC
from rules.lib.events import RULE, target_arns
from rules.lib.iam import policy_statements
from rules.lib.requests import TOPIC_KEY_ACTIONS, Request, granted, key_of, topic_context
from rules.lib.stores import guards

SERVICE = "events.amazonaws.com"


def subjects(stack: Stack) -> list[str]:
    """The event rules that tell a topic of the template."""
    return [name for name, rule in stack.of(RULE).items() if _topics(stack, rule)]


def problems(stack: Stack, subject: str) -> Problems:
    """The topic's policy, and its key's, have to let EventBridge publish."""
    for index, topic in _topics(stack, stack.resources[subject]):
        path = ("Properties", "Targets", index)
        if not granted(guards(stack, topic), Request(SERVICE, "sns:Publish", topic.ref)):
            yield Problem(
                f"the policy of {topic.logical_id} does not allow EventBridge to publish: its alerts are lost.",
                "allow events.amazonaws.com sns:Publish on the topic, without a condition, because EventBridge sends "
                "no source.",
                path,
            )
        key = key_of(stack, topic.properties.get("KmsMasterKeyId"))
        for action in TOPIC_KEY_ACTIONS if key else ():
            request = Request(SERVICE, action, key.arn if key else "", topic_context(topic))
            if key and not granted(policy_statements(key), request):
                yield Problem(
                    f"the key of {topic.logical_id} denies EventBridge {action}: its alerts are lost.",
                    f"allow events.amazonaws.com kms:Decrypt and kms:GenerateDataKey* in {key.logical_id}'s KeyPolicy, "
                    "without a condition.",
                    path,
                )


def _topics(stack: Stack, rule: Resource) -> list[tuple[int, Resource]]:
    targets = ((index, stack.by_ref(arn, TOPIC)) for index, arn in enumerate(target_arns(rule)))
    return [(index, topic) for index, topic in targets if topic]
