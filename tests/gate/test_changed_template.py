"""The whole gate on our template with the changes that people make to it: a parameter renamed, a Rule gone, a role that
may do everything in one Region, a bucket, a function and an alarm more.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gate.conftest import Ended

pytestmark = pytest.mark.nightly

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
IN_IRELAND = {"Fn::If": ["IsRecoveryRegion", EVERYTHING, {"Ref": "AWS::NoValue"}]}
NEW = {
    "ReportsBucket": {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": {"Fn::Sub": "financial-reports-${Environment}-${AWS::AccountId}"},
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    },
    "ReportsAlarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmActions": [{"Ref": "PipelineAlertTopic"}],
            "AlarmDescription": "Producers send more than the shards take in",
            "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [{"Name": "StreamName", "Value": {"Ref": "MarketDataStream"}}],
            "EvaluationPeriods": 3,
            "MetricName": "IncomingBytes",
            "Namespace": "AWS/Kinesis",
            "Period": 300,
            "Statistic": "Sum",
            "Threshold": 200000000,
            "TreatMissingData": "notBreaching",
        },
    },
    "ReportsRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        },
    },
    "ReportsFunction": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": "../build/package/kinesis_consumer.zip",
            "FunctionName": {"Fn::Sub": "reports-${Environment}"},
            "Handler": "report.handler.lambda_handler",
            "Role": {"Fn::GetAtt": ["ReportsRole", "Arn"]},
            "Runtime": "python3.13",
            "VpcConfig": {"SecurityGroupIds": [{"Ref": "FunctionSecurityGroup"}], "SubnetIds": {"Ref": "SubnetIds"}},
        },
    },
}


def _renamed(template: Any, old: str, new: str) -> Any:
    """The template with another name for a parameter, where it is declared and wherever it is referred to."""
    text = json.dumps(template).replace(f"${{{old}}}", f"${{{new}}}")
    changed = json.loads(text.replace(f'{{"Ref": "{old}"}}', f'{{"Ref": "{new}"}}'))
    changed["Parameters"] = {new if name == old else name: each for name, each in changed["Parameters"].items()}
    for group in changed["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        group["Parameters"] = [new if name == old else name for name in group["Parameters"]]
    return changed


@pytest.fixture
def findings(
    gate: Callable[..., Ended], pipeline: Any, tmp_path: Path
) -> Callable[[Any], tuple[object, list[dict[str, Any]]]]:
    """Exit code of the gate, and the findings that are not waived, on a template in another folder."""

    def judged(template: Any) -> tuple[object, list[dict[str, Any]]]:
        path = tmp_path / "template.json"
        path.write_text(json.dumps(template))
        ended = gate(path, "--format", "json")
        return ended.code, [each for each in ended.report["findings"] if not each["waived"]]

    return judged


@pytest.fixture
def template(pipeline: Any) -> Any:
    """Our template, to be changed."""
    return json.loads(json.dumps(pipeline.template))


def test_the_template_is_fine_in_another_folder_and_with_another_name_for_its_environment(
    findings: Callable[[Any], tuple[object, list[Any]]], template: Any
) -> None:
    assert findings(_renamed(template, "Environment", "Stage")) == (0, [])


def test_the_rules_that_hold_production_are_missed_whatever_the_environment_is_called(
    findings: Callable[[Any], tuple[object, list[Any]]], template: Any
) -> None:
    for rule in ("ProductionIsWriteOnceForSevenYears", "TryOutsCanBeUndone"):
        del template["Rules"][rule]
    deleted = {each["rule"] for each in findings(template)[1]}
    code, found = findings(_renamed(template, "Environment", "Stage"))

    assert code == 1
    assert {each["rule"] for each in found} == deleted


def test_a_grant_of_everything_in_one_region_is_refused(
    findings: Callable[[Any], tuple[object, list[Any]]], template: Any
) -> None:
    template["Conditions"]["IsRecoveryRegion"] = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
    role = template["Resources"]["KinesisConsumerRole"]["Properties"]
    role["Policies"][0]["PolicyDocument"]["Statement"].insert(0, IN_IRELAND)
    code, found = findings(template)

    assert code == 1
    # What the role may then do to a bucket or to its function is found there as well.
    assert "KinesisConsumerRole" in {each["resource"] for each in found}


def test_findings_are_about_what_is_new_and_say_what_to_do(
    findings: Callable[[Any], tuple[object, list[Any]]], template: Any
) -> None:
    template["Resources"] |= NEW
    code, found = findings(template)

    assert code == 1
    assert {each["resource"] for each in found} == NEW.keys(), [
        (each["rule"], each["resource"], each["message"]) for each in found if each["resource"] not in NEW
    ]
    ours = [each for each in found if each["engine"] in ("checks", "cfn-guard", "checkov") and each["fix"]]
    assert len(ours) > len(NEW)
    assert not [each for each in found if "<" in each["message"]]
