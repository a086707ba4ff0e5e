"""ACC-040  policy_belongs_to_one_topic_or_queue

Why       SNS rejects a policy whose statements name anything but the one topic that it is attached to, and the
          deployment fails. A topic or a queue has one policy: of two resources that set it, the later replaces the
          earlier, so the order of deployment decides who may send.
Targets   AWS::SNS::TopicPolicy, AWS::SQS::QueuePolicy, AWS::SQS::Queue
"""

from typing import Any

from harness.render.resources import items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import policy_statements

QUEUE = "AWS::SQS::Queue"
#: What a topic's policy may speak of. SNS refuses anything else in it, a wildcard and a Deny too ("Policy statement
#: action out of service scope!"). https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
OF_TOPICS = frozenset(
    f"sns:{each}".lower()
    for each in (
        "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
        "ListTagsForResource", "Publish", "PutDataProtectionPolicy", "RemovePermission", "SetTopicAttributes",
        "Subscribe",
    )
)  # fmt: skip
#: Where each kind of policy says what it is put on.
TARGETS = {"AWS::SNS::TopicPolicy": "Topics", "AWS::SQS::QueuePolicy": "Queues"}


def subjects(stack: Stack) -> list[str]:
    """The policies of topics and queues."""
    stack.of(QUEUE)
    return list(stack.of(*TARGETS))


def problems(stack: Stack, subject: str) -> Problems:
    """A second target, another policy for the same one, or a statement that names anything but the target."""
    policy = stack.resources[subject]
    key = TARGETS[policy.type]
    named = policy.properties.get(key)
    targets = named if isinstance(named, list) else []
    arn = _arn(stack, policy.type, targets[0]) if len(targets) == 1 else ""
    if not arn:
        yield Problem(
            f"the policy is not attached to exactly one {_kind(policy)} of known name.",
            f"give each {_kind(policy)} its own policy, with a Ref to it as the only entry of {key}.",
            ("Properties", key),
        )
        return
    for other in stack.of(policy.type).values():
        if other is not policy and targets[0] in items(other.properties.get(key)):
            yield Problem(
                f"{other.logical_id} sets the policy of the same {_kind(policy)}, and the one deployed later replaces "
                "the other.",
                "put the statements of both into one policy.",
                ("Properties", key),
            )
    for statement in policy_statements(policy, required=True):
        if statement.resources != [arn]:
            yield Problem(
                f"a statement's Resource is not exactly the {_kind(policy)} that the policy is attached to, which SNS "
                "rejects.",
                f"set Resource to the ARN of the {_kind(policy)} only.",
                statement.path,
            )
        named = {each.lower() for each in statement.actions}
        if policy.type == "AWS::SNS::TopicPolicy" and not named <= OF_TOPICS:
            yield Problem(
                "a statement names an action that SNS does not take in a topic's policy, so the deployment fails.",
                "name actions on a topic one by one, such as sns:Publish, without a wildcard.",
                statement.path,
            )


def _kind(policy: Resource) -> str:
    return "topic" if policy.type == "AWS::SNS::TopicPolicy" else "queue"


def _arn(stack: Stack, kind: str, target: Any) -> str:
    """The ARN of what a policy is put on; a queue is named by its address, which only this template's have here."""
    if not isinstance(target, str):
        return ""
    if kind == "AWS::SNS::TopicPolicy":
        return target
    queue = stack.by_ref(target, QUEUE)
    return queue.arn if queue else ""
