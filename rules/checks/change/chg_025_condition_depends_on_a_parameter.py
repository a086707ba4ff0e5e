"""CHG-025  condition_depends_on_a_parameter

Why       A condition that always evaluates to the same value is a disconnected switch: the parameter still exists, the
          deployment accepts its value, and what depends on it never changes. Renderings do not show it, because all of
          them look the same.
Targets   Conditions
"""

from typing import Any

from harness.render.dependencies import conditions, references
from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The conditions."""
    return list(entries(template, "Conditions"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A condition that no parameter and no pseudo parameter has any part in."""
    if not _depends(template, subject, set()):
        yield Problem(
            f"{subject} evaluates to the same value in every deployment, so whatever depends on it never changes.",
            "compare a parameter in it, or remove it together with the branch that is never taken.",
            ("Conditions", subject),
        )


def _depends(template: dict[str, Any], name: str, seen: set[str]) -> bool:
    seen.add(name)
    value = at(template, "Conditions", name)
    followed = [each for each in conditions(value) if each not in seen]
    return any(True for _ in references(value)) or any(_depends(template, each, seen) for each in followed)
