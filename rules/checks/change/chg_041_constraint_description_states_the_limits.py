"""CHG-041  constraint_description_states_the_limits

Why       The message is all that a deployer sees of a refused value, and all that a reviewer reads of a limit. A limit
          that differs from its words was changed by mistake, or without telling anybody: a shorter retention, one more
          mode of a lock.
Targets   Parameters
"""

import re
from typing import Any

from harness.render import parameters
from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.cached import cached_by_part
from rules.lib.sections import entries

JUDGES = "source"
BOUNDS = ("MinValue", "MaxValue", "MinLength", "MaxLength")


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters with bounds or a list of values that also say in words what is valid."""
    named = entries(template, "Parameters").items()
    return [name for name, each in named if isinstance(at(each, "ConstraintDescription"), str) and _limits(each)]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A limit that the words leave out, or a number in them that is no limit."""
    parameter = at(template, "Parameters", subject)
    for what, values in _differing(parameter):
        yield Problem(
            f"the ConstraintDescription of {subject} {what} {', '.join(values)}; the limits are"
            f" {', '.join(_limits(parameter))}.",
            "state exactly the bounds or the values that the parameter has.",
            ("Parameters", subject, "ConstraintDescription"),
        )


@cached_by_part
def _differing(parameter: dict[str, Any]) -> list[tuple[str, list[str]]]:
    said, limits = re.sub(r"(?<=\d),(?=\d{3}\b)", "", parameter["ConstraintDescription"]), _limits(parameter)
    left_out = [each for each in limits if not re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", said)]
    numeric = all(each.isdecimal() for each in limits)
    invented = [each for each in re.findall(r"\b\d+\b", said) if each not in limits] if numeric else []
    return [(what, values) for what, values in (("leaves out", left_out), ("names", invented)) if values]


def _limits(parameter: dict[str, Any]) -> list[str]:
    listed = parameter.get("AllowedValues")
    bounds = [parameter[each] for each in BOUNDS if each in parameter]
    return [parameters.text(each) for each in (listed if isinstance(listed, list) and listed else bounds)]
