"""ACC-018  topic_accepts_only_alarms_and_event_rules

Why       These topics wake people up. If others could publish, a stranger could send false alarms until nobody listens,
          without using any permission of ours.
Targets   AWS::SNS::TopicPolicy
"""

from harness.render.resources import items
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import is_of_this_account, services

ALARMS = "cloudwatch.amazonaws.com"
RULES = "events.amazonaws.com"

subjects = all_of("AWS::SNS::TopicPolicy")


def problems(stack: Stack, subject: str) -> Problems:
    """Publishers other than our alarms and rules, more than publishing, or other topics."""
    policy = stack.resources[subject]
    statements = list(policy_statements(policy))
    if not statements:
        yield Problem(
            "the topic policy has no statements, so who may publish cannot be judged.",
            "give it a PolicyDocument with statements.",
            ("Properties",),
        )
    for statement in statements:
        if statement.allows:
            yield from _judge(statement, [str(each) for each in items(policy.properties.get("Topics"))])


def _judge(statement: Statement, topics: list[str]) -> Problems:
    principal = statement.body.get("Principal")
    named = services(statement)
    if not isinstance(principal, dict) or list(principal) != ["Service"] or not set(named) <= {ALARMS, RULES}:
        yield Problem(
            "the topic policy grants access to a principal other than CloudWatch and EventBridge, who could publish "
            "false alarms.",
            f"set Principal to the Service {ALARMS} or {RULES}.",
            statement.path,
        )
    if {each.lower() for each in statement.actions} != {"sns:publish"}:
        yield Problem(
            "the topic policy grants more than publishing.", "set Action to sns:Publish only.", statement.path
        )
    if not statement.resources or not set(statement.resources) <= set(topics):
        yield Problem(
            "the topic policy names a topic other than its own.",
            "set Resource to topics that the policy lists in Topics.",
            statement.path,
        )
    # EventBridge brings no account along; with this condition its alerts would be dropped.
    if ALARMS in named and not is_of_this_account(statement, "aws:SourceAccount"):
        yield Problem(
            "alarms of any AWS account may publish to the topic.",
            "add the condition StringEquals aws:SourceAccount with this account's id.",
            statement.path,
        )
