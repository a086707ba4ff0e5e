"""Each intrinsic function: its result for given arguments, and the arguments it rejects."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.render.attributes import Account
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenarios

ACCOUNT = Account(account_id="210987654321", region="eu-west-1", stack_name="stack")
PARAMETERS: dict[str, Any] = {
    "Text": {"Type": "String"},
    "Number": {"Type": "Number"},
    "List": {"Type": "CommaDelimitedList"},
    "Numbers": {"Type": "List<Number>"},
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    "Index": {"Type": "Number"},
    "Given": {"Type": "CommaDelimitedList", "Default": "a,b"},
    "GivenText": {"Type": "String", "AllowedValues": ["a,b", "c"]},
    "GivenIndex": {"Type": "Number", "Default": 2},
    "StoredText": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"},
    "StoredList": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/a/b"},
}
VALUES = {
    "Text": "text", "Number": "7", "List": "a, b,c", "Numbers": "1, 2.5", "Subnets": "subnet-1,subnet-2", "Index": "1",
    "Given": "a,b", "GivenText": "a,b", "GivenIndex": "2", "StoredText": "example", "StoredList": "x,y",
}  # fmt: skip
CONDITIONS: dict[str, Any] = {
    "Yes": {"Fn::Equals": ["a", "a"]},
    "No": {"Fn::Equals": ["a", "A"]},
    "Itself": {"Fn::Not": [{"Condition": "Itself"}]},
    "One": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "Other"}]},
    "Other": {"Fn::Or": [{"Condition": "No"}, {"Condition": "One"}]},
}
MAPPINGS = {"Map": {"key": {"number": 3, "text": "three", "list": ["x", "y"], "flag": True}, "7": {"text": "seven"}}}
RESOURCES: dict[str, Any] = {
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "queue-${Text}"}}},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic"}},
    "Unnamed": {"Type": "AWS::S3::Bucket"},
    "Stored": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}},
    "Custom": {"Type": "Custom::Zones"},
}
NOTHING = {"Ref": "AWS::NoValue"}


def rendering(properties: Any, **changes: Any) -> Rendering:
    template = {
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Mappings": MAPPINGS,
        "Resources": {"Subject": {"Type": "T", "Properties": properties}, **RESOURCES},
    }
    return Rendering(template | changes, VALUES, ACCOUNT)


def value(written: Any) -> Any:
    """The rendered value of a property written like this."""
    return rendering({"P": written}).template["Resources"]["Subject"]["Properties"]["P"]


def refused(written: Any) -> str:
    with pytest.raises(UnrenderableTemplate) as error:
        value(written)
    said = str(error.value)
    assert said.startswith("Resources.Subject: ")
    assert "\n" not in said
    return said


QUEUE_ARN = "arn:aws:sqs:eu-west-1:210987654321:queue-text"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # ---- Ref
        ({"Ref": "Text"}, "text"),
        ({"Ref": "Number"}, 7),
        ({"Ref": "List"}, ["a", "b", "c"]),
        ({"Ref": "Numbers"}, [1, 2.5]),
        ({"Ref": "Subnets"}, ["subnet-1", "subnet-2"]),
        ({"Ref": "StoredText"}, "example"),
        ({"Ref": "StoredList"}, ["x", "y"]),
        ({"Ref": "AWS::AccountId"}, "210987654321"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "AWS::StackName"}, "stack"),
        ({"Ref": "AWS::NotificationARNs"}, []),
        ({"Ref": "Queue"}, "https://sqs.eu-west-1.amazonaws.com/210987654321/queue-text"),
        ({"Ref": "Topic"}, "arn:aws:sns:eu-west-1:210987654321:topic"),
        # ---- GetAtt
        ({"Fn::GetAtt": ["Queue", "Arn"]}, QUEUE_ARN),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "queue-text"),
        ({"Fn::GetAtt": ["Topic", "TopicName"]}, "topic"),
        ({"Fn::GetAtt": ["Stored", "Value"]}, QUEUE_ARN),
        ({"Fn::GetAtt": ["Topic", {"Fn::Join": ["", ["Topic", "Name"]]}]}, "topic"),
        ({"Fn::GetAtt": ["Queue", "Color"]}, "queue-text.Color"),
        # ---- Sub
        ({"Fn::Sub": "${Text}-${Number}-${AWS::Region}"}, "text-7-eu-west-1"),
        ({"Fn::Sub": "${Queue.Arn}/${Topic}"}, f"{QUEUE_ARN}/arn:aws:sns:eu-west-1:210987654321:topic"),
        ({"Fn::Sub": "${ Text }"}, "text"),
        ({"Fn::Sub": "${!Text} ${!AWS::Region} ${!x.y}"}, "${Text} ${AWS::Region} ${x.y}"),
        ({"Fn::Sub": "$Text {Text} $ {Text} ${} $${Text} ${Text}}"}, "$Text {Text} $ {Text} ${} $text text}"),
        ({"Fn::Sub": ["${x}", {"x": "${!y} ${Text}"}]}, "${!y} ${Text}"),
        ({"Fn::Sub": ["${Text}-${x}", {"Text": "mine", "x": {"Ref": "Number"}}]}, "mine-7"),
        ({"Fn::Sub": ["${a.b}", {"a.b": {"Fn::Join": ["/", {"Ref": "List"}]}}]}, "a/b/c"),
        ({"Fn::Sub": ["${x}", {"x": True}]}, "true"),
        # ---- Join, Split, Select
        ({"Fn::Join": ["", []]}, ""),
        ({"Fn::Join": [", ", ["a", 1, True, 2.5, {"Ref": "Number"}]]}, "a, 1, true, 2.5, 7"),
        ({"Fn::Join": ["-", {"Ref": "List"}]}, "a-b-c"),
        ({"Fn::Join": ["-", ["a", NOTHING, "b"]]}, "a-b"),
        ({"Fn::Split": [",", "a,,b,"]}, ["a", "", "b", ""]),
        ({"Fn::Split": ["::", {"Fn::Sub": "a::${Text}"}]}, ["a", "text"]),
        ({"Fn::Split": [",", ""]}, [""]),
        ({"Fn::Select": [0, ["a", "b"]]}, "a"),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Select": [{"Ref": "Index"}, {"Fn::Split": ["-", "x-y"]}]}, "y"),
        ({"Fn::Select": [1, [NOTHING, "a", "b"]]}, "b"),
        ({"Fn::Select": [0, [{"a": {"Ref": "Text"}}]]}, {"a": "text"}),
        # ---- FindInMap
        ({"Fn::FindInMap": ["Map", "key", "number"]}, 3),
        ({"Fn::FindInMap": ["Map", "key", "list"]}, ["x", "y"]),
        ({"Fn::FindInMap": ["Map", {"Ref": "Number"}, {"Fn::Join": ["", ["te", "xt"]]}]}, "seven"),
        ({"Fn::FindInMap": ["Map", 7, "text"]}, "seven"),
        ({"Fn::FindInMap": ["Map", "none", "text", {"DefaultValue": {"Ref": "Text"}}]}, "text"),
        ({"Fn::FindInMap": ["None", "none", "none", {"DefaultValue": ["d"]}]}, ["d"]),
        ({"Fn::FindInMap": ["Map", "key", "text", {"DefaultValue": "d"}]}, "three"),
        # ---- If
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", "b"]}, "b"),
        ({"Fn::If": ["No", "a", {"Fn::If": ["Yes", {"Ref": "List"}, "b"]}]}, ["a", "b", "c"]),
        # The branch that is not chosen need not render: that is why it is conditional.
        ({"Fn::If": ["Yes", "a", {"Fn::FindInMap": ["None", "none", "none"]}]}, "a"),
        # ---- the rest
        ({"Fn::Base64": {"Fn::Sub": "é ${Text}"}}, base64.b64encode("é text".encode()).decode()),
        ({"Fn::Base64": True}, base64.b64encode(b"true").decode()),
        ({"Fn::GetAZs": ""}, [f"eu-west-1{zone}" for zone in "abcdef"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, [f"eu-west-1{zone}" for zone in "abcdef"]),
        ({"Fn::GetAZs": "us-east-2"}, [f"us-east-2{zone}" for zone in "abcdef"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["10.0.0.0/24", "2", "5"]}, ["10.0.0.0/27", "10.0.0.32/27"]),
        ({"Fn::Cidr": ["2001:db8::/56", 1, 64]}, ["2001:db8::/64"]),
        ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2]}]}, "10.0.1.0/24"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Text}-arn"}}, "imported-text-arn"),
        ({"Fn::Length": {"Ref": "List"}}, 3),
        ({"Fn::Length": [1, NOTHING]}, 1),
        ({"Fn::ToJsonString": {"b": [{"Ref": "Number"}, NOTHING], "a": {"Ref": "Text"}}}, '{"b":[7],"a":"text"}'),
        ({"Fn::ToJsonString": []}, "[]"),
        # ---- NoValue: in lists, in objects, out of functions, at any depth
        ([NOTHING, "a", [NOTHING], {"k": NOTHING}], ["a", [], {}]),
        ({"a": {"b": {"Fn::If": ["No", "x", NOTHING]}, "c": [{"Fn::If": ["Yes", NOTHING, "x"]}]}}, {"a": {"c": []}}),
        # ---- what only looks like a function
        (
            {"Effect": "Allow", "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}},
            {"Effect": "Allow", "Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        ),
        ({"Condition": {"Bool": {"x": "y"}}}, {"Condition": {"Bool": {"x": "y"}}}),
        ({"Ref": "Text", "Other": 1}, {"Ref": "Text", "Other": 1}),
        ({"Condition": "Yes"}, True),
        # ---- what refers to nothing: a finding of the linter's, and here a text that says what it is
        ({"Ref": "Nowhere"}, "Nowhere-which-does-not-exist"),
        ({"Fn::GetAtt": ["Nowhere", "Arn"]}, "Nowhere.Arn-which-does-not-exist"),
        ({"Fn::Sub": "${Nowhere}/${Nowhere.Arn}"}, "Nowhere-which-does-not-exist/Nowhere.Arn-which-does-not-exist"),
    ],
)  # fmt: skip
def test_a_function_makes_what_cloudformation_makes(written: Any, expected: Any) -> None:
    found = value(written)
    assert json.dumps(found) == json.dumps(expected)  # 1 is not True, nor 1.0


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ({"Ref": ["Text"]}, 'Ref: ["Text"] is not a name'),
        ({"Ref": 5}, "Ref: 5 is not a name"),
        ({"Fn::GetAtt": "Queue"}, "Fn::GetAtt"),
        ({"Fn::GetAtt": ["Queue"]}, "Fn::GetAtt"),
        ({"Fn::GetAtt": [{"Ref": "Text"}, "Arn"]}, "Fn::GetAtt"),
        ({"Fn::GetAtt": ["Queue", {"Ref": "List"}]}, "Fn::GetAtt"),
        ({"Fn::Sub": ["${x}"]}, "Fn::Sub takes a text, or a text and its variables"),
        ({"Fn::Sub": ["${x}", "y"]}, "Fn::Sub takes"),
        ({"Fn::Sub": {"Ref": "Text"}}, "Fn::Sub takes"),
        ({"Fn::Sub": [{"Ref": "Text"}, {}]}, "Fn::Sub takes"),
        ({"Fn::Sub": "${List}"}, "Fn::Sub: ${List} is not a text"),
        ({"Fn::Sub": "${AWS::NoValue}"}, "Fn::Sub: ${AWS::NoValue} is not a text"),
        ({"Fn::Sub": ["${x}", {"x": {"a": "b"}}]}, "Fn::Sub: ${x} is not a text"),
        ({"Fn::Join": [","]}, "Fn::Join takes two arguments"),
        ({"Fn::Join": "a"}, "Fn::Join takes two arguments"),
        ({"Fn::Join": [",", "a"]}, "Fn::Join takes a separator and a list"),
        ({"Fn::Join": [{"Ref": "Text"}, ["a"]]}, "Fn::Join takes a separator and a list"),
        ({"Fn::Join": [",", [{"Ref": "List"}]]}, "Fn::Join: an entry is not a text"),
        ({"Fn::Join": [",", [{"a": "b"}]]}, "Fn::Join: an entry is not a text"),
        ({"Fn::Split": ["", "a"]}, "Fn::Split takes a separator and a text"),
        ({"Fn::Split": [",", {"Ref": "List"}]}, "Fn::Split takes a separator and a text"),
        ({"Fn::Select": [2, {"Ref": "Given"}]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [{"Ref": "GivenIndex"}, ["a", "b"]]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [2, {"Fn::Split": [",", {"Ref": "GivenText"}]}]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [2, {"Fn::Split": [",", "a,b"]}]}, "Fn::Select: there is no entry 2"),
        # Two placeholders are different.
        ({"Fn::Select": [2, [{"Ref": "Text"}, {"Fn::GetAtt": ["Queue", "Arn"]}]]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [2, {"Fn::FindInMap": ["Map", "key", "list"]}]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [6, {"Fn::GetAZs": ""}]}, "Fn::Select: there is no entry 6"),
        ({"Fn::Select": [2, {"Fn::Cidr": ["10.0.0.0/16", 2]}]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [2, {"Fn::If": ["No", {"Ref": "List"}, ["a"]]}]}, "Fn::Select: there is no entry 2"),
        ({"Fn::Select": [-1, {"Ref": "List"}]}, "Fn::Select: there is no entry -1"),
        ({"Fn::Select": ["x", {"Ref": "List"}]}, "Fn::Select: there is no entry x"),
        ({"Fn::Select": [0, {"Ref": "Text"}]}, "Fn::Select: there is no entry 0"),
        ({"Fn::Select": [-1, ["a"]]}, "Fn::Select: there is no entry -1"),
        ({"Fn::Select": ["x", ["a"]]}, "Fn::Select: there is no entry x"),
        ({"Fn::Select": [0, "a"]}, "Fn::Select: there is no entry 0"),
        ({"Fn::Select": [1, [NOTHING, "a"]]}, "Fn::Select: there is no entry 1"),
        ({"Fn::FindInMap": ["Map", "key"]}, "Fn::FindInMap takes a map and two keys"),
        ({"Fn::FindInMap": ["Map", "key", "none"]}, "Fn::FindInMap: there is no Map.key.none"),
        ({"Fn::FindInMap": ["None", "key", "text"]}, "Fn::FindInMap: there is no None.key.text"),
        ({"Fn::FindInMap": ["Map", {"Ref": "Text"}, "text"]}, "Fn::FindInMap: there is no Map.text.text"),
        ({"Fn::FindInMap": ["Map", "key", "none", "text"]}, "Fn::FindInMap: there is no Map.key.none"),
        ({"Fn::If": ["Yes", "a"]}, "Fn::If takes a condition and two values"),
        ({"Fn::If": [{"Condition": "Yes"}, "a", "b"]}, "Fn::If takes a condition and two values"),
        ({"Fn::If": ["None", "a", "b"]}, "there is no condition None"),
        ({"Fn::If": ["Itself", "a", "b"]}, "condition Itself depends on itself"),
        ({"Fn::If": ["One", "a", "b"]}, "condition One depends on itself"),
        ({"Condition": "None"}, "there is no condition None"),
        ({"Fn::Not": [{"Condition": "Yes"}, {"Condition": "No"}]}, "Fn::Not takes one condition"),
        ({"Fn::Not": {"Condition": "Yes"}}, "Fn::Not takes a list of conditions"),
        ({"Fn::And": []}, "Fn::And takes a list of conditions"),
        ({"Fn::Or": [{"Condition": "No"}, "x"]}, 'Fn::Or is neither true nor false: "x"'),
        ({"Fn::Equals": ["a"]}, "Fn::Equals takes two arguments"),
        ({"Fn::Base64": {"Ref": "List"}}, "Fn::Base64 is not a text"),
        ({"Fn::Base64": NOTHING}, "Fn::Base64 is not a text"),
        ({"Fn::Cidr": ["10.0.0.0/16", 300, 8]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["10.0.0.0/16", 0, 8]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["::/0", 10**12, 1]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["10.0.0.0/24", 2, 8]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["10.0.0.0/24", 1, 9]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["text", 1, 9]}, "Fn::Cidr"),
        ({"Fn::Cidr": [{"Ref": "GivenText"}, 1, 9]}, "Fn::Cidr"),
        ({"Fn::Cidr": [{"Ref": "Text"}, 300, 8]}, "Fn::Cidr"),
        ({"Fn::Cidr": "10.0.0.0/24"}, "Fn::Cidr"),
        ({"Fn::GetAZs": {"Ref": "List"}}, "Fn::GetAZs is not a text"),
        ({"Fn::ImportValue": {"Ref": "List"}}, "Fn::ImportValue is not a text"),
        ({"Fn::Length": "abc"}, "Fn::Length takes a list"),
        ({"Fn::ToJsonString": NOTHING}, "Fn::ToJsonString takes a list or an object"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform cannot be rendered: its macro runs on AWS"),
        ({"Fn::Transform": {"Name": "AWS::Include"}, "Other": 1}, "Fn::Transform stands among other keys"),
        ({"Fn::If": ["Yes", "a", "b"], "Other": 1}, "Fn::If stands among other keys"),
        ({"Fn::RefAll": "AWS::EC2::VPC::Id"}, "Fn::RefAll cannot be rendered: it is for Rules"),
        ({"Fn::ValueOf": ["Text", "VpcId"]}, "Fn::ValueOf cannot be rendered: it is for Rules"),
        ({"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}, "Fn::ValueOfAll cannot be rendered: it is for Rules"),
    ],
)  # fmt: skip
def test_what_cloudformation_refuses_is_refused_with_its_place(written: Any, cause: str) -> None:
    assert cause in refused(written)
    assert cause in refused([{"nested": {"Fn::If": ["Yes", [written], "b"]}}])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param({"Fn::Select": [3, {"Ref": "List"}]}, "c", id="a list without a default"),
        pytest.param({"Fn::Select": [3, {"Ref": "StoredList"}]}, "y", id="a list that Systems Manager has"),
        pytest.param({"Fn::Select": [0, {"Ref": "AWS::NotificationARNs"}]}, "example", id="topics of the stack's"),
        pytest.param({"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Text"}]}]}, "text", id="a text without a default"),
        pytest.param(
            {"Fn::Select": [1, {"Fn::Split": [",", {"Fn::ImportValue": "x"}]}]}, "imported-x", id="another stack's"
        ),
        pytest.param(
            {"Fn::Select": [5, {"Fn::Split": ["/", {"Fn::GetAtt": ["Queue", "Arn"]}]}]}, QUEUE_ARN, id="an attribute"
        ),
        pytest.param(
            {"Fn::Select": [7, {"Fn::Split": ["/", {"Ref": "Queue"}]}]}, "queue-text", id="a resource's address"
        ),
        pytest.param(
            {"Fn::Select": [3, {"Fn::Split": ["-", {"Fn::Sub": "a-${Text}"}]}]}, "text", id="a text made of one"
        ),
        pytest.param(
            {"Fn::Select": [3, {"Fn::If": ["Yes", {"Ref": "List"}, ["a"]]}]}, "c", id="the branch that is taken"
        ),
        pytest.param(
            {"Fn::Select": [1, {"Fn::GetAtt": ["Custom", "Zones"]}]}, "CUSTOM", id="an attribute that is a list"
        ),
        pytest.param({"Fn::Join": [",", {"Fn::GetAtt": ["Custom", "Zones"]}]}, "CUSTOM", id="a list to be joined"),
        pytest.param({"Fn::Length": {"Fn::GetAtt": ["Custom", "Zones"]}}, 1, id="a list to be counted"),
        pytest.param({"Fn::Select": [{"Ref": "Text"}, ["a", "b"]]}, "b", id="an index without a default"),
        pytest.param({"Fn::Select": [{"Ref": "Number"}, ["a", "b"]]}, "b", id="an index that is too great"),
        pytest.param({"Fn::Cidr": [{"Ref": "Text"}, 1]}, ["10.0.0.0/24"], id="a network without a default"),
        pytest.param({"Fn::Cidr": [{"Ref": "Text"}, 2, 12]}, ["10.0.0.0/20", "10.0.16.0/20"], id="large subnets"),
        pytest.param({"Fn::Cidr": [{"Ref": "Text"}, 1, "64"]}, ["2001:db8::/64"], id="subnets of IPv6"),
        pytest.param(
            {"Fn::Select": [9, {"Fn::Cidr": ["10.0.0.0/16", {"Ref": "Number"}]}]}, "10.0.6.0/24", id="how many subnets"
        ),
        pytest.param(
            {"Fn::Select": [5, {"Fn::Cidr": ["10.0.0.0/16", {"Ref": "Text"}, 8]}]},
            "10.0.5.0/24",
            id="a count that is none",
        ),
    ],
)
def test_a_placeholder_is_as_long_as_is_asked_for(written: Any, expected: Any) -> None:
    """A placeholder has one part where the real text may have seven. Rejecting that would reject valid templates."""
    found = value(written)

    assert found == (value({"Fn::GetAtt": ["Custom", "Zones"]}) if expected == "CUSTOM" else expected)


# -------------------------------------------------------------------------- Rules
ASKS_AWS: dict[str, Any] = {"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Ref": "Text"}]}
FALSE: dict[str, Any] = {"Fn::Equals": ["a", "b"]}


@pytest.mark.parametrize(
    ("rule", "lets_through"),
    [
        pytest.param({"Assertions": [{"Assert": ASKS_AWS}]}, True, id="an assertion that asks AWS"),
        pytest.param({"Assertions": [{"Assert": {"Fn::Not": [ASKS_AWS]}}]}, True, id="an assertion that denies it"),
        pytest.param({"Assertions": [{"Assert": ASKS_AWS}, {"Assert": FALSE}]}, False, id="another that does not"),
        pytest.param({"RuleCondition": ASKS_AWS, "Assertions": [{"Assert": FALSE}]}, True, id="a condition that asks"),
        pytest.param(
            {
                "RuleCondition": {"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "x"]},
                "Assertions": [{"Assert": FALSE}],
            },
            True,
            id="a condition on all values",
        ),
        pytest.param(
            {
                "Assertions": [
                    {"Assert": {"Fn::EachMemberIn": [["x"], {"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.x"]}]}}
                ]
            },
            True,
            id="an assertion on all values",
        ),
    ],
)
def test_a_rule_that_asks_aws_excludes_nothing(rule: dict[str, Any], lets_through: bool) -> None:
    """Values that AWS may accept must be judged."""
    template = {
        "Parameters": {"Text": {"Type": "String"}, "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"}},
        "Rules": {"R": rule},
        "Resources": {"A": {"Type": "T"}},
    }
    if lets_through:
        assert len(Scenarios(template).all) == 1
    else:
        with pytest.raises(UnrenderableTemplate, match=r"^Rules: no values can be found"):
            _ = Scenarios(template).all


def test_a_mistake_in_a_rule_has_its_place() -> None:
    rule = {"Assertions": [{"Assert": {"Fn::Contains": ["a", "b"]}}]}
    with pytest.raises(UnrenderableTemplate, match=r"^Rules: Fn::Contains takes a list"):
        Rendering({"Rules": {"R": rule}, "Resources": {"A": {"Type": "T"}}}, {}).holds(rule["Assertions"][0]["Assert"])


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"Fn::Equals": ["a", "a"]}, True),
        ({"Fn::Equals": ["a", "A"]}, False),
        ({"Fn::Equals": [{"Ref": "Number"}, "7"]}, True),
        ({"Fn::Equals": [{"Ref": "Number"}, 7]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Map", "key", "flag"]}, "true"]}, True),
        ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "List"}]}, "abc"]}, True),
        ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "List"}]}, "a"]}, True),
        ({"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}, True),
        ({"Fn::Equals": [{"Ref": "List"}, ["a", "b", "c"]]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "Yes"}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}, True),
        ({"Fn::Or": [{"Condition": "No"}, {"Condition": "No"}]}, False),
        ({"Fn::Not": [{"Condition": "No"}]}, True),
        ({"Fn::Not": [{"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "No"}]}]}]}, False),
        ({"Fn::Contains": [["a", 7], {"Ref": "Number"}]}, True),
        ({"Fn::Contains": [{"Ref": "List"}, "d"]}, False),
        ({"Fn::EachMemberIn": [{"Ref": "List"}, ["a", "b", "c", "d"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "List"}, ["a", "b"]]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberEquals": [{"Ref": "List"}, "a"]}, False),
    ],
)  # fmt: skip
def test_a_condition_holds_or_does_not(expression: Any, holds: bool) -> None:
    rendered = rendering(
        {"P": {"Fn::If": ["C", "yes", "no"]}, "Q": expression}, Conditions=CONDITIONS | {"C": expression}
    ).resource("Subject")["Properties"]
    assert rendered == {"P": "yes" if holds else "no", "Q": holds}


@pytest.mark.parametrize("function", ["Fn::Contains", "Fn::EachMemberIn", "Fn::EachMemberEquals"])
def test_a_rule_about_members_needs_a_list(function: str) -> None:
    for argument in ("abc", ["abc", ["a"]], [5, "a"], [{"Ref": "Text"}, "a"]):
        assert function in refused({function: argument})


@pytest.mark.parametrize(
    "text", ["7", "-7", "0", "2.5", "-0.5", "007", "+7", "1.50", "1e3", " 7", "7 ", "1_000", "nan"]
)
def test_a_number_is_one_and_yet_its_text_is_kept(text: str) -> None:
    """Rules compare numbers, so they are numbers; but `Sub` shows a parameter as it was given."""
    template = {
        "Parameters": {"N": {"Type": "Number"}, "L": {"Type": "List<Number>"}},
        "Resources": {
            "A": {"Type": "T", "Properties": {"n": {"Ref": "N"}, "s": {"Fn::Sub": "${N}"}, "l": {"Ref": "L"}}}
        },
    }
    found = Rendering(template, {"N": text, "L": f"{text},1"}).resource("A")["Properties"]
    assert found["s"] == text
    assert found["l"][1] == 1
    assert found["n"] == (float(text) if text in ("7", "-7", "0", "2.5", "-0.5") else text)


# ------------------------------------------------------------- around Properties
def test_a_whole_section_may_be_no_value() -> None:
    """A rendering contains no functions and no markers, anywhere."""
    gone = {"Fn::If": ["No", "x", NOTHING]}
    template = {
        "Conditions": CONDITIONS,
        "Resources": {
            "A": {
                "Type": "T",
                "Properties": gone,
                "Metadata": gone,
                "UpdatePolicy": {"a": gone},
                "DeletionPolicy": "Retain",
            }
        },
        "Outputs": {"O": {"Value": gone, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-o"}}}},
    }
    rendered = Rendering(template, {}).template
    assert rendered["Resources"] == {"A": {"Type": "T", "UpdatePolicy": {}, "DeletionPolicy": "Retain"}}
    assert rendered["Outputs"] == {"O": {"Export": {"Name": "financial-pipeline-o"}}}


def test_what_a_condition_takes_out_is_neither_there_nor_waited_for() -> None:
    template = {
        "Conditions": CONDITIONS,
        "Resources": {
            "Kept": {"Type": "T", "Condition": "Yes", "DependsOn": ["Gone", "Other"]},
            "Gone": {"Type": "T", "Condition": "No"},
            "Other": {"Type": "T", "DependsOn": "Gone"},
            "Last": {"Type": "T", "DependsOn": "Other"},
        },
        "Outputs": {"A": {"Condition": "No", "Value": "a"}, "B": {"Condition": "Yes", "Value": "b"}},
    }
    rendered = Rendering(template, {})
    assert rendered.template["Resources"] == {
        "Kept": {"Type": "T", "DependsOn": ["Other"]},
        "Other": {"Type": "T"},
        "Last": {"Type": "T", "DependsOn": "Other"},
    }
    assert rendered.template["Outputs"] == {"B": {"Value": "b"}}
    assert set(rendered.stack().resources) == {"Kept", "Other", "Last"}
    assert set(rendered.stack("Gone", "Last").resources) == {"Last"}


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ({"Resources": {"A": {"Type": "T", "Condition": "None"}}}, "Resources.A: there is no condition None"),
        ({"Resources": {"A": {"Type": "T", "Condition": ["C"]}}}, "Resources.A: Condition"),
        (
            {"Resources": {"A": {"Type": "T"}}, "Outputs": {"O": {"Value": {"Fn::Select": [1, []]}}}},
            "Outputs.O: Fn::Select",
        ),
        (
            {"Resources": {"A": {"Type": "T"}}, "Outputs": {"O": {"Value": "x", "Condition": "None"}}},
            "Outputs.O: there is no condition None",
        ),
        (
            {"Resources": {"A": {"Type": "T", "DependsOn": "B"}, "B": {"Type": "T", "Condition": "None"}}},
            "there is no condition None",
        ),
    ],
)
def test_a_refusal_outside_of_properties_has_its_place_too(template: Any, cause: str) -> None:
    with pytest.raises(UnrenderableTemplate, match=cause.replace("[", r"\[")):
        _ = Rendering(template, {}).template


# ------------------------------------------------------------------------ circles
def test_names_that_go_in_a_circle_end() -> None:
    """The linter reports the circle; a gate that hangs reports nothing."""
    every = "".join(f"${{R{n}}}" for n in range(30))
    template = {
        "Resources": {
            f"R{n}": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": every}}} for n in range(30)
        }
    }
    begun = time.process_time()
    with pytest.raises(UnrenderableTemplate, match=r"^Resources\.R0: Fn::Sub makes more than 1000000 characters$"):
        _ = Rendering(template, {}).template
    pair = {
        "A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["B", "QueueName"]}}},
        "B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${A.QueueName}-b"}}},
    }
    assert Rendering({"Resources": pair}, {}).template["Resources"]["B"]["Properties"]["QueueName"].endswith("-b")
    assert time.process_time() - begun < 2


def test_stored_values_that_go_in_a_circle_are_refused() -> None:
    template = {
        "Resources": {
            "A": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::GetAtt": ["B", "Value"]}}},
            "B": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::Sub": "${A.Value}"}}},
        }
    }
    with pytest.raises(UnrenderableTemplate, match=r"^Resources\.A: .*Value depends on itself$"):
        _ = Rendering(template, {}).template


@pytest.mark.parametrize("first", ["", "x"])
def test_stored_values_that_double_each_other_end(first: str) -> None:
    """Sixty resources, each with a value twice as long as the one before."""
    values = [first, *({"Fn::Sub": f"${{P{n}.Value}}${{P{n}.Value}}"} for n in range(60))]
    template = {
        "Resources": {
            f"P{n}": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": v}} for n, v in enumerate(values)
        }
    }
    begun = time.process_time()
    if first:
        with pytest.raises(UnrenderableTemplate, match="makes more than 1000000 characters"):
            _ = Rendering(template, {}).template
    else:
        assert Rendering(template, {}).template["Resources"]["P60"]["Properties"]["Value"] == ""
    assert time.process_time() - begun < 1


# ------------------------------------------------------------------- whatever it is
_plain = st.recursive(
    st.text(max_size=8) | st.integers() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcRef", min_size=4, max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_plain)
def test_what_has_no_function_in_it_is_rendered_as_it_is(written: Any) -> None:
    assert value(written) == written


@given(st.lists(st.text(), min_size=1).map(lambda texts: [each.replace(",", "") for each in texts]))
def test_a_split_undoes_a_join(texts: list[str]) -> None:
    assert value({"Fn::Split": [",", {"Fn::Join": [",", texts]}]}) == texts


@given(st.text())
def test_a_text_from_outside_is_never_read_as_a_pattern(text: str) -> None:
    """A parameter's value is passed on unchanged, even if it contains `${...}`."""
    template = {
        "Parameters": {"P": {"Type": "String"}},
        "Resources": {"A": {"Type": "T", "Properties": {"P": {"Fn::Sub": ["${P}|${x}", {"x": {"Ref": "P"}}]}}}},
    }
    for given_text in (text, f"${{!{text}}}", f"${{{text}}}"):
        assert Rendering(template, {"P": given_text}).resource("A")["Properties"]["P"] == f"{given_text}|{given_text}"
