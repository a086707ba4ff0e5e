"""RES-050  event_rule_target_has_a_dead_letter_queue

Why       EventBridge retries for a day to reach a target and then drops the event. Glue sends the event of a failed run
          once, so a dropped one is never reported.
Targets   AWS::Events::Rule, AWS::SQS::Queue, AWS::SQS::QueuePolicy, AWS::KMS::Key
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack
from rules.lib.events import RULE, target_arns
from rules.lib.iam import policy_statements
from rules.lib.requests import TOPIC_KEY_ACTIONS, Request, granted, key_of
from rules.lib.stores import guards

SERVICE = "events.amazonaws.com"
QUEUE = "AWS::SQS::Queue"


def subjects(stack: Stack) -> list[str]:
    """The event rules that have a target."""
    return [name for name, rule in stack.of(RULE).items() if target_arns(rule)]


def problems(stack: Stack, subject: str) -> Problems:
    """Each target needs a queue that EventBridge may send to for this rule."""
    rule = stack.resources[subject]
    for index, target in enumerate(items(rule.properties.get("Targets"))):
        path = ("Properties", "Targets", index)
        queue = stack.by_arn(at(target, "DeadLetterConfig", "Arn"), QUEUE)
        if queue is None:
            yield Problem(
                "the target has no dead-letter queue, so events that cannot be delivered are dropped after a day.",
                "give the target a DeadLetterConfig with the Arn of a queue of the template.",
                path,
            )
            continue
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        context = {"aws:sourcearn": rule.arn}
        if not granted(guards(stack, queue), Request(SERVICE, "sqs:SendMessage", queue.arn, context)):
            yield Problem(
                f"the policy of {queue.logical_id} does not let the rule send failed events to the queue.",
                "allow events.amazonaws.com sqs:SendMessage on the queue, ArnEquals aws:SourceArn the rule's ARN.",
                path,
            )
        key = key_of(stack, queue.properties.get("KmsMasterKeyId"))
        for action in TOPIC_KEY_ACTIONS if key else ():
            if key and not granted(policy_statements(key), Request(SERVICE, action, key.arn)):
                yield Problem(
                    f"the key of {queue.logical_id} denies EventBridge {action}: failed events are lost.",
                    f"allow events.amazonaws.com kms:Decrypt and kms:GenerateDataKey* in {key.logical_id}'s KeyPolicy.",
                    path,
                )
