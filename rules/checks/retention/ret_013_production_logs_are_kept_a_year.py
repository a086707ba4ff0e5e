"""RET-013  production_logs_are_kept_a_year

Why       Auditors look back over a financial year, and a slow loss is noticed months after it began. Without the logs
          of that time nobody can say which records it took.
Targets   AWS::Logs::LogGroup
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.numbers import number, whole

LOG_GROUP = "AWS::Logs::LogGroup"


def subjects(stack: Stack) -> list[str]:
    """Production's log groups that say for how long they keep their logs. That they say so is a rule of its own."""
    if stack.parameters.get("Environment") != "production":
        return []
    return [name for name, each in stack.of(LOG_GROUP).items() if "RetentionInDays" in each.properties]


def problems(stack: Stack, subject: str) -> Problems:
    """A retention of less than a year."""
    days = number(stack.of(LOG_GROUP)[subject].properties.get("RetentionInDays"))
    if days is None or days < 365:
        kept = "a time that cannot be read" if days is None else f"{whole(days)} days"
        yield Problem(
            f"production keeps the logs of this group for {kept}, not for a year.",
            "set RetentionInDays to 365 or more.",
            ("Properties", "RetentionInDays"),
        )
