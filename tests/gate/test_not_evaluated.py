"""What no scenario reached, or only the deployment knows, is a finding; given values are the only ones."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.gate.verdicts import UNKNOWN, Report
from tests.gate.templates import Ended
from tests.shared import CASES, needed

HEAD = """AWSTemplateFormatVersion: '2010-09-09'
Description: A log group.
Parameters:
  Stage:
    Type: String
    Description: Which environment it is. Choose the one you deploy to.
    ConstraintDescription: must be dev or test.
    Default: dev
    AllowedValues: [dev, test]
  KeyArn:
    Type: String
    Description: The key of the environment. Choose the key that it has.
    ConstraintDescription: must be the ARN of a key.
    AllowedPattern: arn:aws:kms:.*
"""
TAIL = """Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      KmsKeyId: !Ref KeyArn
      RetentionInDays: {days}
      Tags:
        - Key: Environment
          Value: !Ref Stage
"""
IN_EUROPE = "Conditions:\n  Bad: !Equals [!Ref AWS::Region, eu-west-1]\n"


@pytest.fixture
def judged(gate: Callable[..., Ended], tmp_path: Path) -> Callable[..., Ended]:
    """The gate on a template with this retention."""

    def run(days: str, conditions: str = "", *options: object) -> Ended:
        path = tmp_path / "template.yaml"
        path.write_text(HEAD + conditions + TAIL.format(days=days))
        return gate(path, "--format", "json", "--engine", "cfn-guard", *options)

    return run


def test_what_no_scenario_reaches_is_a_finding_with_place_and_reason(judged: Callable[..., Ended]) -> None:
    ended = judged("!If [Bad, 400, 365]", "Conditions:\n  Bad: !Equals [!Ref Stage, Test]\n")

    assert ended.code == 1
    condition, branch = ended.report["findings"]
    assert (condition["rule"], condition["path"], condition["line"]) == ("not-evaluated", "Conditions.Bad", 16)
    assert "Bad is never true. No value that the template allows for Stage changes that" in condition["message"]
    assert branch["path"] == "Resources.Logs.Properties.RetentionInDays.Fn::If[1]"


def test_a_rule_whose_answer_depends_on_the_deployment_is_not_evaluated(judged: Callable[..., Ended]) -> None:
    ended = judged("'{{resolve:ssm:/days}}'")

    (finding,) = ended.report["findings"]
    assert finding["rule"] == "not-evaluated"
    assert "RET-012 log_group_expires_late depends on {{resolve:ssm:/days}}" in finding["message"]
    assert finding["path"] == "Resources.Logs.Properties.RetentionInDays"
    verdict = next(each for each in ended.report["rules"] if each["rule"] == "RET-012")
    assert (verdict["failed_in"], verdict["not_evaluated_in"] > 0) == (0, True)


def test_a_given_region_is_the_only_one(judged: Callable[..., Ended]) -> None:
    days = "!If [Bad, 1, 365]"

    assert judged(days, IN_EUROPE).code == 1
    assert judged(days, IN_EUROPE, "--region", "eu-west-1").code == 1
    assert judged(days, IN_EUROPE, "--region", "us-east-1").code == 0


def test_a_given_account_is_the_only_one(judged: Callable[..., Ended]) -> None:
    days, conditions = "!If [Bad, 1, 365]", "Conditions:\n  Bad: !Equals [!Ref AWS::AccountId, '011122223333']\n"

    assert judged(days, conditions).code == 1
    assert judged(days, conditions, "--account", "210987654321").code == 0


@pytest.mark.parametrize("form", ["object", "list"])
def test_given_parameters_are_the_only_ones(judged: Callable[..., Ended], tmp_path: Path, form: str) -> None:
    days, conditions = "!If [Bad, 1, 365]", "Conditions:\n  Bad: !Equals [!Ref Stage, test]\n"
    listed = [{"ParameterKey": "Stage", "ParameterValue": "dev"}]
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps({"Stage": "dev"} if form == "object" else listed))

    assert judged(days, conditions).code == 1
    assert judged(days, conditions, "--parameters", path).code == 0


@pytest.mark.parametrize(
    ("options", "content", "said"),
    [
        (["--region", "Europe"], "", "--region: 'Europe' is no Region"),
        (["--account", "1234"], "", "--account: '1234' is no AccountId"),
        (["--parameters", "FILE"], '{"Stages": "dev"}', "the template has no parameter Stages"),
        (["--parameters", "FILE"], '{"Stage": "prod"}', "the template does not allow 'prod' as Stage"),
        (["--parameters", "FILE"], '{"Stage": 1}', "must be an object of names and values"),
        (["--parameters", "FILE"], "Stage: dev", "Expecting value"),
    ],
)
def test_values_that_cannot_be_are_refused(
    judged: Callable[..., Ended], tmp_path: Path, options: list[str], content: str, said: str
) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(content)

    assert said in judged("365", "", *(path if each == "FILE" else each for each in options)).line


def test_a_finding_names_what_it_cannot_quote(gate: Callable[..., Ended], tmp_path: Path) -> None:
    statement = "{Effect: Allow, Principal: !Sub ['${r}/x', {r: !ImportValue reader}], Action: 'sqs:*', Resource: '*'}"
    queue = "{Type: AWS::SQS::Queue, Properties: {QueueName: !Sub ['q-${r}', {r: !ImportValue reader}]}}"
    granted = f"{{Queues: [!Ref Q], PolicyDocument: {{Statement: [{statement}]}}}}"
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n  Q: {queue}\n  P: {{Type: AWS::SQS::QueuePolicy, Properties: {granted}}}\n")
    said = [each["message"] for each in gate(path, "--format", "json").report["findings"]]

    assert [each for each in said if "imported-" in each] == []
    assert [each for each in said if "<Fn::ImportValue reader>" in each]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("case-if", 1), ("joined-if", 1), ("map-cond", 1), ("param-map", 1), ("prod-short", 1),
        ("region-if", 1), ("resolve-days", 1),
        ("octal", 2), ("import-key", 0), ("map-eu", 0), ("getstackoutput", 0),
    ],
)  # fmt: skip
def test_cases_from_the_field_end_as_they_should(gate: Callable[..., Ended], name: str, code: int) -> None:
    assert gate(needed(CASES / "gate" / f"{name}.yaml"), "--engine", "cfn-guard", "--engine", "checks").code == code


@pytest.mark.parametrize(
    ("name", "rules"), [("keyarn-plain", {"CHG-009"}), ("nested-getatt", {"CHG-022"}), ("getstackoutput", set())]
)
def test_no_finding_is_about_a_text_that_the_gate_made_up(
    gate: Callable[..., Ended], name: str, rules: set[str]
) -> None:
    path = needed(CASES / "gate" / f"{name}.yaml")
    ended = gate(path, "--format", "json", "--engine", "cfn-guard", "--engine", "checks")

    assert {each["rule"] for each in ended.report["findings"] if each["level"] == "error"} == rules


@pytest.mark.parametrize(
    ("name", "code", "level"), [("somebody-elses", 0, "warning"), ("financial-pipeline", 1, "error")]
)
def test_a_parameter_that_decides_nothing_is_a_warning_in_the_templates_of_others(
    gate: Callable[..., Ended], tmp_path: Path, name: str, code: int, level: str
) -> None:
    unused = "  Unused:\n    Type: String\n    Description: Nothing uses it. Leave it.\n    Default: a\n"
    constraint = "    AllowedValues: [a, b]\n    ConstraintDescription: must be a or b.\n"
    path = tmp_path / "template.yaml"
    path.write_text(HEAD + unused + constraint + f"Metadata:\n  Template: {name}\n" + TAIL.format(days=365))
    ended = gate(path, "--format", "json", "--engine", "checks", "--engine", "cfn-lint")

    about_it = [each for each in ended.report["findings"] if each["path"] == "Parameters.Unused"]
    assert {(each["rule"], each["level"]) for each in about_it} == {("CHG-021", level), ("W2001", level)}
    assert not [each for each in ended.report["findings"] if each not in about_it and name != "financial-pipeline"]
    assert ended.code == code


def test_a_number_that_is_written_as_text_is_no_finding(report_of: Callable[[str], Report]) -> None:
    """CloudFormation converts it, in the source as in a rendering."""
    group = "{Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: '365'}}"

    assert "RET-012" not in {each.rule for each in report_of(f"Resources: {{Logs: {group}}}").findings}


@pytest.mark.parametrize(
    "value",
    [
        "!Sub '${X}${Stored}'",
        "!Sub '{{resolve:ssm:/${Stored}/days}}'",
        "!Join ['', ['{{resolve:ssm:/', !Ref Stored, '/days}}']]",
        "!Select [0, !Ref Several]",
        "!Select [0, !Split [',', !ImportValue days]]",
        "!FindInMap [Days, !Ref Stored, V, {DefaultValue: !ImportValue days}]",
        "!FindInMap [Days, us, V]",
        "!If [Europe, '{{resolve:ssm:/days}}', 365]",
        "!Sub '${Nested.Outputs.Days}'",
    ],
)
def test_what_is_made_of_values_that_nobody_knows_is_not_evaluated(
    report_of: Callable[[str], Report], value: str
) -> None:
    parameters = "Parameters: {Stored: {Type: AWS::SSM::Parameter::Value<String>}, X: {Type: String, Default: '3'},"
    template = f"""{parameters} Several: {{Type: AWS::SSM::Parameter::Value<List<String>>}}}}
Mappings: {{Days: {{us: {{V: '{{{{resolve:ssm:/days}}}}'}}}}}}
Conditions: {{Europe: !Equals [!Ref AWS::Region, eu-west-1]}}
Resources:
  Nested: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: 'https://example.com/'}}}}
  Logs: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: {value}}}}}"""
    found = [each for each in report_of(template).findings if each.path.startswith("Resources.Logs.Properties.Ret")]

    assert "RET-012" not in {each.rule for each in found}
    assert any("RET-012" in each.message for each in found if each.rule == UNKNOWN)
