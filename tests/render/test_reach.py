"""What decides something is varied until it has decided both ways; what no scenario reaches is reported."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from harness.render.errors import UnrenderableTemplate
from harness.render.scenarios import Scenarios
from tests.gate.templates import source_of
from tests.render.strategies import hiding_conditions

PARAMETERS = """
  Environment: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Tier: {Type: String, Default: gold, AllowedPattern: '[a-z]+'}
  Name: {Type: String, Default: plain}
  Names: {Type: CommaDelimitedList, Default: 'a,b,c'}
  Size: {Type: Number, Default: 1}
  Count: {Type: Number, Default: 1}
  Term: {Type: String, Default: '9', AllowedValues: ['9', '1']}
  Terms: {Type: CommaDelimitedList, Default: '7,1'}
"""
MAPPINGS = """
  Tiers: {gold: {Kind: dear, Days: 365}, bronze: {Kind: cheap, Days: 1}}
  Deep: {dev: {gold: 365, bronze: 90}, prod: {gold: 400, bronze: 1}}
  Accounts: {'111122223333': {Days: 1}, '123456789012': {Days: 365}}
  Lists: {gold: {Zones: [a, b], Days: [7, 1]}, bronze: {Zones: [b, x], Days: [30, 365]}}
"""


def scenarios(conditions: str = "", days: str = "!If [Bad, 1, 365]", more: str = "", **given: str) -> Scenarios:
    """Of a log group whose retention is `days`."""
    text = f"Parameters:{PARAMETERS}\nMappings:{MAPPINGS}\n{more}\nConditions: {conditions or '{}'}\nResources:\n"
    text += f"  Logs:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      RetentionInDays: {days}\n"
    return Scenarios(source_of(text).template, given)


def days(found: Scenarios) -> set[Any]:
    return {each.rendering.resource("Logs")["Properties"]["RetentionInDays"] for each in found.all}


@settings(max_examples=40)
@given(hiding_conditions, hiding_conditions)
def test_whatever_a_value_hides_behind_it_is_rendered_or_reported(one: Any, other: Any) -> None:
    text = json.dumps({"One": one, "Bad": {"Fn::And": [other, {"Condition": "One"}]}})
    found = scenarios(text, "!If [One, !If [Bad, 1, 30], 365]")

    assert 1 in days(found) or ("Conditions", "Bad") in [each.place for each in found.unreached]
    assert len({each.name for each in found.all}) == len(found.all) < 60


#: A bad value behind each; several take two or three values that have to come together.
HIDDEN = {
    "a Region": "{Bad: !Equals [!Ref AWS::Region, eu-west-1]}",
    "another Region than": "{Bad: !Not [!Equals [us-east-1, !Ref AWS::Region]]}",
    "an account": "{Bad: !Equals [!Ref AWS::AccountId, '111122223333']}",
    "an account that is a number": "{Bad: !Equals [!Ref AWS::AccountId, 111122223333]}",
    "an account in a text": "{Bad: !Equals [!Sub 'x-${AWS::AccountId}', x-111122223333]}",
    "a partition": "{Bad: !Equals [!Ref AWS::Partition, aws-us-gov]}",
    "host names": "{Bad: !Equals [!Ref AWS::URLSuffix, amazonaws.com.cn]}",
    "a stack": "{Bad: !Equals [!Ref AWS::StackName, legacy]}",
    "Region and environment": "{Bad: !And [!Equals [!Ref AWS::Region, eu-west-1], !Equals [!Ref Environment, prod]]}",
    "joined by Sub": "{Bad: !Equals [!Sub '${Environment}-${Tier}', prod-bronze]}",
    "joined by Join, on the right": "{Bad: !Equals [prod-eu, !Join ['-', [!Ref Environment, !Ref Tier]]]}",
    "three joined": "{Bad: !Equals [!Sub '${AWS::Region}/${Environment}/${Tier}', eu-west-1/prod/tin]}",
    "Sub with variables": "{Bad: !Equals [!Sub ['${e}.${t}', {e: !Ref Environment, t: !Ref Tier}], prod.tin]}",
    "Sub of a map": "{Bad: !Equals [!Sub ['x${k}', {k: !FindInMap [Tiers, !Ref Tier, Kind]}], xcheap]}",
    "a text in two parts": "{Bad: !Equals [!Ref Tier, !Join ['', [bro, nze]]]}",
    "a map": "{Bad: !Equals [!FindInMap [Tiers, !Ref Tier, Kind], cheap]}",
    "a map by its second key": "{Bad: !Equals [!FindInMap [Deep, prod, !Ref Tier], 1]}",
    "a map by both keys": "{Bad: !Equals [!FindInMap [Deep, !Ref Environment, !Ref Tier], 1]}",
    "a map's text on the other side": "{Bad: !Equals [!Ref Name, !FindInMap [Tiers, bronze, Kind]]}",
    "a list in a map": "{Bad: !Equals [!Select [1, !FindInMap [Lists, !Ref Tier, Zones]], x]}",
    "an entry of a list": "{Bad: !Equals [!Select [1, !Ref Names], x]}",
    "an entry of a text": "{Bad: !Equals [!Select [2, !Split ['-', !Sub '${Name}--']], x]}",
    "a part of a Region": "{Bad: !Equals [!Select [0, !Split ['-', !Ref AWS::Region]], eu]}",
    "the whole of a list": "{Bad: !Equals [!Join ['|', !Ref Names], 'x|y']}",
    "one of several": "{Bad: !Or [!Equals [!Ref Tier, tin], !Equals [!Ref Name, x]]}",
    "none of several": "{Bad: !Not [!Or [!Equals [!Ref Tier, gold], !Equals [!Ref Tier, tin]]]}",
    "conditions of conditions": "{A: !Equals [!Ref Tier, tin], B: !Not [{Condition: A}], C: !Not [{Condition: B}],"
    " Bad: !And [{Condition: C}, !Not [!Equals [!Ref Environment, dev]]]}",
    "an If in a comparison": "{A: !Equals [!Ref Environment, prod], Bad: !Equals [!If [A, !Ref Tier, none], tin]}",
    "another parameter": "{Bad: !Equals [!Ref Tier, !Ref Name]}",
    "a number": "{Bad: !Equals [!Ref Size, 7]}",
}


@pytest.mark.parametrize("condition", [pytest.param(text, id=name) for name, text in HIDDEN.items()])
def test_what_hides_behind_a_condition_is_rendered(condition: str) -> None:
    found = scenarios(condition)

    assert days(found) == {1, 365}
    assert found.unreached == []


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        pytest.param("!FindInMap [Tiers, !Ref Tier, Days]", {1, 365}, id="by a parameter"),
        pytest.param("!FindInMap [Deep, !Ref Environment, !Ref Tier]", {1, 90, 365, 400}, id="by two"),
        pytest.param("!FindInMap [Deep, prod, !Ref Tier]", {1, 400}, id="by the second key"),
        pytest.param("!FindInMap [Accounts, !Ref AWS::AccountId, Days]", {1, 365}, id="by the account"),
        pytest.param("!FindInMap [Tiers, !Sub '${Tier}', Days]", {1, 365}, id="by a text"),
        pytest.param("!FindInMap [Tiers, !Ref Tier, Days, {DefaultValue: 3}]", {1, 3, 365}, id="or by default"),
        pytest.param("!Select [!Ref Size, [7, 365, 1]]", {1, 7, 365}, id="of a list by a number"),
        pytest.param(
            "!Select [!Ref Size, [7, 30, !Select [!Ref Count, [1, 90]]]]", {1, 7, 30, 90}, id="a list in a list"
        ),
        pytest.param(
            "!Select [!Ref Size, [7, 30, !FindInMap [Tiers, !Ref Tier, Days]]]", {1, 7, 30, 365}, id="a map in one"
        ),
        pytest.param("!Select [!Ref Size, !FindInMap [Lists, !Ref Tier, Days]]", {1, 7, 30, 365}, id="a list in a map"),
        pytest.param("!Select [!Ref Size, !Split [',', '7,365,1']]", {1, 7, 365}, id="a text that is split"),
        pytest.param("!Select [!Ref Size, !Split ['-', !Sub '7-1-${Count}']]", {1, 7}, id="a joined text"),
        pytest.param("!Select [!Ref Size, !Ref Terms]", {1, 7}, id="of a parameter's list"),
        pytest.param("!FindInMap [Tiers, gold, Bad, {DefaultValue: 1}]", {1}, id="by default alone"),
        pytest.param("!FindInMap [Tiers, !Select [0, !Ref Names], Days]", {1, 365}, id="by an entry of a list"),
    ],
)
def test_each_entry_of_a_map_that_a_resource_may_get_is_rendered(written: str, wanted: set[int]) -> None:
    found = scenarios(days=written)

    assert days(found) == wanted
    assert found.unreached == []


def test_a_branch_in_a_list_is_rendered_where_its_entry_is_selected() -> None:
    found = scenarios("{Bad: !Equals [!Ref Tier, tin]}", "!Select [!Ref Size, [7, 365, !If [Bad, 1, 30]]]")

    assert days(found) == {1, 7, 30, 365}
    assert found.unreached == []


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("!Select [!Ref Size, [7, 365, !Ref Term]]", {1, 7, 9, 365}),
        ("!If [Bad, !Ref Term, 30]", {1, 9, 30}),
        ("!Select [!Ref Size, [7, !If [Bad, !Sub '${Term}', 30]]]", {1, 7, 9, 30}),
    ],
)
def test_a_parameters_values_are_rendered_where_it_is_referred_to_only_sometimes(
    written: str, wanted: set[int]
) -> None:
    assert days(scenarios("{Bad: !Equals [!Ref Tier, tin]}", written)) == wanted


def test_an_entry_is_rendered_in_the_branch_that_takes_it() -> None:
    found = scenarios("{P: !Equals [!Ref Environment, prod]}", "!If [P, !FindInMap [Tiers, !Ref Tier, Days], 365]")

    assert days(found) == {1, 365}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        pytest.param("{Bad: !Equals [!Ref Environment, Prod]}", "Bad is never true", id="no allowed value"),
        pytest.param("{Bad: !Not [!Equals [!Ref Environment, Prod]]}", "Bad is never false", id="always"),
        pytest.param("{Bad: !Equals [!Select [2, !Split ['-', !Ref Name]], x]}", "never false", id="no usual entry"),
        pytest.param("{Bad: !Equals [a, b]}", "Bad is never true", id="nothing varies"),
        pytest.param("{Bad: !Equals [!Select [2, !Split ['/', !Ref AWS::StackId]], x]}", "never true", id="AWS's id"),
        pytest.param(
            "{Bad: !And [!Equals [!Ref AWS::Partition, aws-cn], !Equals [!Ref AWS::Region, eu-west-1]]}",
            "Bad is never true",
            id="a Region of another partition",
        ),
    ],
)
def test_a_condition_that_decides_one_way_only_is_reported(condition: str, said: str) -> None:
    found = scenarios(condition)

    assert said in found.unreached[0].said
    assert found.unreached[0].place == ("Conditions", "Bad")
    assert len(found.unreached) == 2  # and a branch


def test_an_entry_that_no_allowed_value_selects_is_reported() -> None:
    more = "Rules: {R: {Assertions: [{Assert: !Not [!Equals [!Ref Tier, bronze]]}]}}"
    found = scenarios(days="!FindInMap [Tiers, !Ref Tier, Days]", more=more)

    assert days(found) == {365}
    assert [each.place for each in found.unreached] == [("Mappings", "Tiers", "bronze", "Days")]


def test_a_rule_that_never_applies_is_reported_with_each_assertion() -> None:
    held = "{Assert: !Equals [!Ref Tier, gold]}"
    more = f"Rules: {{R: {{RuleCondition: !Equals [!Ref Environment, Prod], Assertions: [{held}, {held}]}}}}"

    assert [each.place for each in scenarios(days="365", more=more).unreached] == [
        ("Rules", "R", "Assertions", 0),
        ("Rules", "R", "Assertions", 1),
    ]


@pytest.mark.parametrize(
    "applies", ["!Contains [[eu-west-1, eu-west-2], !Ref AWS::Region]", "!Not [!Equals [us-east-1, !Ref AWS::Region]]"]
)
def test_a_rule_that_applies_where_no_condition_asks_is_reached(applies: str) -> None:
    more = f"Rules: {{R: {{RuleCondition: {applies}, Assertions: [{{Assert: !Equals [!Ref Tier, gold]}}]}}}}"

    assert scenarios(days="365", more=more).unreached == []


def test_a_default_inside_of_a_default_is_reached() -> None:
    inner = "!FindInMap [Deep, !Ref Environment, pewter, {DefaultValue: !If [Bad, 1, 365]}]"
    found = scenarios(
        "{Bad: !Equals [!Ref AWS::StackName, odd]}", f"!FindInMap [Tiers, !Ref Tier, Days, {{DefaultValue: {inner}}}]"
    )

    assert 1 in days(found)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("Region", ["us-east-1", "eu-west-1", "ap-southeast-2", "ca-central-1", "us-west-2", "eu-central-1"]),
        ("Partition", ["aws", "aws-us-gov", "aws-cn"]),
        ("URLSuffix", ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"]),
    ],
)
def test_there_is_one_more_than_a_template_names(name: str, named: list[str]) -> None:
    compared = ", ".join(f"!Equals [!Ref AWS::{name}, {each}]" for each in named)

    assert days(scenarios(f"{{Bad: !Not [!Or [{compared}]]}}")) == {1, 365}


@pytest.mark.parametrize(
    "assertion",
    [
        "!Contains [[prod, dev], !Ref Environment]",
        "!EachMemberIn [!Ref Names, [x, y]]",
        "!EachMemberEquals [!Ref Names, x]",
    ],
)
def test_what_rules_compare_with_is_tried(assertion: str) -> None:
    """A bad value for the one value of a list that the rules let through."""
    more = f"Rules: {{R: {{RuleCondition: !Equals [!Ref Environment, prod], Assertions: [{{Assert: {assertion}}}]}}}}"
    found = scenarios("{Bad: !Equals [!Ref Environment, prod]}", more=more)

    assert days(found) == {1, 365}


def test_every_two_values_that_one_rule_names_come_together() -> None:
    other = "!Or [!Equals [!Ref Name, x], !Equals [!Ref Tier, tin]]"
    more = f"Rules: {{R: {{RuleCondition: !Equals [!Ref Environment, prod], Assertions: [{{Assert: {other}}}]}}}}"
    found = scenarios(days="365", more=more).all
    together = {tuple(each.values[name] for name in ("Environment", "Name", "Tier")) for each in found}

    assert {("prod", "x"), ("prod", "tin")} <= {each[:2] for each in together} | {each[::2] for each in together}
    assert ("prod", "x", "tin") in together or ("dev", "x", "tin") in together


def test_a_map_without_the_usual_region_is_rendered_in_one_that_it_has() -> None:
    rows = "{eu-central-1: {Days: 365}, eu-west-1: {Days: 400}, eu-west-2: {Days: 400}}"
    resource = "{Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !FindInMap [M, !Ref AWS::Region, Days]}}"
    found = Scenarios(source_of(f"Mappings: {{M: {rows}}}\nResources: {{Logs: {resource}}}").template)

    assert [each.values for each in found.all] == [{"AWS::Region": "eu-central-1"}, {"AWS::Region": "eu-west-1"}]
    assert found.unreached == []


def test_what_is_given_is_all_that_is_rendered() -> None:
    condition = "{Bad: !Equals [!Ref AWS::Region, eu-west-1]}"

    assert days(scenarios(condition, **{"AWS::Region": "eu-west-1"})) == {1}
    assert days(scenarios(condition, **{"AWS::Region": "ca-central-1"})) == {365}
    # What somebody excludes is not missing.
    assert scenarios(condition, **{"AWS::Region": "ca-central-1"}).unreached == []
    assert days(scenarios("{Bad: !Equals [!Ref Tier, tin]}", Tier="tin")) == {1}


def test_values_that_no_entry_fits_cannot_be_deployed() -> None:
    with pytest.raises(UnrenderableTemplate, match=r"there is no Tiers\.gold\.Nothing"):
        _ = scenarios(days="!FindInMap [Tiers, !Ref Tier, Nothing]").all


def test_another_account_changes_places_with_ours() -> None:
    """Rules know their own account by one number; in a scenario about another, that is the one the template names."""
    text = "${AWS::AccountId} 111122223333 123456789012"
    condition = "{Bad: !Equals [!Ref AWS::AccountId, '111122223333']}"
    found = scenarios(condition, more=f"Outputs: {{O: {{Value: !Sub '{text}'}}}}")

    assert {each.rendering.template["Outputs"]["O"]["Value"] for each in found.all} == {
        "123456789012 111122223333 123456789012",
        "123456789012 123456789012 111122223333",
    }


@pytest.mark.parametrize(("name", "value"), [("Stage", "prod"), ("Tier", "Production"), ("Where", "live")])
def test_checks_know_production_by_its_usual_names(name: str, value: str) -> None:
    declared = f"Parameters: {{{name}: {{Type: String, AllowedValues: [dev, {value}]}}}}\n"
    found = Scenarios(source_of(f"{declared}Resources: {{A: {{Type: AWS::SNS::Topic}}}}").template).all

    said = [each.rendering.stack().parameters["Environment"] for each in found]
    assert [each == "production" for each in said] == [False, True]
    assert [each != "production" for each in said] == [True, False]
    assert said == ["dev", value]


def test_a_map_with_a_row_that_is_none_stops_nothing() -> None:
    """The linter tells of it."""
    rows = "Mappings: {M: {gold: 5}}"
    resource = (
        "{Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !FindInMap [M, gold, Days, {DefaultValue: 7}]}}"
    )
    source = source_of(f"{rows}\nResources: {{Logs: {resource}, More: {resource.replace(', {DefaultValue: 7}', '')}}}")

    with pytest.raises(UnrenderableTemplate, match=r"there is no M\.gold\.Days"):
        _ = Scenarios(source.template).all
