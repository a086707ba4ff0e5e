"""CHG-044  assertion_names_what_it_refuses

Why       A refused deployment shows the assertion's description and nothing else. Where it does not name the parameter,
          the next try is a guess; where it names another one, the assertion asks for the wrong parameter.
Targets   Rules
"""

from typing import Any

from harness.render.dependencies import references
from harness.render.resources import at, items
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The rules of the section Rules."""
    return list(entries(template, "Rules"))


def problems(template: dict[str, Any], subject: str) -> Problems:
    """An assertion whose description leaves out a parameter that it asks for; one that asks for none at all."""
    for index, assertion in enumerate(items(at(template, "Rules", subject, "Assertions"))):
        description = at(assertion, "AssertDescription")
        asked = {reference[0] for reference in references(at(assertion, "Assert"))}
        missing = sorted(each for each in asked if not isinstance(description, str) or each not in description)
        if missing or not asked:
            yield Problem(
                f"an assertion of {subject} does not say that it is about {', '.join(missing)}."
                if missing
                else f"an assertion of {subject} asks for no parameter, so it always comes out the same.",
                "name every parameter that it asks for in AssertDescription, with the values that are right.",
                ("Rules", subject, "Assertions", index),
            )
