"""ACC-039  event_rule_targets_this_account_only

Why       Events say what ran, on what, and how it ended. A second target in another account receives all of them too,
          while our own alert looks as it always did.
Targets   AWS::Events::Rule
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack
from rules.lib.events import RULE, target_arns
from rules.lib.principals import ACCOUNT

#: What calls an address of the internet stands in this account as well.
CALLS = "api-destination/"


def subjects(stack: Stack) -> list[str]:
    """Event rules with targets."""
    return [name for name, rule in stack.of(RULE).items() if target_arns(rule)]


def problems(stack: Stack, subject: str) -> Problems:
    """Targets in other accounts or outside AWS, and dead-letter queues there."""
    for index, target in enumerate(items(stack.resources[subject].properties.get("Targets"))):
        dead = [at(target, "DeadLetterConfig", "Arn")] if at(target, "DeadLetterConfig") else []
        for arn in (at(target, "Arn"), *dead):
            parts = str(arn).split(":", 5)
            if len(parts) < 6 or parts[4] != ACCOUNT or parts[5].startswith(CALLS):
                yield Problem(
                    f"it sends events to {arn}, which is not in this account.",
                    "name a topic, queue or log group of this account, or remove the target.",
                    ("Properties", "Targets", index),
                )
