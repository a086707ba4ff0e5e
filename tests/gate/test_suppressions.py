"""Inline suppressions in a template are ignored and reported: only rules/waivers.yaml counts."""

import json

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import run_template_by_data

from harness.gate import suppressions
from harness.gate.engines import cfn_lint, cfn_lint_rules
from harness.gate.verdicts import Suppression
from tests.gate.templates import source_of, targets

#: A topic with a finding of every engine. The marks are where suppressions go.
TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Alerts:
    Type: AWS::SNS::Topic
    Properties:
      Colour: red
      DisplayName: $
{resource}
{template}
"""
#: Rule -> the engine that reports it for the topic.
REFUSED_BY = {
    "E3002": "cfn-lint",
    "CKV_AWS_26": "checkov",
    "topic_encrypts_with_a_customer_key": "cfn-guard",
    "topic_refuses_plain_http": "checks",
}
EVERYTHING = "[E3002, W2001, I3011, CKV_AWS_26, topic_encrypts_with_a_customer_key, topic_refuses_plain_http, ENC-012]"
#: What is written, at a resource or at the template -> engine, line, and what is reported.
SUPPRESSIONS = {
    "Guard's, of the public registry": (
        "resource",
        f"    Metadata:\n      guard:\n        SuppressedRules: {EVERYTHING}",
        [("cfn-guard", 9, "Resources.Alerts.Metadata.guard")],
    ),
    "Checkov's": (
        "resource",
        "    Metadata:\n      checkov:\n        skip: [{id: CKV_AWS_26, comment: why}, {id: CKV_FDP_13}]",
        [("checkov", 9, "Resources.Alerts.Metadata.checkov")],
    ),
    "Checkov's under its first name": (
        "resource",
        "    Metadata:\n      bridgecrew:\n        skip: [{id: CKV_AWS_26, comment: no}]",
        [("checkov", 9, "Resources.Alerts.Metadata.bridgecrew")],
    ),
    "Checkov's under its owner's name": (
        "resource",
        "    Metadata:\n      cortex:\n        skip: [{id: CKV_AWS_26, comment: no}]",
        [("checkov", 9, "Resources.Alerts.Metadata.cortex")],
    ),
    "Checkov's as a comment": (
        "resource",
        "    # checkov:skip=CKV_AWS_26:It is only a test",
        [("checkov", 8, "checkov:skip=CKV_AWS_26:It is only a test")],
    ),
    "Checkov's as a comment of all checks": ("resource", "    #checkov:skip", [("checkov", 8, "checkov:skip")]),
    "Checkov's as a comment under its first name": (
        "resource",
        "      # bridgecrew:skip=CKV_AWS_26",
        [("checkov", 8, "bridgecrew:skip=CKV_AWS_26")],
    ),
    "Checkov's as text, for JSON has no comments": (
        "resource",
        "    Metadata:\n      Note: 'checkov:skip=CKV_AWS_26:no'",
        [("checkov", 9, "checkov:skip=CKV_AWS_26:no'")],
    ),
    "cfn-lint's at a resource": (
        "resource",
        f"    Metadata:\n      cfn-lint:\n        config:\n          ignore_checks: {EVERYTHING}",
        [("cfn-lint", 9, "Resources.Alerts.Metadata.cfn-lint")],
    ),
    "cfn-lint's at the template": (
        "template",
        f"Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: {EVERYTHING}",
        [("cfn-lint", 10, "Metadata.cfn-lint")],
    ),
    "cfn-lint's of whole classes": (
        "template",
        "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E, W, I]\n      regions: [eu-west-1]",
        [("cfn-lint", 10, "Metadata.cfn-lint")],
    ),
    "cfn-lint's that is none": ("template", "Metadata:\n  cfn-lint: [E3002]", [("cfn-lint", 10, "Metadata.cfn-lint")]),
    "cfn-lint's as a comment": (
        "resource",
        "    # cfn-lint: disable=E3002",
        [("cfn-lint", 8, "# cfn-lint: disable=E3002")],
    ),
    "cfn_nag's": (
        "resource",
        "    Metadata:\n      cfn_nag:\n        rules_to_suppress: [{id: W47, reason: no}]",
        [("cfn_nag", 9, "Resources.Alerts.Metadata.cfn_nag")],
    ),
    "several at once": (
        "resource",
        "    # checkov:skip=CKV_AWS_26:no\n    Metadata:\n      cfn_nag: {rules_to_suppress: [{id: W47}]}\n"
        "      guard: {SuppressedRules: [topic_encrypts_with_a_customer_key]}",
        [
            ("checkov", 8, "checkov:skip=CKV_AWS_26:no"),
            ("cfn_nag", 10, "Resources.Alerts.Metadata.cfn_nag"),
            ("cfn-guard", 11, "Resources.Alerts.Metadata.guard"),
        ],
    ),
}


def _template(at="", written=""):
    return TEMPLATE.format(resource=written if at == "resource" else "", template=written if at == "template" else "")


def _found(report):
    """The findings, without lines and order."""
    return {(each.engine, each.rule, each.resource, each.message, each.scenarios) for each in report.findings}


@pytest.fixture(scope="module")
def unsuppressed(report_of):
    """The report on the template without suppressions."""
    return report_of(_template())


def test_every_engine_refuses_something_of_the_template(unsuppressed):
    """Without findings there is nothing to suppress, and the tests below would prove nothing."""
    found = {name: each.engine for each in unsuppressed.findings for name in (each.rule, each.slug)}

    assert {rule: found.get(rule) for rule in REFUSED_BY} == REFUSED_BY
    assert unsuppressed.suppressions == []


@pytest.mark.parametrize(("at", "written", "reported"), SUPPRESSIONS.values(), ids=list(SUPPRESSIONS))
def test_a_suppression_changes_nothing_and_is_reported_with_its_line(report_of, unsuppressed, at, written, reported):
    report = report_of(_template(at, written))

    assert _found(report) == _found(unsuppressed)
    assert [(each.engine, each.line, each.what) for each in report.suppressions] == reported


def test_a_template_cannot_configure_the_linters_rules(report_of):
    """E1029 (a variable without Fn::Sub) is reported, and the template's own configuration does not change that."""
    text = "Conditions:\n  Never: !Equals [a, b]\n" + _template().replace("$\n", "!If [Never, '${Alerts}', a]\n", 1)
    configured = "Metadata: {cfn-lint: {config: {configure_rules: {E1029: {custom_excludes: .*}}}}}\n"
    for template in (text, configured + text):
        assert [each.scenarios for each in report_of(template).findings if each.rule == "E1029"] == [("source",)]


def test_the_linter_would_have_obeyed():
    """Otherwise the test above proves nothing: this is cfn-lint's default behaviour."""
    written = SUPPRESSIONS["cfn-lint's at the template"][1]
    for text, found in ((_template(), True), (_template("template", written), False)):
        template, _ = decode_str(text)
        assert template is not None
        matches = run_template_by_data(template, ConfigMixIn(regions=["us-east-1"]), cfn_lint_rules.all_rules())

        assert ("E3002" in {match.rule.id for match in matches}) is found


@pytest.mark.parametrize("place", ["home", "working directory"])
def test_nobodys_configuration_of_the_linter_has_a_say(tmp_path, monkeypatch, place):
    """The gate's result must not depend on who runs it, or where."""
    rc = "ignore_checks: [E3002]\nregions: [eu-west-1]\nconfigure_rules: {E1029: {custom_excludes: .*}}\n"
    (tmp_path / ".cfnlintrc").write_text(rc)
    monkeypatch.setenv("HOME", str(tmp_path))
    if place == "working directory":
        monkeypatch.chdir(tmp_path)
    found = {each.rule for each in cfn_lint.lint("source", _template().replace("$\n", "${Alerts}\n"), True).failures}

    assert {"E3002", "E1029"} <= found


def test_checkov_would_have_obeyed(checkov, tmp_path):
    """Its worker reports the suppressions and judges the resources anyway."""
    path = tmp_path / "template.json"
    written = SUPPRESSIONS["Checkov's"][1]
    source = source_of(_template("resource", written))
    path.write_text(json.dumps(source.template))
    answer = checkov._ask({"template": str(path), "checks": "all"})

    assert answer["skipped"][0] == {"id": "CKV_AWS_26", "resource": "Alerts", "reason": "why"}
    assert "CKV_AWS_26" in {each["id"] for each in answer["failed"]}


@pytest.mark.parametrize("name", ["Checkov's", "cfn-lint's at the template", "Checkov's as a comment"])
def test_the_command_reports_a_suppression(gate, tmp_path, name):
    at, written, reported = SUPPRESSIONS[name]
    path = tmp_path / "template.yaml"
    path.write_text(_template(at, written))
    ended = gate(path, "--engine", "checks")

    engine, line, what = reported[0]
    assert ended.code == 1
    assert f"ignored  {path}:{line}  {what}: suppression for {engine}" in ended.out


def test_no_engine_gets_to_see_them_in_a_template_that_it_might_obey():
    """Today's engines are configured to ignore them; a later version may find another way."""
    metadata = "\n".join(
        f"      {name}: {{keep: no}}" for name in ("guard", "cfn-lint", "cfn_nag", "checkov", "bridgecrew", "cortex")
    )
    text = _template("resource", f"    Metadata:\n{metadata}\n      Owner: {{keep: 'yes'}}")
    source, rendering = targets(
        text.replace("Resources:", "Metadata: {cfn-lint: {keep: no}, Owner: {keep: 'yes'}}\nResources:")
    )

    for target in (source, rendering):
        assert target.template["Resources"]["Alerts"]["Metadata"] == {"Owner": {"keep": "yes"}}
    assert source.template["Metadata"] == {"Owner": {"keep": "yes"}}


@pytest.mark.parametrize(
    "text",
    [
        "Metadata:\n  AWS::CloudFormation::Interface: {ParameterGroups: []}",
        "# The linter of cfn has nothing to say about this.",
        "# Skip nothing; checkov looks at everything.",
    ],
)
def test_what_is_no_suppression_is_not_reported(text):
    assert suppressions.find(source_of(_template("template", text))) == []


def test_a_suppression_is_found_in_json():
    template = {
        "Resources": {"Alerts": {"Type": "AWS::SNS::Topic", "Metadata": {"checkov": {"skip": [{"id": "CKV_AWS_26"}]}}}}
    }
    found = suppressions.find(source_of(json.dumps(template, indent=1)))

    assert found == [Suppression("checkov", 6, "Resources.Alerts.Metadata.checkov")]


def test_the_projects_template_suppresses_nothing(pipeline):
    assert suppressions.find(pipeline) == []
