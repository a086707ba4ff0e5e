"""CHG-021  parameter_is_used

Why       Whoever sets a retention and sees the deployment succeed believes that it applies. A parameter that nothing
          uses is a switch that is not wired, and the first to notice is the auditor.
Targets   Parameters
"""

from typing import Any

from harness.render.dependencies import conditions, references
from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.cached import cached, cached_by_part
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters."""
    return list(entries(template, "Parameters"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A parameter that decides nothing: at most what else may be entered."""
    if subject not in _used(template):
        yield Problem(
            f"nothing that is deployed depends on {subject}, so setting it has no effect.",
            "refer to it where it should apply, or remove it.",
            ("Parameters", subject),
        )


@cached
def _used(template: dict[str, Any]) -> set[str]:
    """What resources and outputs refer to, themselves or by the conditions that they follow."""
    resources = template.get("Resources")
    pending: list[Any] = [*resources.values()] if isinstance(resources, dict) else [resources]
    pending.append(template.get("Outputs"))
    found: set[str] = set()
    followed: set[str] = set()
    while pending:
        names, conditions_of = _named(pending.pop())
        found |= names
        for name in conditions_of - followed:
            followed.add(name)
            pending.append(at(template, "Conditions", name))
    return found


@cached_by_part
def _named(part: Any) -> tuple[frozenset[str], frozenset[str]]:
    """What a part of the template refers to, and the conditions that it follows."""
    return frozenset(reference[0] for reference in references(part)), frozenset(conditions(part))
