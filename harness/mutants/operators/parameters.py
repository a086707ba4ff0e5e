"""Parameters, conditions and outputs, which only the source shows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import Edit, Template, operator


@operator
def loosen_parameter(template: Template) -> Iterator[Edit]:
    """A parameter takes anything, or does not say what it decides; an output does not say who reads it."""
    for name, parameter in template.get("Parameters", {}).items():
        for key in ("AllowedPattern", "AllowedValues", "ConstraintDescription", "Description"):
            if key in parameter:
                yield Edit(name, ("Parameters", name, key), ABSENT, "removed")
        if "MinValue" in parameter:
            free = {key: value for key, value in parameter.items() if key not in ("MinValue", "MaxValue")}
            yield Edit(name, ("Parameters", name), free, "without bounds")
    unused = {"Type": "String", "Default": "", "Description": "Decides nothing at all", "AllowedPattern": "^[a-z]*$"}
    unused["ConstraintDescription"] = "must be lower-case letters."
    yield Edit("Unused", ("Parameters", "Unused"), unused, "one that nothing uses")
    for name, output in template.get("Outputs", {}).items():
        if "Description" in output:
            yield Edit(name, ("Outputs", name, "Description"), ABSENT, "removed")
        if "Export" in output:
            place = ("Outputs", name, "Export", "Name")
            yield Edit(name, place, f"pipeline-{name}", "not named for its stack")


@operator
def drop_assertion(template: Template) -> Iterator[Edit]:
    """A combination of parameters that is refused before anything is made comes to be tried."""
    for name, rule in template.get("Rules", {}).items():
        for index, _ in enumerate(rule["Assertions"]):
            yield Edit(name, ("Rules", name, "Assertions", index), ABSENT, "not asked for")


@operator
def fix_condition(template: Template) -> Iterator[Edit]:
    """A condition comes out the same whatever is chosen."""
    for name in template.get("Conditions", {}):
        for word, value in (("true", ["a", "a"]), ("false", ["a", "b"])):
            yield Edit(name, ("Conditions", name), {"Fn::Equals": value}, f"always {word}")
