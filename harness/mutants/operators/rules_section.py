"""The template's `Rules`: an assertion or a condition is gone, decides nothing, or decides something else."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render import parameters
from harness.render.source import Place

TRUE, FALSE = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}
OTHER_REGION = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
_OTHER_LOGIC = {"Fn::And": "Fn::Or", "Fn::Or": "Fn::And"}


@operator
def delete_rule(template: Template) -> Iterator[Edit]:
    """A combination of parameters is no longer refused, or one that is right is."""
    for name, rule in template.get("Rules", {}).items():
        yield Edit(name, ("Rules", name), ABSENT, "removed")
        if "RuleCondition" in rule:
            yield Edit(name, ("Rules", name, "RuleCondition"), ABSENT, "removed")


@operator
def drop_assertion(template: Template) -> Iterator[Edit]:
    """A combination of parameters that is refused before anything is made comes to be tried."""
    for name, rule in template.get("Rules", {}).items():
        for index, assertion in enumerate(rule["Assertions"]):
            yield Edit(name, ("Rules", name, "Assertions", index), ABSENT, "not asked for")
            for said, change in ((ABSENT, "unsaid"), ("This value is not allowed.", "vague")):
                if "AssertDescription" in assertion:
                    yield Edit(name, ("Rules", name, "Assertions", index, "AssertDescription"), said, change)


@operator
def fix_rule(template: Template) -> Iterator[Edit]:
    """A condition or an assertion comes out the same whatever is chosen, by itself or by what it is joined with."""
    for name, place, expression in _expressions(template):
        yield Edit(name, place, TRUE, "always true")
        yield Edit(name, place, FALSE, "always false")
        yield Edit(name, place, {"Fn::Or": [expression, TRUE]}, "or anything")
        yield Edit(name, place, {"Fn::And": [expression, FALSE]}, "and nothing")
        if place[-1] == "Assert":
            yield Edit(name, place, {"Fn::Or": [expression, OTHER_REGION]}, "or in another Region")
        else:
            yield Edit(name, place, {"Fn::And": [expression, {"Fn::Not": [OTHER_REGION]}]}, "but in another Region")


@operator
def turn_rule(template: Template) -> Iterator[Edit]:
    """A condition or an assertion says the opposite, or one of several where all are meant."""
    for name, place, expression in _expressions(template):
        inner = expression["Fn::Not"][0] if "Fn::Not" in expression else {"Fn::Not": [expression]}
        yield Edit(name, place, inner, "negated")
        for function, other in _OTHER_LOGIC.items():
            if function in expression:
                yield Edit(name, place, {other: expression[function]}, f"{other} for {function}")


@operator
def change_rule_value(template: Template) -> Iterator[Edit]:
    """A rule compares with another value of the parameter, or with one more or less."""
    for name, place, compared, literals in _comparisons(template):
        siblings = list(dict.fromkeys(parameters.written(template["Parameters"][compared])))
        # The text alone, or the entries of Fn::Contains' list.
        if isinstance(literals, str):
            for other in dict.fromkeys([*siblings, "" if literals else "none"]):
                if other != literals:
                    yield Edit(name, place, other, f"{other or 'nothing'} for {literals or 'nothing'}")
            continue
        for other in siblings:
            if other not in literals:
                yield Edit(name, place, [*literals, other], f"{other} too")
        for index, each in enumerate(literals):
            yield Edit(name, (*place, index), ABSENT, f"not {each}")


@operator
def swap_rule_parameter(template: Template) -> Iterator[Edit]:
    """A rule asks for another parameter than it is about, which deploys as well."""
    declared = template.get("Parameters", {})
    for name, place, _ in _expressions(template):
        for at, value in _inside(template, place):
            if isinstance(value, dict) and value.get("Ref") in declared:
                mine = declared[value["Ref"]]
                alike = [each for each in declared if declared[each]["Type"] == mine["Type"] and each != value["Ref"]]
                alike.sort(key=lambda each: declared[each].get("AllowedValues") != mine.get("AllowedValues"))
                for other in alike[:2]:
                    yield Edit(name, at, {"Ref": other}, f"{other} for {value['Ref']}")


def _expressions(template: Template) -> Iterator[tuple[str, Place, Any]]:
    """(rule, place, expression) of each RuleCondition and each assertion."""
    for name, rule in template.get("Rules", {}).items():
        if "RuleCondition" in rule:
            yield name, ("Rules", name, "RuleCondition"), rule["RuleCondition"]
        for index, assertion in enumerate(rule["Assertions"]):
            yield name, ("Rules", name, "Assertions", index, "Assert"), assertion["Assert"]


def _inside(template: Template, place: Place) -> Iterator[tuple[Place, Any]]:
    value: Any = template
    for step in place:
        value = value[step]
    yield place, value
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, _ in steps:
        yield from _inside(template, (*place, step))


def _comparisons(template: Template) -> Iterator[tuple[str, Place, str, Any]]:
    """(rule, place of what is compared with, parameter, the text or the list there)."""
    for name, place, _ in _expressions(template):
        for at, value in _inside(template, place):
            for function, literal in (("Fn::Equals", 1), ("Fn::Contains", 0)):
                if isinstance(value, dict) and function in value:
                    parameter = value[function][1 - literal].get("Ref")
                    if parameter in template.get("Parameters", {}):
                        yield name, (*at, function, literal), parameter, value[function][literal]
