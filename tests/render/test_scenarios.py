"""A few scenarios contain everything that a template can create; compared with full enumeration."""

import itertools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.render import parameters
from harness.render.dependencies import Dependencies
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenario, Scenarios
from harness.render.source import Source
from tests.render.strategies import any_parameters, patterns, switched_templates
from tests.waiting import cpu_seconds

Values = dict[str, str]


def form(rendering: Rendering, logical_id: str) -> str:
    return json.dumps(rendering.resource(logical_id), sort_keys=True) if rendering.exists(logical_id) else ""


def combinations(domains: dict[str, list[str]]) -> Iterator[Values]:
    for chosen in itertools.product(*domains.values()):
        yield dict(zip(domains, chosen, strict=True))


def rules_hold(values: Values) -> bool:
    """The template's Rules, written out again by hand."""
    production = values["Environment"] == "production"
    return (
        (values["ArchiveLockMode"] == "COMPLIANCE") == production
        and (values["ArchiveRetentionDays"] in ("2557", "3653")) == production
        and not (production and int(values["LogRetentionDays"]) < 365)
        and not (production and values["RecordDataEvents"] == "false")
        and not (values["DataConsumerOrganizationId"] and not values["DataConsumerAccountId"])
        and not (
            "true" in (values["CreateS3Endpoint"], values["CreateDynamoDBEndpoint"]) and not values["RouteTableIds"]
        )
    )


# ---------------------------------------------------------------- our own template
def test_there_are_few_scenarios_and_they_are_quickly_made(source: Source) -> None:
    begun = time.process_time()
    found = Scenarios(source.template).all
    assert time.process_time() - begun < cpu_seconds(2)
    assert 10 < len(found) < 60


def test_each_scenario_has_a_name_of_its_own_that_begins_with_its_environment(scenarios: Scenarios) -> None:
    names = [scenario.name for scenario in scenarios.all]
    assert len(set(names)) == len(names)
    assert all(each.name.split()[0] == each.values["Environment"] for each in scenarios.all)
    assert names[:3] == ["production", "development", "staging"]


def test_every_scenario_is_one_that_cloudformation_would_take(source: Source, scenarios: Scenarios) -> None:
    declared = source.template["Parameters"]
    for scenario in scenarios.all:
        assert scenario.values.keys() == declared.keys()
        assert rules_hold(scenario.values), scenario.name
        for name, value in scenario.values.items():
            assert takes(declared[name], value), (scenario.name, name, value)


def takes(parameter: dict[str, Any], value: str) -> bool:
    """A parameter's constraints, as in the CloudFormation reference."""
    if "AllowedValues" in parameter:
        return value in [str(each) for each in parameter["AllowedValues"]]
    if parameter["Type"] == "Number":
        return parameter.get("MinValue", float(value)) <= float(value) <= parameter.get("MaxValue", float(value))
    if "AllowedPattern" in parameter:
        return re.fullmatch(parameter["AllowedPattern"], value) is not None
    return bool(value)


def test_every_allowed_value_and_every_bound_is_in_some_scenario(source: Source, scenarios: Scenarios) -> None:
    for name, parameter in source.template["Parameters"].items():
        wanted = [str(each) for each in parameter.get("AllowedValues", [])]
        wanted += [str(parameter[key]) for key in ("MinValue", "MaxValue") if key in parameter]
        assert set(wanted) <= {scenario.values[name] for scenario in scenarios.all}, name


def test_each_condition_holds_in_some_scenario_and_not_in_another(source: Source, scenarios: Scenarios) -> None:
    for name in source.template["Conditions"]:
        assert {each.rendering.conditions[name] for each in scenarios.all} == {True, False}, name


#: What conditions test: both values of a switch, an optional text empty or not.
_SWITCHES = [
    f"Create{name}Endpoint" for name in ("S3", "DynamoDB", "SQS", "Kinesis", "Glue", "KMS", "Logs", "SNS", "STS")
]
_OPTIONAL = [
    "AlertQueueArn",
    "DataConsumerAccountId",
    "DataConsumerOrganizationId",
    "EndpointSubnetIds",
    "ExistingKeyArn",
    "VpcOwnerAccountId",
]


def asked(values: Values) -> Values:
    return {
        **{name: values[name] for name in ("Environment", "EndpointPolicies", "TableDeletionProtection")},
        **{name: values[name] for name in (*_SWITCHES, "RecordDataEvents", "ReserveConcurrency")},
        **{name: "given" if values[name] else "" for name in _OPTIONAL},
        "VpcCidr": str(len(values["VpcCidr"].split(","))),
    }


def refused(pair: Values) -> bool:
    """Combinations that the template's Rules forbid."""
    in_a_shared_vpc = [{"VpcOwnerAccountId": "given", switch: "true"} for switch in _SWITCHES]
    return pair in [
        {"DataConsumerOrganizationId": "given", "DataConsumerAccountId": ""},
        {"Environment": "production", "RecordDataEvents": "false"},
        *in_a_shared_vpc,
    ]


def test_every_pair_of_what_conditions_ask_about_is_in_some_scenario(source: Source, scenarios: Scenarios) -> None:
    """Two properties that are wrong only together usually depend on two parameters."""
    domains = {name: ["true", "false"] for name in (*_SWITCHES, "RecordDataEvents", "ReserveConcurrency")}
    domains |= {name: ["", "given"] for name in _OPTIONAL}
    domains["VpcCidr"] = [str(count) for count in range(1, 6)]
    for name in ("Environment", "EndpointPolicies", "TableDeletionProtection"):
        domains[name] = source.template["Parameters"][name]["AllowedValues"]
    assert scenarios.dependencies.of(source.template["Conditions"]) | {"Environment"} == domains.keys()

    seen = [asked(scenario.values) for scenario in scenarios.all]
    for (left, ones), (right, others) in itertools.combinations(domains.items(), 2):
        for one, other in itertools.product(ones, others):
            if not refused({left: one, right: other}):
                assert any(each[left] == one and each[right] == other for each in seen), (left, one, right, other)


def test_each_form_that_a_resource_can_take_is_in_some_scenario(source: Source, scenarios: Scenarios) -> None:
    """By enumeration: every combination of the parameters that the resource's conditions depend on."""
    default = scenarios.all[0].values
    covered = {(name, form(each.rendering, name)) for each in scenarios.all for name in source.template["Resources"]}
    conditional = scenarios.variables
    counted = 0
    for name in source.template["Resources"]:
        domains = {each: conditional[each] for each in conditional if each in scenarios.dependencies.of_resource(name)}
        assert len(domains) <= 8, "too many to count out"
        for partial in combinations(domains):
            for base in (each.values for each in scenarios.all[:3]):
                values = base | partial
                if values["DataConsumerOrganizationId"] and "DataConsumerAccountId" not in domains:
                    values["DataConsumerAccountId"] = "210987654321"
                if rules_hold(values) and all(
                    values[each] == default[each] for each in _unconditional(scenarios, name)
                ):
                    assert (name, form(Rendering(source.template, values), name)) in covered, (name, partial)
                    counted += 1
    assert counted > 300


def _unconditional(scenarios: Scenarios, name: str) -> set[str]:
    declared = scenarios.template["Parameters"].keys()
    return set(scenarios.dependencies.of_resource(name)) & declared - set(scenarios.variables)


@pytest.mark.parametrize(
    "logical_ids",
    [("RawDataBucket",), ("DataEncryptionKey", "ProcessedDataBucket"), ("S3VPCEndpoint", "SQSVPCEndpoint")],
)
def test_the_combinations_of_some_resources_are_all_that_can_be_reached(
    source: Source, scenarios: Scenarios, logical_ids: tuple[str, ...]
) -> None:
    names = set().union(*(scenarios.dependencies.of_resource(each) for each in logical_ids))
    domains = {name: values for name, values in scenarios.variables.items() if name in names}
    found = list(scenarios.combinations(logical_ids))

    assert all(rules_hold(values) for values in found)
    reached = {tuple(values[name] for name in domains) for values in found}
    assert len(reached) == len(found)
    for values in combinations(domains):
        lonely = values.get("DataConsumerOrganizationId") and values.get("DataConsumerAccountId") == ""
        unrecorded = values.get("Environment") == "production" and values.get("RecordDataEvents") == "false"
        assert (tuple(values.values()) in reached) == (not lonely and not unrecorded)


def test_no_resource_changes_with_what_it_does_not_depend_on(source: Source, scenarios: Scenarios) -> None:
    """Variants and combinations rely on the dependencies and would miss a change that these do not show."""
    for base in scenarios.all[:2]:
        before = {name: form(base.rendering, name) for name in source.template["Resources"]}
        for parameter, declared in source.template["Parameters"].items():
            usual = base.values[parameter]
            other = parameters.placeholder(parameter, declared, unlike=[usual])
            rendering = Rendering(source.template, base.values | {parameter: other})
            for name, was in before.items():
                if parameter not in scenarios.dependencies.of_resource(name):
                    assert form(rendering, name) == was, (name, parameter)


# ------------------------------------------------------------------ any template
def reachable(template: dict[str, Any], domains: dict[str, list[str]]) -> list[Values]:
    """All values that the only rule, if there is one, allows."""
    found = []
    for values in combinations(domains):
        for rule in template.get("Rules", {}).values():
            one = rule["RuleCondition"]["Fn::Equals"][0]["Ref"]
            wanted = rule["Assertions"][0]["Assert"]
            other, holds = (wanted["Fn::Not"][0], "false") if "Fn::Not" in wanted else (wanted, "true")
            if values[one] == "true" and values[other["Fn::Equals"][0]["Ref"]] != holds:
                break
        else:
            found.append(values)
    return found


@settings(max_examples=40)
@given(switched_templates())
def test_of_any_template_everything_it_can_create_is_in_some_scenario(template: dict[str, Any]) -> None:
    scenarios = Scenarios(template)
    found = scenarios.all
    switches = {name: ["true", "false"] for name in template["Parameters"] if name != "Size"}
    every = [Rendering(template, values | {"Size": "5"}) for values in reachable(template, switches)]
    conditional = scenarios.dependencies.of(template["Conditions"])

    assert len({each.name for each in found}) == len(found)
    assert len({json.dumps(each.values, sort_keys=True) for each in found}) == len(found)
    for scenario in found:
        assert {name: scenario.values[name] for name in switches} in [_switches(each.values) for each in every]
    for name in template["Resources"]:
        covered = {form(scenario.rendering, name) for scenario in found}
        asked = conditional & scenarios.dependencies.of_resource(name)
        for chosen in combinations({each: ["true", "false"] for each in asked}):
            agreeing = [each for each in every if each.values.items() >= chosen.items()]
            assert not agreeing or covered & {form(each, name) for each in agreeing}
        # A parameter that no condition tests is not combined: it keeps its base value if the rules allow.
        base = scenarios.bases[0]
        usual = [
            each for each in every if all(each.values[other] == base[other] for other in base.keys() - conditional)
        ]
        assert {form(each, name) for each in usual} <= covered
    for name, value in [*itertools.product(switches, ("true", "false")), ("Size", "1"), ("Size", "9")]:
        if name == "Size" or any(each.values[name] == value for each in every):
            assert any(scenario.values[name] == value for scenario in found)
    for left, right in itertools.combinations(sorted(conditional), 2):
        pairs = {(each.values[left], each.values[right]) for each in every}
        assert pairs <= {(each.values[left], each.values[right]) for each in found}


def _switches(values: Values) -> Values:
    return {name: value for name, value in values.items() if name != "Size"}


@settings(max_examples=40)
@given(switched_templates())
def test_of_any_template_no_resource_changes_with_what_it_does_not_depend_on(template: dict[str, Any]) -> None:
    dependencies = Dependencies(template)
    domains = {name: ["true", "false"] for name in template["Parameters"] if name != "Size"} | {"Size": ["1", "9"]}
    every = {tuple(values.values()): Rendering(template, values) for values in combinations(domains)}
    for index, parameter in enumerate(domains):
        for key, rendering in every.items():
            for value in domains[parameter]:
                other = every[(*key[:index], value, *key[index + 1 :])]
                for name in template["Resources"]:
                    if parameter not in dependencies.of_resource(name):
                        assert form(rendering, name) == form(other, name), (name, parameter)


@pytest.mark.parametrize(
    ("declared", "condition"),
    [
        ({"Type": "String", "Default": ""}, {"Fn::Equals": [{"Ref": "P"}, ""]}),
        ({"Type": "String", "Default": "example"}, {"Fn::Equals": ["example", {"Ref": "P"}]}),
        ({"Type": "String", "Default": ""}, {"Fn::Or": [{"Fn::Equals": [{"Ref": "P"}, v]} for v in ("", "example")]}),
        ({"Type": "String", "Default": "x"}, {"Fn::Equals": [{"Ref": "P"}, "never the default"]}),
        ({"Type": "String"}, {"Fn::Equals": [{"Ref": "P"}, ""]}),
        ({"Type": "Number", "Default": 1}, {"Fn::Equals": [{"Ref": "P"}, 1]}),
        ({"Type": "Number", "MinValue": 3, "MaxValue": 4}, {"Fn::Equals": [{"Ref": "P"}, 3]}),
        ({"Type": "CommaDelimitedList", "Default": "a,b"}, {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "P"}]}, ""]}),
        ({"Type": "CommaDelimitedList", "Default": "a,b"}, {"Fn::Equals": [{"Fn::Select": [0, {"Ref": "P"}]}, "x"]}),
        ({"Type": "String", "Default": "a"}, {"Fn::Equals": [{"Fn::Sub": "${P}"}, "b"]}),
        ({"Type": "String", "Default": "a"}, {"Fn::Equals": [{"Ref": "P"}, {"Ref": "Q"}]}),
        (
            {"Type": "String", "Default": "s", "AllowedValues": ["s", "m", "l"]},
            {"Fn::Equals": [{"Fn::FindInMap": ["Map", {"Ref": "P"}, "large"]}, "yes"]},
        ),
    ],
)
def test_a_condition_of_any_kind_is_seen_both_ways(declared: dict[str, Any], condition: Any) -> None:
    template = {
        "Parameters": {"P": declared, "Q": {"Type": "String", "Default": "q"}},
        "Conditions": {"C": condition},
        "Mappings": {"Map": {"s": {"large": "no"}, "m": {"large": "no"}, "l": {"large": "yes"}}},
        "Resources": {"A": {"Type": "T", "Condition": "C"}, "B": {"Type": "T"}},
    }
    assert {each.rendering.exists("A") for each in Scenarios(template).all} == {True, False}


def test_rules_that_let_nothing_through_are_reported() -> None:
    template = {
        "Parameters": {"P": {"Type": "String", "AllowedValues": ["a", "b"]}},
        "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "P"}, "c"]}}]}},
        "Resources": {"A": {"Type": "T"}},
    }
    with pytest.raises(UnrenderableTemplate, match=r"^Rules: no values can be found that they let through$"):
        _ = Scenarios(template).all


def test_a_template_without_parameters_has_one_scenario() -> None:
    found = Scenarios({"Resources": {"A": {"Type": "T"}}}).all
    assert [(each.name, each.values) for each in found] == [("default", {})]
    assert isinstance(found[0], Scenario)


def test_a_resource_with_too_many_combinations_has_every_pair() -> None:
    """Thirteen switches are 8,192 combinations; not all of them are examined."""
    names = [f"P{n}" for n in range(13)]
    template = {
        "Parameters": {
            name: {"Type": "String", "AllowedValues": ["true", "false"], "Default": "true"} for name in names
        },
        "Conditions": {f"Has{name}": {"Fn::Equals": [{"Ref": name}, "true"]} for name in names},
        "Resources": {"A": {"Type": "T", "Properties": {n: {"Fn::If": [f"Has{n}", 1, 2]} for n in names}}},
    }
    begun = time.process_time()
    found = Scenarios(template).all
    assert time.process_time() - begun < cpu_seconds(3)
    for left, right in itertools.combinations(names, 2):
        assert len({(each.values[left], each.values[right]) for each in found}) == 4


# --------------------------------------------------------------------- parameters
def test_every_parameter_of_the_template_has_a_value_that_it_takes(source: Source) -> None:
    for name, parameter in source.template["Parameters"].items():
        assert takes(parameter, parameters.default(name, parameter)), name
        without = {key: each for key, each in parameter.items() if key != "Default"}
        assert takes(without, parameters.default(name, without)), name


@given(any_parameters(), st.sampled_from(["Subnet", "VpcId"]))
def test_any_parameter_has_a_value_that_it_takes(parameter: dict[str, Any], name: str) -> None:
    value = parameters.default(name, parameter)
    members = value.split(",") if parameter["Type"] == "CommaDelimitedList" else [value]
    if "AllowedValues" in parameter:
        assert value in [parameters.text(each) for each in parameter["AllowedValues"]]
    if "AllowedPattern" in parameter:
        assert all(re.fullmatch(parameter["AllowedPattern"], member) for member in members)
    if parameter["Type"] == "Number":
        assert parameter.get("MinValue", float(value)) <= float(value) <= parameter.get("MaxValue", float(value))
    assert parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", 4096)
    assert parameters.allows(parameter, value)
    assert parameters.default(name, parameter) == value


@given(patterns)
def test_a_pattern_that_takes_more_than_one_text_has_another(pattern: str) -> None:
    parameter = {"Type": "String", "AllowedPattern": pattern}
    first = parameters.default("P", parameter)
    other = parameters.placeholder("P", parameter, unlike=[first])
    assert other != first
    assert re.fullmatch(pattern, other)


@pytest.mark.parametrize(
    "parameter",
    [
        {"Type": "String", "AllowedPattern": "["},
        {"Type": "String", "AllowedPattern": "(?!)"},
        {"Type": "String", "MinLength": 5, "MaxLength": 4},
        {"Type": "Number", "MinValue": 5, "MaxValue": 4},
        {"Type": "String", "AllowedPattern": "^[a-z]{3}$", "MinLength": 4},
    ],
)
def test_constraints_that_nothing_satisfies_are_reported_by_name(parameter: dict[str, Any]) -> None:
    with pytest.raises(UnrenderableTemplate, match=r"^parameter Bad: "):
        parameters.default("Bad", parameter)


def test_a_pattern_is_for_each_member_of_a_list() -> None:
    parameter = {"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}
    assert parameters.allows(parameter, "a, b,c")
    assert not parameters.allows(parameter, "a,B")


def test_a_branch_that_an_ssm_parameters_value_decides_is_rendered() -> None:
    """Its allowed values are names of SSM parameters; conditions compare the values of those."""
    template = {
        "Parameters": {
            "Tier": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/tier", "AllowedValues": ["/tier"]}
        },
        "Conditions": {"IsGold": {"Fn::Equals": [{"Ref": "Tier"}, "gold"]}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Condition": "IsGold"}},
    }
    assert {each.rendering.exists("Queue") for each in Scenarios(template).all} == {False, True}


def test_a_condition_about_an_entry_of_a_text_is_asked_with_and_without_that_entry() -> None:
    """Comparing `Select` of `Split` with the empty text tests the number of entries; texts with and without a comma."""
    block = r"[0-9.]+/[0-9]+"
    parameter = {"Type": "String", "AllowedPattern": f"^{block}(,{block}){{0,2}}$"}
    entries = {"Fn::Split": [",", {"Fn::Sub": "${Blocks},,"}]}
    third = {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [2, entries]}, ""]}]}
    bucket = {"Type": "AWS::S3::Bucket", "Condition": "HasThird"}
    template = {"Parameters": {"Blocks": parameter}, "Conditions": {"HasThird": third}, "Resources": {"B": bucket}}

    found = {each.values["Blocks"]: each.rendering.conditions["HasThird"] for each in Scenarios(template).all}

    assert {len(blocks.split(",")): holds for blocks, holds in found.items()} == {1: False, 3: True}


def test_values_that_only_looser_rules_let_through_are_found() -> None:
    parameter = {"Type": "String", "AllowedValues": ["a", "b"], "Default": "a"}
    given = {"Fn::Equals": [{"Ref": "One"}, "b"]}
    assertion = {"Assert": {"Fn::Equals": [{"Ref": "Other"}, "a"]}}
    template = {
        "Parameters": {"One": parameter, "Other": parameter},
        "Rules": {"Rule": {"RuleCondition": given, "Assertions": [assertion]}},
        "Resources": {"B": {"Type": "AWS::S3::Bucket"}},
    }
    strict, loose = Scenarios(template), Scenarios({**template, "Rules": {}})

    assert loose.let_through(strict) == {"One": "b", "Other": "b"}
    assert strict.let_through(strict) is None


def test_where_a_map_lacks_an_entry_each_form_of_a_resource_is_rendered_once(monkeypatch: pytest.MonkeyPatch):
    """Which values can be deployed is tried for each combination of them, so that it must not render them all."""
    rendered = []
    render = Rendering._resource
    monkeypatch.setattr(Rendering, "_resource", lambda self, name: rendered.append(name) or render(self, name))
    names = "ABCDE"
    kind = {"Type": "String", "AllowedValues": ["a", "b"], "Default": "a"}
    by_parameter = {name: {"Fn::Equals": [{"Ref": f"P{name}"}, "b"]} for name in names}
    queue = {"Type": "AWS::SQS::Queue"}
    rate = {"Fn::FindInMap": ["ByPartition", {"Ref": "AWS::Partition"}, "x"]}
    scenarios = Scenarios(
        {
            "Parameters": {f"P{name}": kind for name in names},
            "Mappings": {"ByPartition": {"aws": {"x": "1"}, "aws-us-gov": {"x": "2"}}},
            "Conditions": by_parameter | {"Never": {"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-cn"]}},
            "Resources": {
                name: queue | {"Properties": {"DelaySeconds": {"Fn::If": [name, 1, 2]}}} for name in names
            } | {"Z": queue | {"Properties": {"DelaySeconds": rate, "VisibilityTimeout": {"Fn::If": ["Never", 1, 2]}}}},
        }
    )  # fmt: skip

    assert [each.said for each in scenarios.unreached][:1] == ["The condition Never is never true."]
    # Two forms of each queue; of the last one a form for each entry, and what has none.
    assert len(rendered) <= 2 * len(names) + 3
