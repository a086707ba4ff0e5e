"""CHG-040  parameter_value_can_be_deployed

Why       A value that a parameter offers and every deployment refuses costs a maintenance window: whoever chose it
          finds out when the change is due. A rule that refuses everything hides that it has stopped refusing what is
          wrong.
Targets   Parameters
"""

from typing import Any

from harness.render import parameters
from harness.render.dependencies import references
from harness.render.errors import UnrenderableTemplate
from harness.render.resources import at, walk
from harness.render.scenarios import Scenarios
from rules.lib import Problem, Problems
from rules.lib.cached import cached, cached_by_part, cached_by_sections
from rules.lib.sections import entries

JUDGES = "source"
LOOKUP = "Fn::FindInMap"


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters that say what they are."""
    return [name for name, each in entries(template, "Parameters").items() if isinstance(at(each, "Type"), str)]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A value that the Rules refuse whatever else is chosen, that a map lacks, or that the parameter itself refuses."""
    stated = template["Parameters"][subject]
    default = parameters.text(stated.get("Default", ""))
    if "Default" in stated and not parameters.allows(stated, default):
        yield _problem(subject, "the default", default, "the parameter's own limits refuse it")
    for value in _refused(template).get(subject, []):
        yield _problem(subject, "the value", value, "the Rules refuse it whatever else is chosen")
    for name, keys in _lookups(template).get(subject, []):
        for value in parameters.written(stated):
            if value not in keys:
                yield _problem(subject, "the value", value, f"the map {name} has no entry for it")


def _problem(subject: str, which: str, value: str, because: str) -> Problem:
    return Problem(
        f"{which} {value!r} of {subject} cannot be deployed: {because}.",
        "let it through where it is right, or do not offer it.",
        ("Parameters", subject),
    )


@cached_by_sections("Parameters", "Rules", "Mappings")
def _refused(template: dict[str, Any]) -> dict[str, list[str]]:
    """For each parameter that the Rules ask for, the values that they never let through."""
    rules = {name: each for name, each in entries(template, "Rules").items() if _is_readable(each)}
    named = {reference[0] for reference in references(rules)}
    declared = entries(template, "Parameters")
    stated = {name: each for name, each in declared.items() if name in named and at(each, "Type")}
    asked = {"Parameters": stated, "Rules": rules, "Mappings": entries(template, "Mappings"), "Resources": {}}
    try:
        return Scenarios(asked).refused
    except UnrenderableTemplate:
        # The linter tells of a rule that nobody can read.
        return {}


def _is_readable(rule: Any) -> bool:
    assertions = at(rule, "Assertions")
    return isinstance(assertions, list) and all(at(each, "Assert") is not None for each in assertions)


@cached
def _lookups(template: dict[str, Any]) -> dict[str, list[tuple[str, set[str]]]]:
    """For each parameter that selects the entry of a map, the map and its keys."""
    found: dict[str, list[tuple[str, set[str]]]] = {}
    for name, parameter in (each for body in entries(template, "Resources").values() for each in _selecting(body)):
        keys = set(entries(entries(template, "Mappings"), name))
        if (name, keys) not in found.setdefault(parameter, []):
            found[parameter].append((name, keys))
    return found


@cached_by_part
def _selecting(body: Any) -> list[tuple[str, str]]:
    """(map, parameter) of each look-up without a default."""
    looked_up = [each[LOOKUP] for _, each in walk(body) if isinstance(each, dict) and LOOKUP in each]
    return [
        (each[0], each[1]["Ref"])
        for each in looked_up
        if isinstance(each, list)
        and len(each) == 3
        and isinstance(each[0], str)
        and isinstance(at(each[1], "Ref"), str)
    ]
