"""What AWS's schemas add to a rendering: value types, and the values of Ref and GetAtt."""

from typing import Any

import pytest

from harness.render import schemas
from harness.render.attributes import Account, attribute, generated_name, ref
from harness.render.rendering import Rendering

ACCOUNT = Account()


@pytest.mark.parametrize(
    ("type_", "properties", "expected"),
    [
        pytest.param("AWS::Logs::LogGroup", {"RetentionInDays": "90"}, {"RetentionInDays": 90}, id="a number as text"),
        pytest.param("AWS::Logs::LogGroup", {"RetentionInDays": "0090"}, {"RetentionInDays": "0090"}, id="no numeral"),
        pytest.param("AWS::Logs::LogGroup", {"RetentionInDays": 90}, {"RetentionInDays": 90}, id="a number"),
        pytest.param("AWS::Logs::LogGroup", {"RetentionInDays": "1.5"}, {"RetentionInDays": "1.5"}, id="a fraction"),
        pytest.param("AWS::KMS::Key", {"EnableKeyRotation": "true"}, {"EnableKeyRotation": True}, id="a switch"),
        pytest.param("AWS::SSM::Parameter", {"Value": "90"}, {"Value": "90"}, id="a text that looks like a number"),
        pytest.param(
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": "7", "Prefix": "7"}]}},
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 7, "Prefix": "7"}]}},
            id="inside of lists and objects",
        ),
        pytest.param(
            "AWS::Lambda::Function",
            {"Environment": {"Variables": {"COUNT": "7", "FLAG": "true"}}},
            {"Environment": {"Variables": {"COUNT": "7", "FLAG": "true"}}},
            id="variables stay text",
        ),
        pytest.param(
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": {"Statement": [{"Principal": {"AWS": "123456789012"}}]}},
            {"AssumeRolePolicyDocument": {"Statement": [{"Principal": {"AWS": "123456789012"}}]}},
            id="an account in a policy stays text",
        ),
        pytest.param("Custom::Thing", {"Count": "7"}, {"Count": "7"}, id="a type without a schema"),
        pytest.param("AWS::No::Such", {"Count": "7"}, {"Count": "7"}, id="a type that there is not"),
        pytest.param("AWS::Logs::LogGroup", "nothing", "nothing", id="no object"),
    ],
)
def test_text_becomes_what_the_schema_asks_for_and_nothing_else(type_: str, properties: Any, expected: Any):
    assert repr(schemas.typed(type_, properties)) == repr(expected)


def test_a_rendering_has_numbers_where_cloudformation_would_make_them():
    template = {
        "Parameters": {"Days": {"Type": "String", "Default": "90"}},
        "Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}}},
    }

    assert Rendering(template, {"Days": "90"}).resource("Log")["Properties"] == {"RetentionInDays": 90}


@pytest.mark.parametrize(
    ("type_", "pattern"),
    [
        pytest.param("AWS::EC2::Subnet", "subnet-", id="an id of EC2"),
        pytest.param("AWS::ElasticLoadBalancingV2::LoadBalancer", "arn:aws:elasticloadbalancingv2:", id="an ARN"),
        pytest.param("AWS::Lambda::Version", "arn:aws:lambda:", id="a version's ARN"),
        pytest.param("AWS::ECS::Cluster", "financial-pipeline-Thing-", id="a name"),
        pytest.param("Custom::Thing", "financial-pipeline-Thing-", id="a type without a schema"),
    ],
)
def test_a_reference_is_of_the_form_that_the_type_gives(type_: str, pattern: str):
    assert ref(ACCOUNT, type_, generated_name(ACCOUNT, "Thing", type_)).startswith(pattern)


@pytest.mark.parametrize("type_", ["AWS::IAM::Role", "AWS::Lambda::Function", "AWS::S3::Bucket"])
def test_a_generated_name_is_no_longer_than_the_service_takes_and_still_its_own(type_: str):
    names = {generated_name(ACCOUNT, f"{'Long' * 30}{number}", type_) for number in range(3)}

    assert len(names) == 3
    assert all(len(name) <= 64 for name in names)


@pytest.mark.parametrize(
    ("type_", "key", "kind"),
    [
        pytest.param("AWS::DirectoryService::MicrosoftAD", "DnsIpAddresses", list, id="a list"),
        pytest.param("AWS::EC2::VPC", "CidrBlock", str, id="a text"),
        pytest.param("Custom::Thing", "Anything", str, id="a type without a schema"),
    ],
)
def test_an_attribute_is_of_the_kind_that_the_schema_says(type_: str, key: str, kind: type):
    assert isinstance(attribute(ACCOUNT, type_, "name", key), kind)
