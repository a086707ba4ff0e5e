"""Invalid policies, and those that exclude instead of naming (NotAction): no rule that reads one passes it.

Uses the rules' own cases: in each good one, every policy that its rule reads is broken in turn.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.catalogue import catalogue, expansion
from harness.catalogue.cases import load
from harness.catalogue.catalogue import CHECKOV, CHECKS, Rule
from harness.gate import check_loader
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.python_checks import run
from harness.render.rendering import Rendering
from harness.render.resources import Stack, at, items, walk
from harness.render.scenarios import Scenarios
from rules.lib import iam

DOCUMENTS = ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument")
RULES = {rule.id: rule for rule in catalogue.load()}


def _reads_policies(rule: Rule) -> bool:
    reading = r"\b(role|trust|policy)_statements\b|\bGrantCheck\b|\bgrants\.|\b(may|guards|refused)\("
    return bool(re.search(reading, rule.path.read_text()))


OF_CHECKOV = [rule for rule in RULES.values() if rule.engine == CHECKOV and _reads_policies(rule)]
OF_CHECKS = [rule for rule in RULES.values() if rule.engine == CHECKS and _reads_policies(rule)]


def _broken(statement: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every way to make a statement invalid."""
    rest = {key: each for key, each in statement.items() if key != "Effect"}
    yield "a misspelt Effect", {**rest, "Effect": f"{statement['Effect']}ed"}
    yield "an Effect in lower case", {**rest, "Effect": statement["Effect"].lower()}
    yield "a list of Effects", {**rest, "Effect": [statement["Effect"]]}
    yield "no Effect", rest
    yield "no statement", "Allow"
    rest = {key: each for key, each in statement.items() if key not in ("Action", "NotAction")}
    yield "no action", rest
    yield "an action that is a number", {**rest, "Action": 7}
    yield "an action that is not resolved", {**rest, "Action": ["s3:GetObject", {"Made": "up"}]}
    yield "Action and NotAction", {**rest, "Action": "s3:GetObject", "NotAction": "s3:PutObject"}
    yield "a policy variable", {**rest, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:userid}"}
    yield "an element that IAM does not have", {**statement, "Conditions": {}}
    yield "a condition that is no object", {**statement, "Condition": "always"}
    yield "an unknown operator", {**statement, "Condition": {"StringIs": {"aws:SourceAccount": "1"}}}


def _documents(value: Any, path: iam.Path = ()) -> Iterator[iam.Path]:
    """The places of the policy documents in a resource."""
    for place, each in walk(value, path):
        if place and place[-1] in DOCUMENTS and isinstance(each, dict):
            yield place


def _with_broken_statements(body: Any, document: iam.Path) -> Iterator[tuple[str, Any]]:
    """A resource with one of the statements of a document broken, in every way in turn."""
    stated = at(body, *document, "Statement")
    for index, statement in enumerate(items(stated)):
        for what, broken in _broken(statement):
            changed = copy.deepcopy(body)
            if isinstance(stated, list):
                at(changed, *document, "Statement")[index] = broken
            else:
                at(changed, *document)["Statement"] = broken
            yield what, changed


# ----------------------------------------------------------------------------------------------- our own checks ----


def _verdict(check: check_loader.Check, stack: Stack) -> str:
    failures, applied = run(check, stack, "a stack")
    assert all(each.message and each.fix and each.resource in stack.resources for each in failures)
    return "FAIL" if failures else "PASS" if applied else "SKIP"


def _good_stacks(rule: Rule) -> Iterator[Stack]:
    for case in load(rule):
        if case.expect == "PASS":
            values = Scenarios(case.template)._defaults | dict(case.parameters)
            yield Rendering(case.template, values).stack()


def _read(check: check_loader.Check, stack: Stack) -> set[tuple[str, iam.Path]]:
    """The policy documents that a check reads of a stack: logical ids and places."""
    found = set()
    read = iam.statements

    def recording(document: Any, path: iam.Path = (), logical_id: str = "") -> list[iam.Statement]:
        found.add((logical_id, path))
        return read(document, path, logical_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam, "statements", recording)
        assert _verdict(check, stack) == "PASS"
    return found


def _changed(stack: Stack, name: str, body: Any) -> Stack:
    return Stack({**stack.resources, name: replace(stack.resources[name], body=body)}, stack.parameters)


@pytest.mark.parametrize("rule", OF_CHECKS, ids=[rule.slug for rule in OF_CHECKS])
def test_a_check_refuses_a_policy_that_it_reads_and_nobody_can(rule):
    check = check_loader.load([rule.path])[0]
    tried, passed = 0, []
    for stack in _good_stacks(rule):
        for name, document in _read(check, stack):
            for what, body in _with_broken_statements(dict(stack.resources[name].body), document):
                tried += 1
                if _verdict(check, _changed(stack, name, body)) != "FAIL":
                    passed.append((name, document, what))

    assert passed == []
    assert tried > 0


def test_many_checks_and_checkov_policies_read_policies():
    """Empty lists would make every test here pass by doing nothing."""
    assert len(OF_CHECKS) >= 25
    assert len(OF_CHECKOV) >= 9


# -------------------------------------------------------------------------------------------------------- Checkov ----


@pytest.fixture(scope="module")
def refused(checkov: Checkov, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The broken resources that Checkov rejects, by policy id."""
    path = tmp_path_factory.mktemp("broken") / "template.json"
    path.write_text(json.dumps({"Resources": {name: body for rule in OF_CHECKOV for name, body in _subjects(rule)}}))
    answer = checkov._ask({"template": str(path), "checks": "custom"})
    found: dict[str, set[str]] = {}
    for failure in answer["failed"]:
        found.setdefault(failure["id"], set()).add(failure["resource"])
    return found


def _read_by(rule: Rule, body: Any) -> tuple[str, ...]:
    """The document of a resource that a policy reads: a role's trust policy or its permissions."""
    if body["Type"] != iam.ROLE:
        return DOCUMENTS
    trust = "trust_statements" in rule.path.read_text() and "GrantCheck" not in rule.path.read_text()
    return ("AssumeRolePolicyDocument",) if trust else ("PolicyDocument",)


def _subjects(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Resources that a Checkov policy passes, each broken in one place, under unique names."""
    good = [case for case in expansion.subjects(rule).values() if case.expect == "PASS"]
    for case in good:
        body = case.template["Resources"][expansion.SUBJECT]
        for document in _documents(body):
            if document[-1] not in _read_by(rule, body):
                continue
            for number, (_, changed) in enumerate(_with_broken_statements(body, document)):
                yield "-".join(map(str, (rule.id, case.name, *document, number))), changed


@pytest.mark.parametrize("rule", OF_CHECKOV, ids=[rule.slug for rule in OF_CHECKOV])
def test_a_checkov_policy_refuses_a_policy_that_nobody_can_read(rule, refused):
    broken = {name for name, _ in _subjects(rule)}

    assert broken
    assert broken - refused[rule.id] == set()


# ----------------------------------------------------------------------------------- leaving out instead of naming ----

GRANTS = {"Effect": "Allow", "NotAction": "sns:Subscribe", "Resource": "arn:aws:ec2:us-east-1:999999999999:*"}
REFUSES = {"Effect": "Deny", "Principal": "*", "NotAction": "sns:Subscribe", "Resource": "*"}
REFUSES_ELSEWHERE = {"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": "arn:aws:s3:::elsewhere/*"}


@pytest.mark.parametrize(
    ("rule_id", "kind", "more"),
    [
        ("ACC-031", iam.ROLE, GRANTS),
        ("ACC-010", iam.ROLE, GRANTS),
        ("ACC-047", iam.ROLE, GRANTS),
        ("ACC-008", iam.ROLE, GRANTS),
        ("OBS-006", "AWS::KMS::Key", REFUSES),
        ("OBS-006", "AWS::KMS::Key", REFUSES_ELSEWHERE),
        ("ACC-029", "AWS::S3::BucketPolicy", REFUSES),
        ("ACC-029", "AWS::S3::BucketPolicy", REFUSES_ELSEWHERE),
        ("OBS-007", "AWS::SNS::TopicPolicy", REFUSES),
        ("NET-019", iam.ROLE, REFUSES),
        ("NET-019", iam.ROLE, REFUSES_ELSEWHERE),
    ],
)
def test_a_check_sees_what_a_statement_grants_or_refuses_by_leaving_out(rule_id, kind, more):
    """Before both shared one reader, only Checkov's policies did."""
    check = check_loader.load([RULES[rule_id].path])[0]
    said = []
    for stack in _good_stacks(RULES[rule_id]):
        for name, document in _read(check, stack):
            if stack.resources[name].type == kind and document[-1] != "AssumeRolePolicyDocument":
                body = copy.deepcopy(dict(stack.resources[name].body))
                at(body, *document)["Statement"] = [*items(at(body, *document, "Statement")), more]
                said.append(_verdict(check, _changed(stack, name, body)))

    assert set(said) == {"FAIL"}
