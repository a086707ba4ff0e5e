"""CHG-010  parameter_says_what_it_decides

Why       Without descriptions, whoever deploys at night has only the parameters' names. A retention or a lock that is
          guessed wrong cannot be undone in production.
Targets   Parameters
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.descriptions import explains
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters."""
    return list(entries(template, "Parameters"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A parameter without a description, or with one that repeats its name."""
    if not explains(at(template, "Parameters", subject, "Description"), subject):
        yield Problem(
            f"{subject} has no description, so whoever deploys has to guess its value.",
            "add a Description that says what changes with the value, and what to choose.",
            ("Parameters", subject, "Description"),
        )
