"""Judges every case of every rule with the engine that judges the template, and compares the verdict."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import catalogue, expansion
from harness.catalogue.cases import Case, load
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


@pytest.fixture(scope="module")
def guards() -> Mapping[str, list[tuple[Case, Outcome]]]:
    """Each Guard rule's cases and Guard's verdicts: one call per rule takes a fifth of the time of one call for all."""
    found = {}
    for rule in OF_GUARD:
        cases = load(rule)
        outcomes = CfnGuard([rule.path]).judge([rendered(case.template, case.title) for case in cases])
        found[rule.slug] = list(zip(cases, outcomes, strict=True))
    return found


@pytest.mark.parametrize("rule", OF_GUARD, ids=_ids(OF_GUARD))
def test_guard_says_of_each_case_what_is_expected(rule, guards):
    said = {case.title: _said(outcome, rule.slug) for case, outcome in guards[rule.slug]}

    assert said == {case.title: case.expect for case, _ in guards[rule.slug]}


@pytest.mark.parametrize("rule", OF_GUARD, ids=_ids(OF_GUARD))
def test_each_clause_of_a_guard_rule_refuses_some_case(rule, guards):
    """A clause that no case reaches is unproven."""
    said = {
        failure.message for _, outcome in guards[rule.slug] for failure in outcome.failures if failure.rule == rule.slug
    }

    assert said == {violation for violation, _ in rule.messages}


def test_guard_says_of_each_failure_where_it_is_and_how_to_mend_it(guards):
    nowhere = [
        (slug, case.title)
        for slug, judged in guards.items()
        for case, outcome in judged
        for failure in outcome.failures
        if failure.rule == slug and not (failure.fix and failure.resource in case.template["Resources"])
    ]

    assert nowhere == []


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


def _judged(check: check_loader.Check, case: Case) -> str:
    if check.judges_source:
        failures, applied = run(check, case.template, case.title)
    else:
        values = Scenarios(case.template)._defaults | dict(case.parameters)
        failures, applied = run(check, Rendering(case.template, values).stack(), case.title)
    return "FAIL" if failures else "PASS" if applied else "SKIP"


@pytest.mark.parametrize("rule", OF_CHECKS, ids=_ids(OF_CHECKS))
def test_a_check_says_of_each_case_what_is_expected(rule):
    check = check_loader.load([rule.path])[0]
    cases = load(rule)

    assert {case.title: _judged(check, case) for case in cases} == {case.title: case.expect for case in cases}


@pytest.mark.parametrize("rule", OF_CHECKS, ids=_ids(OF_CHECKS))
def test_a_check_says_where_something_is_wrong_and_how_to_mend_it(rule):
    check = check_loader.load([rule.path])[0]
    for case in load(rule):
        rendering = Rendering(case.template, Scenarios(case.template)._defaults | dict(case.parameters))
        for failure in run(check, case.template if check.judges_source else rendering.stack(), case.title)[0]:
            assert failure.message.endswith((".", "?"))
            assert failure.fix.endswith(".")
            if not check.judges_source:
                assert failure.resource in rendering.template["Resources"]


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
