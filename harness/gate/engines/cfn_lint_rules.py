"""cfn-lint's rules, in the choices that its passes ask, without work that it does over and over."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
from cfnlint.conditions._utils import get_hash
from cfnlint.conditions.conditions import Conditions
from cfnlint.context import context
from cfnlint.jsonschema import _filter as filters
from cfnlint.jsonschema import validators
from cfnlint.rules import CloudFormationLintRule, Rules
from cfnlint.rules.jsonschema.CfnLint import CfnLint as CfnLintKeyword

#: The rules for IAM policy documents write out every `Fn::Sub` in each Region that they are given, which took four
#: fifths of the gate's time with cfn-lint; none of them asks for the Region (only the partition, which is the same).
REGION_BLIND = ("E3510", "E3512", "E3513")
#: The rule that walks through a template and asks the others on its way, and its parts that lead to a DependsOn.
WALKS_TEMPLATE, WALKS_RESOURCES = "E1001", ("E1101", "E3001")
#: Rules that are asked about one resource, and look at others; besides those that are given the template.
COMPARES_RESOURCES = ("E3005", "W3005")


class Kind(Enum):
    """What a pass over a template asks; those that take longest first."""

    #: A source, in every commercial Region: all but what is blind to Regions.
    EVERYWHERE = auto()
    #: A source, in one Region: all.
    SOURCE = auto()
    #: The resources of a rendering that no earlier one has: all but what compares them.
    RESOURCES = auto()
    #: A rendering: what compares resources, or is about the template.
    WHOLE = auto()


def all_rules() -> Rules:
    """All that cfn-lint brings."""
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    return Rules.create_from_directory(str(Path(cfnlint.__file__).parent / "rules"))


@cache
def rules_of(kind: Kind) -> Rules:
    """The rules of a pass. Made anew for each kind: a run links them to each other, and the links would stay."""
    loaded = _loaded()
    of_templates = {each.id for each in loaded.values() if type(each).match is not CloudFormationLintRule.match}
    compared = of_templates | set(COMPARES_RESOURCES)
    left_out = {
        Kind.EVERYWHERE: set(REGION_BLIND),
        Kind.SOURCE: set(),
        Kind.WHOLE: {each.id for each in loaded.values()} - compared - set(WALKS_RESOURCES),
        Kind.RESOURCES: compared - {WALKS_TEMPLATE},
    }[kind]
    # Left out and not ignored: what `mandatory_checks` names cannot be ignored.
    kept = {key: rule for key, rule in loaded.items() if rule.id not in left_out}
    # By the id: cfn-lint loads its rules by path, so the class is not the imported one.
    return Rules({key: ByKeyword() if rule.id == CfnLintKeyword.id else type(rule)() for key, rule in kept.items()})


def described(rule_id: str) -> tuple[str, str, str]:
    """What one of cfn-lint's rules demands, why, and its absolute address; the id and no more of a rule it has not."""
    rule = next((each for each in _loaded().values() if each.id == rule_id), None)
    if rule is None:
        return rule_id, "", ""
    statement, why = (f"{text.rstrip('.')}." for text in (rule.shortdesc, rule.description))
    return statement, why, rule.source_url if "://" in rule.source_url else ""


@cache
def _loaded() -> Rules:
    for module in (context, filters, validators):
        # Copied field by field at each step through a template: listing the fields was a seventh of all calls.
        module.fields = cache(fields)
    Conditions.satisfiable = remembered(Conditions.satisfiable)
    return all_rules()


class ByKeyword(CfnLintKeyword):  # type: ignore[misc]  # cfn-lint is not in the environment of mypy
    """cfn-lint's rule that asks the others for a keyword. It goes through all 300 each time; here, only once."""

    def initialize(self, cfn: Any) -> None:
        """Called before each run links the rules to each other."""
        super().initialize(cfn)
        self._of_keyword: dict[str, CfnLintKeyword] = {}

    def cfnLint(self, validator: Any, keywords: Any, instance: Any, schema: Any) -> Iterator[Any]:  # noqa: N802
        """Errors of the rules for these keywords, in the same order."""
        for keyword in keywords:
            if keyword not in self._of_keyword:
                asks = self._of_keyword[keyword] = CfnLintKeyword()
                asks.child_rules = {
                    name: rule for name, rule in self.child_rules.items() if rule and keyword in rule.keywords
                }
            yield from self._of_keyword[keyword].cfnLint(validator, [keyword], instance, schema)


def remembered(solve: Callable[..., bool]) -> Callable[..., bool]:
    """`Conditions.satisfiable`, which cfn-lint asks anew for each value and Region, solving each question once.

    Its answer depends on the conditions and on those values that the conditions compare.
    """

    def satisfiable(self: Any, conditions: Mapping[str, bool], parameter_values: Mapping[str, Any]) -> bool:
        known: dict[Any, bool] = self.__dict__.setdefault("_remembered", {})
        compared = _compared(self, tuple(conditions))
        values = {name: value for name, value in parameter_values.items() if get_hash({"Ref": name}) in compared}
        # With any value at all, it refuses to answer for some conditions, by an exception.
        key = repr((conditions, values, bool(parameter_values)))
        if key not in known:
            known[key] = solve(self, conditions, parameter_values)
        return known[key]

    return satisfiable


def _compared(conditions: Any, names: tuple[str, ...]) -> set[str]:
    known: dict[tuple[str, ...], set[str]] = conditions.__dict__.setdefault("_compared", {})
    if names not in known:
        stated = [condition for name in names if (condition := conditions.get(name))]
        known[names] = {each.hash for one in stated for equal in one.equals for each in equal.parameters}
    return known[names]
