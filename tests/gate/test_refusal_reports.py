"""Public reports of stacks that AWS refused at creation, reduced to templates of our own: the gate refuses each by the
rule that refusal_reports.yaml names there, or the file says why no template can show it.
"""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import catalogue
from harness.catalogue.catalogue import CHECKS, GUARD
from harness.catalogue.refusals import REPORT
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.outcome import Engine, Target
from harness.gate.engines.python_checks import Checks
from harness.render.scenarios import Scenarios
from harness.render.source import parse

PATH = Path(__file__).with_name("refusal_reports.yaml")
#: A template around it, so that the template parser reads its short forms.
WRAPPED = parse("Resources: {X: {Type: X}}\nMetadata:\n" + textwrap.indent(PATH.read_text(), "  "), PATH)
REPORTS: list[dict[str, Any]] = WRAPPED.template["Metadata"]["reports"]
SHOWN = [each for each in REPORTS if "rule" in each]
BY_SLUG = {rule.slug: rule for rule in catalogue.load()}


def _engine(name: str) -> Engine:
    rule = BY_SLUG.get(name)
    if rule is None:
        return CfnLint()
    return {GUARD: CfnGuard, CHECKS: Checks}[rule.engine]([rule.path])


def test_there_are_enough_reports_each_with_a_rule_or_a_reason() -> None:
    assert len(SHOWN) >= 12
    assert len({each["report"] for each in REPORTS}) == len(REPORTS)
    for each in REPORTS:
        assert REPORT.fullmatch(each["report"])
        assert set(each) in ({"report", "failed", "rule", "resources"}, {"report", "failed", "why_not"}), each["report"]


@pytest.mark.parametrize("report", SHOWN, ids=lambda report: report["report"])
def test_the_rule_refuses_what_was_reported(report: dict[str, Any]) -> None:
    rendering = Scenarios({"Resources": report["resources"]}).all[0].rendering
    (outcome,) = _engine(report["rule"]).judge([Target(report["report"], rendering.template, rendering)])

    refused = {failure.resource for failure in outcome.failures if failure.rule == report["rule"]}
    assert refused & set(report["resources"])
