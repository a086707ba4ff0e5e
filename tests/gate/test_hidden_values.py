"""A bad value that hides behind one to three random functions, conditions, maps and pseudo parameters is reported."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import NIGHTLY, PROFILE
from harness.catalogue.catalogue import CHECKS, GUARD
from harness.gate.engines.outcome import Engine
from harness.gate.judge import judge
from harness.gate.rule_set import RuleSet
from harness.gate.verdicts import UNKNOWN, Report
from harness.render.parameters import text
from tests.gate.templates import source_of
from tests.render.strategies import COMPARED, hiding_conditions

PARAMETERS = {
    "Environment": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
    "Tier": {"Type": "String", "Default": "gold", "AllowedPattern": "[a-z]+"},
    "Name": {"Type": "String", "Default": "plain"},
    "Names": {"Type": "CommaDelimitedList", "Default": "a,b,c"},
    # One for each list: a single index cannot be two numbers.
    **{f"Size{layer}": {"Type": "Number", "Default": 0} for layer in range(3)},
}
#: For the maps that conditions look into.
MAPPINGS = {
    "Tiers": {"gold": {"Kind": "dear"}, "bronze": {"Kind": "cheap"}},
    "Deep": {"dev": {"gold": 365, "bronze": 90}, "prod": {"gold": 400, "bronze": 1}},
}


def _bucket(blocked: Any) -> dict[str, Any]:
    others = ("BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    blocks = {"BlockPublicAcls": blocked, **dict.fromkeys(others, True)}
    return {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": blocks}}


def _group(block: Any) -> dict[str, Any]:
    ingress = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": block}]
    properties = {"GroupDescription": "endpoints", "SecurityGroupIngress": ingress}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}


def _of(type_: str, name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"Type": type_, "Properties": {name: value}}


#: A resource with a value, a good value of it, and a bad one.
HIDDEN: dict[str, tuple[Callable[[Any], dict[str, Any]], Any, Any]] = {
    "retention": (_of("AWS::Logs::LogGroup", "RetentionInDays"), 365, 1),
    "rotation": (_of("AWS::KMS::Key", "EnableKeyRotation"), True, False),
    "protection": (_of("AWS::DynamoDB::Table", "DeletionProtectionEnabled"), True, False),
    "ingress": (_group, "10.0.0.0/16", "0.0.0.0/0"),
    "public access": (_bucket, True, False),
}


@st.composite
def hidings(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """What is hidden, and the template in which it is."""
    what = draw(st.sampled_from(sorted(HIDDEN)))
    resource, good, bad = HIDDEN[what]
    template: dict[str, Any] = {"Parameters": PARAMETERS, "Mappings": {**MAPPINGS}, "Conditions": {}}
    value = bad
    for layer in range(draw(st.integers(1, 3))):
        kinds = ["If", "Select", "Join", "Sub"] + ["Allowed", "FindInMap", "ListInMap", "Split"] * (layer == 0)
        match draw(st.sampled_from(kinds)):
            case "If":
                template["Conditions"][f"C{layer}"] = draw(hiding_conditions)
                value = {"Fn::If": [f"C{layer}", *draw(st.permutations([value, good]))]}
            case "Select":
                value = {"Fn::Select": [{"Ref": f"Size{layer}"}, draw(st.permutations([value, good, good]))]}
            case "Join":
                value = {"Fn::Join": ["", [value]]}
            case "Sub":
                value = {"Fn::Sub": ["${V}", {"V": value}]}
            case "Allowed":
                allowed = {"Type": "String", "AllowedValues": [text(good), text(bad)], "Default": text(good)}
                template["Parameters"] = {**PARAMETERS, "Given": allowed}
                value = {"Ref": "Given"}
            case "ListInMap":
                template["Mappings"]["Hidden"] = {"only": {"V": draw(st.permutations([good, bad, good]))}}
                value = {"Fn::Select": [{"Ref": "Size0"}, {"Fn::FindInMap": ["Hidden", "only", "V"]}]}
            case "Split":
                joined = ",".join(map(text, draw(st.permutations([good, bad, good]))))
                value = {"Fn::Select": [{"Ref": "Size0"}, {"Fn::Split": [",", joined]}]}
            case "FindInMap":
                name = draw(st.sampled_from(sorted(COMPARED)))
                keys = draw(st.permutations(COMPARED[name]))
                template["Mappings"]["Hidden"] = {key: {"V": bad if key == keys[0] else good} for key in keys}
                value = {"Fn::FindInMap": ["Hidden", {"Ref": name}, "V"]}
    return what, {**template, "Resources": {"Hides": resource(value)}}


def _refusing(report: Report) -> set[str]:
    return {each.rule for each in report.findings}


@pytest.fixture(scope="module")
def ours(rule_set: RuleSet, engines: list[Engine]) -> Callable[[dict[str, Any]], Report]:
    """Our rules on a template."""
    fast = [each for each in engines if each.name in (CHECKS, GUARD)]
    return lambda template: judge(source_of(json.dumps(template)), rule_set, fast)


@pytest.fixture(scope="module")
def refusing(ours: Callable[[dict[str, Any]], Report]) -> dict[str, set[str]]:
    """The rules that refuse each bad value where nothing hides it."""
    found = {}
    for name, (resource, good, bad) in HIDDEN.items():
        plain, worse = (_refusing(ours({"Resources": {"Hides": resource(value)}})) for value in (good, bad))
        assert worse > plain, name
        found[name] = worse - plain
    return found


#: 30 days, which only production's logs may not have, where no condition decides.
IN_PRODUCTION: dict[str, tuple[Any, Any]] = {
    "key of a map": ({"Fn::FindInMap": ["Days", {"Ref": "Tier"}, "V"]}, {}),
    "Region of a map": ({"Fn::FindInMap": ["Days", {"Ref": "AWS::Region"}, "V"]}, {}),
    "index of a list": ({"Fn::Select": [{"Ref": "Size0"}, [365, 30]]}, {}),
    "least value": ({"Ref": "Given"}, {"Type": "Number", "MinValue": 30, "Default": 365}),
    "allowed value": ({"Ref": "Given"}, {"Type": "String", "AllowedValues": ["365", "30"], "Default": "365"}),
}


@pytest.mark.parametrize("name", IN_PRODUCTION)
def test_what_production_alone_may_not_have_is_found_where_no_condition_decides(
    ours: Callable[[dict[str, Any]], Report], name: str
) -> None:
    value, given_ = IN_PRODUCTION[name]
    days = {key: {"V": 365} for key in ("gold", "us-east-1")} | {key: {"V": 30} for key in ("bronze", "eu-west-1")}
    template = {
        "Parameters": {**PARAMETERS, **({"Given": given_} if given_ else {})},
        "Mappings": {"Days": days},
        "Resources": {"Hides": HIDDEN["retention"][0](value)},
    }

    assert "RET-013" in _refusing(ours(template))


@settings(max_examples=2_000 if PROFILE == NIGHTLY else 20)
@given(hidings())
def test_what_is_hidden_is_refused_or_not_evaluated(
    ours: Callable[[dict[str, Any]], Report], refusing: dict[str, set[str]], hiding: tuple[str, dict[str, Any]]
) -> None:
    what, template = hiding

    assert _refusing(ours(template)) & (refusing[what] | {UNKNOWN})


@pytest.mark.nightly
@settings(max_examples=20)
@given(hidings())
def test_the_whole_gate_refuses_it_too(
    report_of: Callable[[str], Report], refusing: dict[str, set[str]], hiding: tuple[str, dict[str, Any]]
) -> None:
    what, template = hiding

    assert _refusing(report_of(json.dumps(template))) & (refusing[what] | {UNKNOWN})
