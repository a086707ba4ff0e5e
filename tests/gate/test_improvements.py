"""What would be added next passes if it is right, and its rule refuses it if it is wrong: rules/improvements.yaml."""

import copy
from functools import cache
from typing import Any

import pytest

from harness.catalogue import catalogue
from harness.gate import check_loader
from harness.gate.command import TEMPLATE
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.python_checks import run
from harness.render.rendering import Rendering
from harness.render.resources import Stack
from harness.render.scenarios import Scenarios
from harness.render.source import plain, read
from tests.gate.templates import rendered

IMPROVEMENTS = plain((catalogue.RULES / "improvements.yaml").read_text())
CHECKS = {rule.slug: rule.path for rule in catalogue.load() if rule.engine == catalogue.CHECKS}
WRONG = [(each, wrong) for each in IMPROVEMENTS for wrong in each["wrong"]]


def improved(*values: tuple[dict[str, Any], Any]) -> Stack:
    """The default scenario of the template with some improvements, each with a value."""
    template, defaults = _template()
    template = copy.deepcopy(template)
    for improvement, value in values:
        for path, each in {improvement["at"]: value, **improvement.get("also", {})}.items():
            resource, *steps, last = path.split("/")
            place = template["Resources"][resource]["Properties"]
            for gone in improvement.get("without", []):
                del place[gone]
            for step in steps:
                place = place[int(step) if isinstance(place, list) else step]
            if last == "-":
                place.append(each)
            else:
                place[last] = each
    return Rendering(template, defaults).stack()


@cache
def _template() -> tuple[dict[str, Any], dict[str, str]]:
    template = read(TEMPLATE).template
    return template, Scenarios(template)._defaults


def test_all_improvements_together_pass_every_check():
    stack = improved(*((each, each["right"]) for each in IMPROVEMENTS))
    checks = [each for each in check_loader.load(CHECKS.values()) if not each.judges_source]

    assert [each for check in checks for each in run(check, stack, "improved")[0]] == []


@pytest.mark.parametrize(
    ("improvement", "wrong"), WRONG, ids=[f"{each['at']}-{number}" for number, (each, _) in enumerate(WRONG)]
)
def test_an_improvement_made_wrong_is_refused_by_its_rule(improvement, wrong):
    assert _refused(improvement["rule"], improved((improvement, improvement["right"]))) == set()
    assert _refused(improvement["rule"], improved((improvement, wrong)))


def _refused(slug: str, stack: Stack) -> set[str]:
    if slug in CHECKS:
        return {each.resource for each in run(*check_loader.load([CHECKS[slug]]), stack, "stack")[0]}
    (rule,) = (each for each in catalogue.load() if each.slug == slug)
    bodies = {name: dict(each.body) for name, each in stack.resources.items()}
    return {each.resource for each in CfnGuard([rule.path]).judge([rendered({"Resources": bodies})])[0].failures}


def test_there_are_many_and_every_rule_of_a_setting_is_among_them():
    settings = {slug for slug, path in CHECKS.items() if "rules.lib.settings" in path.read_text()}

    assert len({each["at"] for each in IMPROVEMENTS}) >= 25
    assert settings <= {each["rule"] for each in IMPROVEMENTS if each["wrong"]}
