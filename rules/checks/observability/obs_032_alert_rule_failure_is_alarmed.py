"""OBS-032  alert_rule_failure_is_alarmed

Why       An event rule that cannot reach its target tries for a day and drops the event. The topic
          it should have told cannot know; unless another one is told, a failed run stays unknown.
Targets   AWS::Events::Rule, AWS::CloudWatch::Alarm
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.alarms import FIRST, untold
from rules.lib.events import RULE, target_arns
from rules.lib.metrics import metric_of


def subjects(stack: Stack) -> list[str]:
    """The event rules that have a target."""
    return [name for name, rule in stack.of(RULE).items() if target_arns(rule)]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """An alarm that calls something else than the rule has to fire within five minutes of its first failure."""
    rule = stack.resources[subject]
    metric = metric_of(rule, "AWS/Events", "FailedInvocations", "RuleName")
    if why := untold(stack, metric, FIRST, besides=[str(arn) for arn in target_arns(rule)]):
        yield Problem(
            f"that the rule cannot reach its target is told to nobody: {why}.",
            "add an alarm on AWS/Events FailedInvocations of the rule, Sum >= 1 in one period of at most 300 seconds, "
            "that calls another topic than the rule.",
        )
