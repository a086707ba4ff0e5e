"""CHG-046  parameter_shows_its_value

Why       An auditor asks with which retention and which lock a stack was deployed, and CloudFormation answers with its
          parameters. One that is hidden answers with asterisks. Secrets do not belong in parameters at all.
Targets   Parameters
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters."""
    return list(entries(template, "Parameters"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A parameter whose value nobody can look up."""
    if at(template, "Parameters", subject, "NoEcho") in (True, "true"):
        yield Problem(
            f"{subject} hides its value (NoEcho), so nobody can tell with which one a stack was deployed.",
            "remove NoEcho; take a secret from Secrets Manager by a dynamic reference.",
            ("Parameters", subject, "NoEcho"),
        )
