"""OBS-032  alert_rule_failure_is_alarmed

Why       An event rule that cannot reach its target retries for a day and drops the event. Unless another topic is
          notified, a failed run stays unknown.
Targets   AWS::Events::Rule, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import FIRST, unalarmed
from rules.lib.events import RULE, target_arns
from rules.lib.metrics import metric_of


def subjects(stack: Stack) -> list[str]:
    """The event rules that have a target."""
    return [name for name, rule in stack.of(RULE).items() if target_arns(rule)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm that calls something else than the rule has to fire within five minutes of its first failure."""
    rule = stack.resources[subject]
    metric = metric_of(rule, "AWS/Events", "FailedInvocations", "RuleName")
    if why := unalarmed(stack, metric, FIRST, besides=[str(arn) for arn in target_arns(rule)]):
        yield Problem(
            f"no alarm reports that the rule cannot reach its target: {why}.",
            "add an alarm on AWS/Events FailedInvocations of the rule, Sum >= 1 in one period of at most 300 seconds, "
            "that notifies a topic other than the rule's.",
        )
