"""Judges every case of every rule with the engine that judges the template, and compares the verdict."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import catalogue, expansion
from harness.catalogue.cases import load
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, INTENTS, RULES, Rule
from harness.gate import check_loader
from harness.gate.engines import cfn_guard_binary
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.outcome import Outcome
from harness.gate.engines.python_checks import run
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenarios
from tests.gate.templates import rendered

ALL = catalogue.load()
OF_GUARD, OF_CHECKS, OF_CHECKOV = (
    [rule for rule in ALL if rule.engine == engine] for engine in (GUARD, CHECKS, CHECKOV)
)


def _ids(rules: list[Rule]) -> list[str]:
    return [rule.slug for rule in rules]


@pytest.fixture(scope="module")
def expanded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases as cfn-guard's own test and Checkov read them."""
    folder = tmp_path_factory.mktemp("cases")
    expansion.write(folder, ALL)
    return folder


def _said(outcome: Outcome, rule: str) -> str:
    if any(failure.rule == rule for failure in outcome.failures):
        return "FAIL"
    return "PASS" if rule in outcome.passed else "SKIP" if rule in outcome.not_applicable else "nothing"


# ---------------------------------------------------------------------------------------------------------- Guard ----


@pytest.mark.parametrize("rule", OF_GUARD, ids=_ids(OF_GUARD))
def test_guard_says_of_each_case_what_is_expected_where_and_how_to_mend_it(rule):
    """One call a rule takes a fifth of the time of one call for all, and each worker makes only those of its tests."""
    cases = load(rule)
    outcomes = CfnGuard([rule.path]).judge([rendered(case.template, case.title) for case in cases])
    judged = list(zip(cases, outcomes, strict=True))
    failures = [
        (case, failure) for case, outcome in judged for failure in outcome.failures if failure.rule == rule.slug
    ]

    assert {case.title: _said(outcome, rule.slug) for case, outcome in judged} == {
        case.title: case.expect for case in cases
    }
    # A clause that no case reaches is unproven.
    assert {failure.message for _, failure in failures} == {violation for violation, _ in rule.messages}
    assert [
        (case.title, failure)
        for case, failure in failures
        if not (failure.fix and failure.resource in case.template["Resources"])
    ] == []


@pytest.mark.parametrize("intent", [each for each in INTENTS if (RULES / "guard" / each).is_dir()])
def test_guards_own_test_agrees_and_leaves_nothing_out(intent, expanded):
    """Its exit code is not enough: it skips rules without a test file, and unknown rule names."""
    folder = expanded / "guard" / intent
    ended = subprocess.run(
        [cfn_guard_binary.find(), "test", "--dir", folder], capture_output=True, text=True, check=False, timeout=120
    )
    mine = [rule for rule in OF_GUARD if rule.intent == intent]

    assert ended.returncode == 0
    assert ended.stderr == ""
    for trouble in ("skipping", "No Test expectation", "FAIL Rules", "No tests", "Parse Error", "Unable"):
        assert trouble not in ended.stdout
    assert sorted(re.findall(r"^Testing Guard File .*/(.+)\.guard$", ended.stdout, re.MULTILINE)) == sorted(
        rule.path.stem for rule in mine
    )
    assert ended.stdout.count("PASS Rules:") == sum(len(load(rule)) for rule in mine)


# ------------------------------------------------------------------------------------------------- our own checks ----


@pytest.mark.parametrize("rule", OF_CHECKS, ids=_ids(OF_CHECKS))
def test_a_check_says_of_each_case_what_is_expected_where_and_how_to_mend_it(rule):
    check = check_loader.load([rule.path])[0]
    cases, said = load(rule), {}
    for case in cases:
        judged, resources = case.template, None
        if not check.judges_source:
            rendering = Rendering(case.template, Scenarios(case.template)._defaults | dict(case.parameters))
            judged, resources = rendering.stack(), rendering.template["Resources"]
        failures, applied = run(check, judged, case.title)
        said[case.title] = "FAIL" if failures else "PASS" if applied else "SKIP"
        for failure in failures:
            assert failure.message.endswith((".", "?"))
            assert failure.fix.endswith(".")
            assert resources is None or failure.resource in resources

    assert said == {case.title: case.expect for case in cases}


# -------------------------------------------------------------------------------------------------------- Checkov ----


@pytest.fixture(scope="module")
def policies(checkov: Checkov, expanded: Path) -> Mapping[str, Any]:
    """Checkov's verdicts on the cases of each of our policies, by slug; each case is a resource of one template."""
    return {
        rule.slug: checkov._ask({"template": str(expanded / "checkov" / f"{rule.path.stem}.json"), "checks": "custom"})
        for rule in OF_CHECKOV
    }


@pytest.mark.parametrize("rule", OF_CHECKOV, ids=_ids(OF_CHECKOV))
def test_checkov_passes_and_refuses_the_cases_that_are_expected(rule, policies):
    """Compared by name: two errors can cancel out in a count."""
    cases = expansion.subjects(rule)
    said = {
        verdict: {each["resource"] for each in policies[rule.slug][verdict] if each["id"] == rule.id}
        for verdict in ("passed", "failed", "undecided")
    }

    assert said == {
        "passed": {name for name, case in cases.items() if case.expect == "PASS"},
        "failed": {name for name, case in cases.items() if case.expect == "FAIL"},
        "undecided": set(),
    }


def test_a_policy_that_refuses_says_how_to_mend_it(policies):
    """The gate takes the fix from the check's name, the only text that Checkov passes on."""
    for rule in OF_CHECKOV:
        assert all(" Fix: " in each["name"] for each in policies[rule.slug]["failed"] if each["id"] == rule.id)


# --------------------------------------------------------------------------------------------------- all together ----


def test_there_are_cases():
    """Empty lists would make every test above pass by doing nothing."""
    assert min(len(OF_GUARD), len(OF_CHECKS), len(OF_CHECKOV)) > 10
    assert all(len(load(rule)) >= 2 for rule in ALL)
