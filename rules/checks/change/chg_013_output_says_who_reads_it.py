"""CHG-013  output_says_who_reads_it

Why       An output that others build on cannot be changed without asking them. If nothing says who they are, it is
          either kept forever or removed under somebody's production.
Targets   Outputs
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.descriptions import explains
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The outputs."""
    return list(entries(template, "Outputs"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """An output without a description, or with one that repeats its name."""
    if not explains(at(template, "Outputs", subject, "Description"), subject):
        yield Problem(
            f"{subject} has no description, so nobody knows whom to ask before changing it.",
            "add a Description that names the readers.",
            ("Outputs", subject, "Description"),
        )
