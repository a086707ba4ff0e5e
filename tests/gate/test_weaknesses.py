"""Weaknesses of today's engines, shown with the engines themselves, and that our gate does not share them.

The rules here are as naive as published ones. Each test asserts first that the naive way passes:
when an engine mends its weakness, the test says so.
"""

import json
import subprocess
from pathlib import Path

import pytest

from harness.catalogue import catalogue, controls, expansion
from harness.catalogue.catalogue import Rule
from harness.catalogue.controls import BadControls
from harness.gate.engines import cfn_guard_binary, cfn_lint
from tests.gate import self_test
from tests.gate.templates import rendered, targets
from tests.gate.test_rule_set import GOOD, GOOD_CASES, written

ALL = catalogue.load()


def _said(folder: Path, rule: str, template: dict) -> str:
    """The exit code of plain `cfn-guard validate` on a template: 0 pass, 19 fail."""
    (folder / "rule.guard").write_text(rule)
    (folder / "template.json").write_text(json.dumps(template))
    command = [cfn_guard_binary.find(), "validate", "-r", folder / "rule.guard", "-d", folder / "template.json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return {0: "pass", 19: "fail"}.get(ended.returncode, ended.stderr)


# ----------------------------------------------------------------------------- (a) what stands behind a condition ----

GRANT = "{Effect: Allow, Action: '*', Resource: '*'}"
HIDDEN = f"!If [IsRescue, {GRANT}, !Ref AWS::NoValue]"
ROLE = """\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Rescue: {{Type: String, AllowedValues: ['yes', 'no'], Default: 'no'}}
Conditions:
  IsRescue: !Equals [!Ref Rescue, 'yes']
Resources:
  WorkerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Action: sts:AssumeRole, Principal: {{Service: lambda.amazonaws.com}}}}
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {{Effect: Allow, Action: sqs:SendMessage, Resource: !Sub 'arn:${{AWS::Partition}}:sqs:*:*:work'}}
              - {0}
"""
#: As the public registry's IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS looks at a role.
NO_ADMINISTRATOR = """
let roles = Resources.*[ Type == 'AWS::IAM::Role' ]
let administrators = Resources.*[
  Type == 'AWS::IAM::Role'
  Properties.Policies[*].PolicyDocument.Statement[ Effect == 'Allow' Action == '*' Resource == '*' ] !empty
]

rule role_is_no_administrator when %roles !empty {
  %administrators empty
}
"""


def test_an_administrator_behind_a_condition_passes_guard_on_the_source(tmp_path):
    source, *_ = targets(ROLE.format(HIDDEN))
    plain, *_ = targets(ROLE.format(GRANT))

    assert _said(tmp_path, NO_ADMINISTRATOR, plain.template) == "fail"
    assert _said(tmp_path, NO_ADMINISTRATOR, source.template) == "pass"


def test_an_administrator_behind_a_condition_passes_checkov_on_the_source(checkov):
    own = {}
    for name, grant in (("plain", GRANT), ("hidden", HIDDEN)):
        outcome = checkov.judge(targets(ROLE.format(grant))[:1])[0]
        own[name] = {each.rule for each in outcome.failures if not each.rule.startswith("CKV_FDP_")}

    assert "CKV_AWS_110" in own["plain"]
    assert own["hidden"] == set()


def test_an_administrator_behind_a_condition_passes_the_linter_on_the_source():
    source, *_ = targets(ROLE.format(HIDDEN))

    assert cfn_lint.lint("source", source.source_text, True).failures == []


def test_the_gate_refuses_it_and_names_the_scenario_in_which_it_is_granted(gate, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(ROLE.format(HIDDEN))
    ended = gate(path, "--engine", "checkov", "--format", "json")
    granted = [each["name"] for each in ended.report["scenarios"] if each["conditions"] == {"IsRescue": True}]
    line = ROLE.splitlines().index("              - {0}") + 1

    assert len(granted) == 1
    for rule in ("role_policy_names_its_actions", "role_policy_names_its_resources"):
        found = [each for each in ended.findings(rule) if each["line"] == line]
        assert [(each["resource"], each["scenarios"]) for each in found] == [("WorkerRole", granted)]
    assert [each["scenarios"] for each in ended.findings("CKV_AWS_110")] == [granted]


def test_a_finding_is_at_its_place_in_the_source_where_a_condition_has_moved_it(report_of):
    """The bad statement is third in one rendering and second in the other; in the file it is always here."""
    text = ROLE.format(HIDDEN.replace("'*'", "sqs:SendMessage", 1).replace("'*'", "arn:aws:sqs:*:*:work", 1))
    text += f"              - {GRANT}\n"
    found = [each for each in report_of(text).findings if each.slug == "role_policy_names_its_actions"]

    assert [(each.line, each.path.rpartition(".")[2]) for each in found] == [(len(text.splitlines()), "Statement[2]")]
    assert sorted(found[0].scenarios) == ["default", "default +IsRescue"]


# --------------------------------------------------------------------------- (b) content with one good one of two ----

DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["*"],
    "Condition": {"Bool": {"aws:SecureTransport": False}},
}
BUCKETS = """\
Resources:
  Guarded:
    Type: AWS::S3::Bucket
  Open:
    Type: AWS::S3::Bucket
  GuardedPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Guarded
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: s3:*
            Resource: [!GetAtt Guarded.Arn, !Sub '${Guarded.Arn}/*']
            Condition: {Bool: {aws:SecureTransport: false}}
  OpenPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Open
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: arn:aws:iam::210987654321:root}
            Action: s3:GetObject
            Resource: !Sub '${Open.Arn}/*'
"""
#: As the public registry's S3_BUCKET_SSL_REQUESTS_ONLY: some statement of some policy.
SOME_POLICY_ASKS_FOR_TLS = """
let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]
let policies = Resources.*[ Type == 'AWS::S3::BucketPolicy' ]

rule buckets_ask_for_tls when %buckets !empty {
  %policies !empty
  some %policies.Properties.PolicyDocument.Statement[*] {
    Effect == 'Deny'
    Action in ['s3:*', '*']
    Condition.Bool.'aws:SecureTransport' in [false, 'false']
  }
}
"""


def test_one_bucket_policy_that_asks_for_tls_is_enough_for_the_naive_rule(tmp_path):
    _, rendering = targets(BUCKETS)
    neither = targets(BUCKETS.replace("Effect: Deny", "Effect: Allow"))[1]

    assert _said(tmp_path, SOME_POLICY_ASKS_FOR_TLS, neither.template) == "fail"
    assert _said(tmp_path, SOME_POLICY_ASKS_FOR_TLS, rendering.template) == "pass"


def test_the_gate_names_the_bucket_that_does_not(gate, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(BUCKETS)
    found = gate(path, "--engine", "checks", "--format", "json").findings("bucket_refuses_plain_http")

    assert [(each["resource"], each["line"], each["scenarios"]) for each in found] == [("Open", 4, ["default"])]


# ----------------------------------------------------------------------------------- (c) alarms that nobody hears ----

#: As the public registry's CLOUDWATCH_ALARM_ACTION_CHECK.
ALARM_HAS_AN_ACTION = """
let alarms = Resources.*[ Type == 'AWS::CloudWatch::Alarm' ]

rule alarm_has_an_action when %alarms !empty {
  %alarms.Properties.AlarmActions exists
}
"""


@pytest.mark.parametrize(
    "properties",
    [
        {"AlarmActions": []},
        {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:alerts"], "ActionsEnabled": False},
        {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:alerts"], "ActionsEnabled": "false"},
        {"AlarmActions": "alerts"},
    ],
)
def test_an_alarm_that_calls_nobody_passes_the_naive_rule_and_not_ours(guard, tmp_path, properties):
    template = {"Resources": {"Loss": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}
    missing = {"Resources": {"Loss": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "loss"}}}}
    ours = guard.judge([rendered(template)])[0]

    assert _said(tmp_path, ALARM_HAS_AN_ACTION, missing) == "fail"
    assert _said(tmp_path, ALARM_HAS_AN_ACTION, template) == "pass"
    assert {each.resource for each in ours.failures if each.rule == "alarm_has_an_action"} == {"Loss"}


# ----------------------------------------------------------------------------- (d) controls that nothing executes ----


def test_every_control_of_the_catalogue_is_executed():
    catalogue_of_controls = controls.load(controls.CONTROLS, ALL)

    for control in catalogue_of_controls.controls:
        assert control.rules
        assert all(rule.path.is_file() for rule in ALL if rule.slug in control.rules)
    assert {slug for control in catalogue_of_controls.controls for slug in control.rules} == {rule.slug for rule in ALL}


INVENTED = """
  - id: FDP-INVENTED-1
    statement: Everything is well.
    why: It would be good.
    frameworks: {{nist-800-53: [AC-3]}}
    rules: [{0}]
    not_covered: What is not.
"""


@pytest.mark.parametrize("slug", ["everything_is_well", ""])
def test_a_control_that_nothing_executes_is_refused(tmp_path, slug):
    """A table of controls is read by people who do not run it."""
    path = tmp_path / "controls.yaml"
    path.write_text(controls.CONTROLS.read_text() + INVENTED.format(slug))

    with pytest.raises(BadControls, match="FDP-INVENTED-1") as refused:
        controls.load(path, ALL)
    assert "\n" not in str(refused.value)


def test_a_rule_without_a_control_is_refused():
    """Nobody would know its purpose or miss it."""
    new = Rule("ENC-900", "topic_has_a_name", "checks", Path("x.py"), "", ())

    with pytest.raises(BadControls, match="rule topic_has_a_name has no control"):
        controls.load(controls.CONTROLS, [*ALL, new])


def test_a_control_whose_rule_was_deleted_is_refused():
    with pytest.raises(BadControls, match="there is no rule bucket_refuses_plain_http"):
        controls.load(controls.CONTROLS, [rule for rule in ALL if rule.slug != "bucket_refuses_plain_http"])


# ------------------------------------------------------------------------- (e) `cfn-guard test` is easily content ----


def _tested(folder: Path, rules: list[Rule], old: str = "", new: str = "") -> tuple[int, str]:
    """Exit code and output of plain `cfn-guard test` on the expanded cases, with one text optionally replaced."""
    expanded = folder / "expanded"
    expansion.write(expanded, [rule for rule in rules if rule.case_file.is_file()])
    for path in expanded.rglob("*_tests.yml") if old else ():
        path.write_text(path.read_text().replace(old, new))
    for rule in rules:
        (expanded / "guard" / "encryption").mkdir(parents=True, exist_ok=True)
        (expanded / "guard" / "encryption" / rule.path.name).write_text(rule.path.read_text())
    command = [cfn_guard_binary.find(), "test", "--dir", expanded / "guard" / "encryption"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def _noticed(folder: Path, rules: list[Rule]) -> str:
    return "\n".join(self_test.complaints(folder, rules))


def test_guards_test_sees_a_wrong_verdict(tmp_path):
    """The baseline: plain cfn-guard does this much."""
    rules = written(tmp_path, cases=GOOD_CASES.replace("FAIL: no name", "PASS: no name"))

    assert _tested(tmp_path, rules)[0] == 7


def test_a_rule_without_tests_is_fine_for_guard_and_not_for_us(tmp_path):
    rules = written(tmp_path, cases=None)

    assert _tested(tmp_path, rules)[0] == 0
    assert "topic_has_a_name.yaml: [Errno 2] No such file" in _noticed(tmp_path, rules)


def test_tests_of_another_name_are_fine_for_guard_and_not_for_us(tmp_path):
    """They never run, whatever they expect."""
    rules = written(tmp_path, cases=None)
    (tmp_path / "guard" / "encryption" / "cases" / "names_of_topics.yaml").write_text(GOOD_CASES)
    tests = tmp_path / "expanded" / "guard" / "encryption" / "tests" / "names_of_topics_tests.yml"
    tests.parent.mkdir(parents=True)
    tests.write_text("- {name: wrong, input: {Resources: {}}, expectations: {rules: {topic_has_a_name: FAIL}}}\n")

    assert _tested(tmp_path, rules)[0] == 0
    assert "guard/encryption/cases/names_of_topics.yaml belongs to no rule" in _noticed(tmp_path, rules)


def test_an_expectation_about_an_unknown_rule_is_fine_for_guard(tmp_path):
    """Our cases cannot name another rule: the file belongs to one rule."""
    rules = written(tmp_path)
    code, said = _tested(tmp_path, rules, '"topic_has_a_name": ', '"topic_has_no_name": ')

    assert code == 0
    assert "No Test expectation was set for Rule topic_has_a_name" in said


@pytest.mark.parametrize("number", ["900", "901"])
def test_a_test_goes_to_the_rule_that_its_name_begins_with_and_we_let_no_name_begin_another(tmp_path, number):
    """Guard also uses `topic_has_a_name_in_short_tests.yml` for `topic_has_a_name`; our numbers prevent that."""
    longer = "topic_has_a_name_in_short"
    rule = GOOD.replace("topic_has_a_name", longer).replace("900", number)
    written(tmp_path)
    rules = written(tmp_path, rule, GOOD_CASES.replace("FAIL: no name", "PASS: no name"), longer)
    code, said = _tested(tmp_path, rules)

    assert (code, "No Test expectation" in said) == ((0, True) if number == "900" else (7, False))
    assert f"topic_has_a_name is how {longer} begins" in _noticed(tmp_path, rules)
    assert ("2 rules have the id ENC-900" in _noticed(tmp_path, rules)) is (number == "900")
