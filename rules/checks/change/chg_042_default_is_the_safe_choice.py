"""CHG-042  default_is_the_safe_choice

Why       Whoever forgets a parameter gets its default, most likely in the environment that matters. A default that
          production forbids, or that switches off a protection, is chosen by everybody who does not read.
Targets   Parameters
"""

from collections.abc import Iterator
from typing import Any

from harness.render import parameters
from harness.render.dependencies import Dependencies, references
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.resources import at, items, walk
from rules.lib import Problem, Problems
from rules.lib.cached import cached, cached_by_part, cached_by_sections
from rules.lib.sections import entries

JUDGES = "source"

#: Protections that a condition may switch off.
PROTECTIONS = ("DeletionProtectionEnabled", "ReservedConcurrentExecutions", "PointInTimeRecoverySpecification")
NO_VALUE = {"Ref": "AWS::NoValue"}


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters with a default."""
    return [name for name, each in entries(template, "Parameters").items() if at(each, "Default") is not None]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A default that is the weaker choice, or that the Rules refuse in production."""
    for what in _weaknesses(template).get(subject, ()):
        yield Problem(
            f"whoever does not choose {subject} {what}.",
            "make the choice that protects more the default, and let those who need less say so.",
            ("Parameters", subject, "Default"),
        )


@cached
def _weaknesses(template: dict[str, Any]) -> dict[str, list[str]]:
    """For each parameter what its default leaves open."""
    weak, holds, dependencies = _by_default(template)
    found = {name: [*each] for name, each in weak.items()}
    for condition, branch, what in (each for body in entries(template, "Resources").values() for each in _open(body)):
        if holds.get(condition) == (branch == 1):
            for name in dependencies.of({"Condition": condition}):
                if what not in found.setdefault(name, []):
                    found[name].append(what)
    return found


@cached_by_sections("Parameters", "Conditions", "Mappings", "Rules")
def _by_default(template: dict[str, Any]) -> tuple[dict[str, list[str]], dict[str, bool], Dependencies]:
    """Where the Rules say what a default leaves open, and which conditions hold by default."""
    declared = {name: each for name, each in entries(template, "Parameters").items() if at(each, "Type")}
    environment = parameters.environment(declared)
    reduced = {name: entries(template, name) for name in ("Conditions", "Mappings", "Rules")}
    reduced |= {"Parameters": declared, "Resources": {}}
    dependencies = Dependencies(reduced)
    found: dict[str, list[str]] = {}
    values = {name: parameters.text(each.get("Default", "")) for name, each in declared.items()}
    if environment and at(declared, environment, "Default") is not None:
        named = [each for each in parameters.written(declared[environment]) if each.lower() in parameters.PRODUCTION]
        held = any(environment in dependencies.of(at(each, "RuleCondition")) for each in reduced["Rules"].values())
        if held and named and values[environment] not in named:
            found[environment] = ["gets an environment that is not held to what production is"]
        values[environment] = (named or [values[environment]])[0]
    rendering = Rendering(reduced, values)
    for name in _refused(rendering, dependencies, reduced["Rules"], environment):
        found.setdefault(name, []).append("gets what the Rules refuse in production")
    try:
        return found, rendering.conditions, dependencies
    except UnrenderableTemplate:
        # The scenarios tell of it.
        return found, {}, dependencies


def _refused(rendering: Rendering, dependencies: Dependencies, rules: Any, environment: str) -> Iterator[str]:
    """The parameters of each assertion about production alone that does not hold."""
    for rule in rules.values() if environment else ():
        condition = at(rule, "RuleCondition")
        try:
            if dependencies.of(condition) == {environment} and rendering.holds(condition):
                for assertion in items(at(rule, "Assertions")):
                    if not rendering.holds(at(assertion, "Assert")):
                        yield from (reference[0] for reference in references(assertion))
        except UnrenderableTemplate:
            continue


@cached_by_part
def _open(body: Any) -> list[tuple[str, int, str]]:
    """(condition, branch, what it leaves open) of each `If` one branch of which protects less than the other."""
    found = []
    for path, value in walk(at(body, "Properties")):
        choice = at(value, "Fn::If")
        if isinstance(choice, list) and len(choice) == 3 and isinstance(choice[0], str):
            off = [branch for branch in (1, 2) if choice[branch] in (NO_VALUE, False, "false")]
            if path[-1] in PROTECTIONS and len(off) == 1:
                found.append((choice[0], off[0], f"goes without {path[-1]}"))
            anything = [branch for branch in (1, 2) if _allows_everything(choice[branch])]
            if len(anything) == 1 and choice[3 - anything[0]] != NO_VALUE:
                found.append((choice[0], anything[0], "gets a policy that allows everything"))
    return found


def _allows_everything(statement: Any) -> bool:
    return at(statement, "Effect") == "Allow" and "*" in items(at(statement, "Resource"))
