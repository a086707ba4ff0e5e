"""A value that only the deployment knows is of its property's kind; where the value decides, each is tried."""

import re
from typing import Any

import pytest

from harness.render.scenarios import Scenarios
from harness.render.unknown import name_of
from tests.gate.templates import source_of

KEY = re.compile(r"arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}")
NESTED = "  Keys: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x.s3.amazonaws.com/k.yaml}}\n"
KEYS = {
    "an import": "!ImportValue keys-KeyArn",
    "an import by a text": "!ImportValue {'Fn::Sub': '${AWS::StackName}-KeyArn'}",
    "an output of another stack": "{'Fn::GetStackOutput': {StackName: keys, OutputName: KeyArn}}",
    "an output of a nested stack": "!GetAtt Keys.Outputs.KeyArn",
    "a dynamic reference": "'{{resolve:ssm:/keys/arn}}'",
    "a parameter that takes any text": "!Ref KeyArn",
    "a stored parameter": "!Ref StoredArn",
    "a branch": "!If [Cheap, !ImportValue keys-KeyArn, !ImportValue keys-KeyArn]",
}
PARAMETERS = """Parameters:
  KeyArn: {Type: String}
  StoredArn: {Type: 'AWS::SSM::Parameter::Value<String>'}
  Tier: {Type: String, AllowedValues: [cheap, dear]}
Conditions:
  Cheap: !Equals [!Ref Tier, cheap]
"""


def scenarios(properties: str, more: str = "") -> Scenarios:
    group = f"Resources:\n{NESTED}  Logs:\n    Type: AWS::Logs::LogGroup\n    Properties: {{{properties}}}\n"
    return Scenarios(source_of(f"{PARAMETERS}{more}{group}").template)


def rendered(found: Scenarios, name: str) -> set[Any]:
    return {each.rendering.resource("Logs")["Properties"][name] for each in found.all}


@pytest.mark.parametrize("written", [pytest.param(text, id=name) for name, text in KEYS.items()])
def test_a_key_is_made_where_a_key_is_wanted(written: str) -> None:
    found = scenarios(f"KmsKeyId: {written}")
    keys = rendered(found, "KmsKeyId")

    assert len(keys) == 1
    assert all(map(KEY.fullmatch, keys))
    # What was assumed is in the report, as a parameter's value is.
    assert all(keys <= {*each.values.values()} for each in found.all)


def test_a_value_is_the_same_wherever_it_is_used() -> None:
    found = scenarios("KmsKeyId: !ImportValue k, LogGroupName: !Sub ['logs-${Key}', {Key: !ImportValue k}]")

    assert rendered(found, "LogGroupName") == {f"logs-{key}" for key in rendered(found, "KmsKeyId")}


@pytest.mark.parametrize("written", ["!ImportValue days", "'{{resolve:ssm:/days}}'", "!Ref KeyArn"])
def test_each_value_that_the_schema_lists_is_tried(written: str) -> None:
    assert {1, 30, 365, 3653} <= rendered(scenarios(f"RetentionInDays: {written}"), "RetentionInDays")


@pytest.mark.parametrize(
    "compared",
    [
        "!Equals [!ImportValue stage, prod]",
        "!Not [!Equals [prod, !ImportValue stage]]",
        "!Equals [!Sub ['${s}-${Tier}', {s: !ImportValue stage}], prod-cheap]",
        "!Equals ['{{resolve:ssm:/stage}}', prod]",
        "!Equals [{'Fn::GetStackOutput': {StackName: s, OutputName: o}}, prod]",
        "!Equals [!Ref StoredArn, prod]",
    ],
)
def test_a_condition_on_what_others_say_goes_both_ways(compared: str) -> None:
    found = scenarios("RetentionInDays: !If [Bad, 1, 365]", f"  Bad: {compared}\n")

    assert rendered(found, "RetentionInDays") == {1, 365}
    assert found.unreached == []


def test_a_text_around_a_dynamic_reference_stays_as_it_is() -> None:
    assert name_of("x-{{resolve:ssm:/days}}") == ""
    assert rendered(scenarios("LogGroupName: 'x-{{resolve:ssm:/days}}'"), "LogGroupName") == {"x-{{resolve:ssm:/days}}"}
