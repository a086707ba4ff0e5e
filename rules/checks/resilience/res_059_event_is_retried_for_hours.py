"""RES-059  event_is_retried_for_hours

Why       A target that is throttled or being deployed answers again after a while. A rule that
          gives up within minutes drops the alert, or the start of an hour's processing.
Targets   AWS::Events::Rule
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Resource, Stack
from rules.lib.numbers import number
from rules.lib.settings import setting


def _accepts(value: Any, rule: Resource, stack: Stack) -> bool:
    # A day and 185 tries where nothing is said.
    tries, age = (at(value, each) for each in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"))
    return (
        isinstance(value, dict)
        and (tries is None or 10 <= (number(tries) or 0) <= 185)
        and (age is None or 3600 <= (number(age) or 0) <= 86400)
    )


subjects, problems = setting(
    "AWS::Events::Rule",
    "Targets/*/RetryPolicy",
    _accepts,
    "its target's RetryPolicy is {value}.",
    "set MaximumRetryAttempts to 10 to 185 and MaximumEventAgeInSeconds to 3600 to 86400, or leave them out.",
)
