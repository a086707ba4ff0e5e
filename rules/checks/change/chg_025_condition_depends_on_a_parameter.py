"""CHG-025  condition_depends_on_a_parameter

Why       A condition that always comes out the same is a switch that somebody wired past: the parameter
          is still there, the deployment takes its value, and what hangs on it never changes. In the
          rendering nothing is missing, because it is missing everywhere.
Targets   Conditions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.render.dependencies import conditions, references
from harness.render.resources import at
from rules.lib import Problem
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The conditions."""
    return list(entries(template, "Conditions"))


def problems(template: dict[str, Any], subject: str) -> Iterator[Problem]:
    """A condition that no parameter and no pseudo parameter has any part in."""
    if not _depends(template, subject, set()):
        yield Problem(
            f"{subject} comes out the same whatever is deployed, and with it all that hangs on it.",
            "compare a parameter in it, or remove it with the branch that is never taken.",
            ("Conditions", subject),
        )


def _depends(template: dict[str, Any], name: str, seen: set[str]) -> bool:
    seen.add(name)
    value = at(template, "Conditions", name)
    followed = [each for each in conditions(value) if each not in seen]
    return any(True for _ in references(value)) or any(_depends(template, each, seen) for each in followed)
