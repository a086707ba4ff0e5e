"""The gate's output in the README is what the gate prints."""

import copy
from dataclasses import replace
from pathlib import Path

from harness.catalogue.catalogue import GUARD
from harness.gate.command import TEMPLATE
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.formats import text
from harness.gate.judge import judge
from harness.gate.rule_set import RuleSet
from harness.render.source import read

ROOT = Path(__file__).parents[2]


def test_the_finding_in_the_readme_is_one_that_the_gate_prints():
    shown = (
        (ROOT / "README.md")
        .read_text()
        .partition("## The policy gate")[2]
        .partition("```text\n")[2]
        .partition("```")[0]
    )
    source = read(TEMPLATE)
    template = copy.deepcopy(source.template)
    del template["Resources"]["AccessLogBucket"]["Properties"]["VersioningConfiguration"]
    broken = replace(source, template=template, path=TEMPLATE.relative_to(ROOT))
    rule_set = RuleSet()
    # The one rule that is shown; the whole gate's time is not the point.
    paths = [rule.path for rule in rule_set.of(GUARD) if f" {rule.slug} " in shown]
    report = judge(broken, rule_set, [CfnGuard(paths)])

    assert len(paths) == 1
    assert text.write(report, broken).startswith(shown)
