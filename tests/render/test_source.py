"""Reading a template: its data, the line of each value, and the errors for files that are no template."""

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from hypothesis import example, given
from hypothesis import strategies as st

from harness.deploy.stack import TEMPLATE
from harness.render.errors import TemplateError, UnreadableTemplate
from harness.render.rendering import Rendering
from harness.render.resources import at, walk
from harness.render.scenarios import Scenarios
from harness.render.source import MAXIMUM_BYTES, MAXIMUM_VALUES, Source, parse, read
from tests.waiting import cpu_seconds

FILE = Path("some/template.yaml")
HEAD = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      P: "


def properties(text: str) -> Any:
    """The property P of the only resource, written on line 5."""
    return parse(HEAD + text + "\n", FILE).template["Resources"]["A"]["Properties"]["P"]


def refusal(text: str) -> str:
    with pytest.raises(UnreadableTemplate) as refused:
        parse(text, FILE)
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref B", {"Ref": "B"}),
        ("!Ref AWS::Region", {"Ref": "AWS::Region"}),
        ("!Condition C", {"Condition": "C"}),
        ("!GetAtt B.Arn", {"Fn::GetAtt": ["B", "Arn"]}),
        ("!GetAtt B.Outputs.Name", {"Fn::GetAtt": ["B", "Outputs.Name"]}),
        ("!GetAtt [B, Arn]", {"Fn::GetAtt": ["B", "Arn"]}),
        ("{Fn::GetAtt: B.Arn}", {"Fn::GetAtt": ["B", "Arn"]}),
        ("!GetAtt [B, !Ref C]", {"Fn::GetAtt": ["B", {"Ref": "C"}]}),
        ("!Sub a-${B}", {"Fn::Sub": "a-${B}"}),
        ("!Sub 5", {"Fn::Sub": "5"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!GetAZs", {"Fn::GetAZs": ""}),
        ("!Base64 yes", {"Fn::Base64": "yes"}),
        ("!Select [0, !Split [',', !Ref B]]", {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "B"}]}]}),
        (
            "!If [C, !Sub ['${x}', {x: !Ref B}], !Ref AWS::NoValue]",
            {"Fn::If": ["C", {"Fn::Sub": ["${x}", {"x": {"Ref": "B"}}]}, {"Ref": "AWS::NoValue"}]},
        ),
        ("!FindInMap [M, !Ref B, k]", {"Fn::FindInMap": ["M", {"Ref": "B"}, "k"]}),
        (
            "!And [!Condition C, !Not [!Equals [a, b]], !Or [!Condition C, !Condition D]]",
            {
                "Fn::And": [
                    {"Condition": "C"},
                    {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]},
                    {"Fn::Or": [{"Condition": "C"}, {"Condition": "D"}]},
                ]
            },
        ),
        ("!ToJsonString {a: !Ref B}", {"Fn::ToJsonString": {"a": {"Ref": "B"}}}),
    ],
)
def test_the_short_form_is_read_as_the_long_form(short: str, long: Any) -> None:
    assert properties(short) == long
    assert properties(json.dumps(long)) == long


@pytest.mark.parametrize("written", ["!GetAtt [B, Outputs, x, y]", "{Fn::GetAtt: [B, Outputs, x, y]}"])
def test_an_attribute_of_several_parts_is_one(written: str) -> None:
    """CloudFormation accepts this form for a nested stack's output; without it the template would not render."""
    assert properties(written) == {"Fn::GetAtt": ["B", "Outputs.x.y"]}


# ------------------------------------------------------------------- not expanded
SERVERLESS = "Transform AWS::Serverless-2016-10-31 is expanded by AWS: what it makes cannot be judged"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("Transform: AWS::Serverless-2016-10-31\n", 1, SERVERLESS, id="a text"),
        pytest.param(
            "Transform:\n- AWS::LanguageExtensions\n- AWS::Serverless-2016-10-31\n", 3, SERVERLESS, id="a list"
        ),
        pytest.param("Transform: {Name: AWS::Serverless-2016-10-31}\n", 1, SERVERLESS, id="an object"),
        pytest.param(
            "Transform:\n- Name: AWS::Include\n  Parameters: {Location: s3://a/b}\n",
            2,
            "Transform AWS::Include is",
            id="both",
        ),
        pytest.param("Transform: Mine\n", 1, "Transform Mine is expanded by AWS", id="a macro of one's own"),
        pytest.param("Transform: [[a]]\n", 1, 'Transform ["a"] is expanded by AWS', id="what is no name"),
        pytest.param(
            "Transform: {a: b}\n", 1, 'Transform {"a": "b"} is expanded by AWS', id="an object without a name"
        ),
        pytest.param("Fn::Transform: {Name: AWS::Include}\n", 1, "Fn::Transform is a macro", id="around everything"),
        pytest.param("Mappings:\n  Fn::Transform: {Name: X}\n", 2, "Fn::Transform is a macro", id="in a section"),
        pytest.param("Metadata:\n  a: !Transform {Name: X}\n", 2, "Fn::Transform is a macro", id="in the short form"),
        pytest.param("Outputs:\n  Fn::ForEach::X: []\n", 2, "Fn::ForEach::X is a macro", id="a loop"),
    ],
)
def test_a_template_that_aws_rewrites_is_refused(text: str, line: int, said: str) -> None:
    """Judged as written it would pass, because the resources that it generates are not in the file."""
    assert refusal(f"{text}Resources:\n  A: {{Type: AWS::SNS::Topic}}\n").startswith(f"{FILE}:{line}: {said}")


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param("  A:\n    Fn::Transform: {Name: X}\n    Type: T\n", id="a macro in a resource"),
        pytest.param("  A: {Type: T}\n  Fn::ForEach::Topics: [x, [a], {}]\n", id="a loop over resources"),
        pytest.param("  A:\n    Type: My::S3::Bucket::MODULE\n", id="a module"),
    ],
)
def test_a_resource_that_aws_makes_is_refused(resource: str) -> None:
    said = refusal(f"Resources:\n{resource}")

    assert said.startswith(f"{FILE}:3: ")
    assert "what it makes cannot be judged; first run aws cloudformation create-change-set" in said


def test_language_extensions_are_rendered_here() -> None:
    for written in ("AWS::LanguageExtensions", "[AWS::LanguageExtensions]", "{Name: AWS::LanguageExtensions}", "[]"):
        value = "!ToJsonString {n: !Length [1], m: !FindInMap [M, a, b, {DefaultValue: c}]}"
        template = parse(f"Transform: {written}\n{HEAD}{value}\n", FILE).template
        resource = Rendering(template, {}).resource("A")

        assert resource["Properties"]["P"] == '{"n":1,"m":"c"}'


def test_the_whole_template_is_read_as_the_aws_cli_reads_it(source: Source) -> None:
    """The AWS CLI packages it; a difference would mean judging another template than the deployed one."""
    assert source.template == json.loads(json.dumps(yaml_parse(TEMPLATE.read_text())))


def test_the_template_says_the_same_as_json(source: Source, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    for indent in (None, 2, "\t"):
        file.write_text(json.dumps(source.template, indent=indent))
        assert read(file).template == source.template


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5), ("-1", -1), ("0.5", 0.5), ("true", True), ("No", False), ("'5'", "5"), ('"true"', "true"),
        ("2012-10-17", "2012-10-17"), ("=", "="), ("<<", "<<"), ("!!str 5", "5"), ("000000000000x", "000000000000x"),
        ("[]", []), ("{}", {}), ('""', ""), ("|\n        a\n        b", "a\nb\n"), (">-\n        a\n        b", "a b"),
    ],
)  # fmt: skip
def test_a_plain_value_is_what_yaml_says(written: str, value: Any) -> None:
    found = properties(written)
    assert (type(found), found) == (type(value), value)


def test_keys_stay_text() -> None:
    """A mapping's keys are often account ids and yes/no; read as numbers and booleans, look-ups would fail."""
    assert properties("{012345678901: a, Yes: b, 1.0: c, null: d, 2012-10-17: e}") == {
        "012345678901": "a", "Yes": "b", "1.0": "c", "null": "d", "2012-10-17": "e",
    }  # fmt: skip


def test_json_may_have_any_escape() -> None:
    """`json.dumps` writes a character beyond 16 bits as a surrogate pair, which YAML rejects."""
    for text in ("\U0001f600", "a/b", "tab\there", 'quo"te', "back\\ud83d\\ude00slash", "\x7f é", "\\", "\\\\n"):
        template = {"Resources": {"A": {"Type": "T", "P": text}}}
        assert parse(json.dumps(template), FILE).template == template
    assert parse('{"Resources":{"A":{"Type":"T","P":"a\\/b"}}}', FILE).template["Resources"]["A"]["P"] == "a/b"


# ------------------------------------------------------------------------- lines
LINES = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  A:
    Type: AWS::SNS::Topic
    Properties:

      DisplayName: !Sub
        - ${x}
        - x: !Ref P
      Tags:
        - Key: a
          Value: !If
            - C
            - b
            - !Ref AWS::NoValue
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("Resources",), 2),
        (("Resources", "A"), 3),
        (("Resources", "A", "Properties", "DisplayName"), 7),
        (("Resources", "A", "Properties", "DisplayName", "Fn::Sub", 1, "x"), 9),
        (("Resources", "A", "Properties", "Tags", 0), 11),
        (("Resources", "A", "Properties", "Tags", 0, "Value", "Fn::If", 2), 15),
        (("Resources", "A", "Properties", "Tags", 0, "Value", "Fn::If", 2, "Ref", "nothing"), 15),
        (("Resources", "A", "Properties", "Nothing", 7), 5),
        (("Nothing",), 1),
    ],
)
def test_a_place_has_the_line_it_stands_at_or_that_of_what_is_around_it(place: Any, line: int) -> None:
    assert parse(LINES, FILE).line(place) == line


def test_every_line_of_the_template_holds_what_is_said_to_be_there(source: Source) -> None:
    """A wrong line sends the reader to the wrong resource."""
    written = source.text.splitlines()
    seen = 0
    for place, line in source.lines.items():
        if place and isinstance(place[-1], str) and not place[-1].startswith("Fn::") and place[-1] not in ("Ref",):
            assert re.search(rf"(^|[\s{{,-])['\"]?{re.escape(place[-1])}['\"]?:", written[line - 1]), (place, line)
            seen += 1
    assert seen > 2000


# ----------------------------------------------------------------------- refused
@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("", None, "the file is empty"),
        ("# nothing\n", None, "the file is empty"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 'x\n\n\n", 4, "not YAML"),
        ('{"Resources": {\n "A": }}', 2, "no null values"),
        ('{"Resources": {\n "A": ]}', 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: 1\nb: \x01\n", 2, "not YAML"),
        ("a: 1\nb: \x00\n", 2, "not YAML"),
        ("a: 1\nb: *missing\n", 2, "undefined alias"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key a is given twice"),
        ('{"a": 1,\n "a": 2}', 2, "the key a is given twice"),
        (HEAD + "!Refer B\n", 5, "unknown intrinsic function !Refer"),
        (HEAD + "!Fn::Ref B\n", 5, "unknown intrinsic function !Fn::Ref"),
        (HEAD + "!sub x\n", 5, "unknown intrinsic function !sub"),
        (HEAD + "{Fn::Refer: B}\n", 5, "unknown intrinsic function Fn::Refer"),
        (HEAD + "{Fn::Ref: B}\n", 5, "unknown intrinsic function Fn::Ref"),
        (HEAD + "{!Ref B: x}\n", 5, "a key has to be text"),
        (HEAD + "{[a]: x}\n", 5, "a key has to be text"),
        (HEAD + "{<<: {a: b}}\n", 5, "merge keys"),
        ("x: &x {a: 1}\nResources:\n  A:\n    <<: *x\n", 4, "merge keys"),
        (HEAD + "&a [1, *a]\n", 5, "an alias stands inside of what it repeats"),
        (HEAD + "&a {b: {c: *a}}\n", 5, "an alias stands inside of what it repeats"),
        (HEAD + "&a !If [C, *a, b]\n", 5, "an alias stands inside of what it repeats"),
        (HEAD + "null\n", 5, "no null values"),
        (HEAD + "\n", 5, "no null values"),
        (HEAD + ".nan\n", 5, "not a value of CloudFormation's"),
        (HEAD + "-.inf\n", 5, "not a value of CloudFormation's"),
        (HEAD + "!!int x\n", 5, "not a value of CloudFormation's"),
        (HEAD + "0x_\n", 5, "not a value of CloudFormation's"),
        (HEAD + "1" * 5000 + "\n", 5, "not a value of CloudFormation's"),
        (HEAD + "!!binary aGk=\n", 5, "not a value of CloudFormation's"),
        (HEAD + "!!set {a, b}\n", 5, "not a value of CloudFormation's"),
        (HEAD + "!!python/object/apply:os.system [true]\n", 5, "not a value of CloudFormation's"),
        ("- a\n", 1, "it is not an object"),
        ("text\n", 1, "it is not an object"),
        ("\n\na: 1\n", 3, "it has no Resources"),
        ("a: 1\nResources: {}\n", 2, "it has no Resources"),
        ("a: 1\nResources: []\n", 2, "it has no Resources"),
        ("Resources:\n  A: {Type: T}\nParameters: []\n", 3, "Parameters is not an object"),
        ("Resources:\n  A: {Type: T}\nConditions: x\n", 3, "Conditions is not an object"),
        ("Resources:\n  A: {Type: T}\n  B:\n    Properties: {}\n", 3, "the resource B has no Type"),
        ("Resources:\n  A: {Type: T}\n  B: x\n", 3, "B is not an object"),
        ("Resources:\n  A: {Type: T}\n  B:\n    Type: [x]\n", 3, "the resource B has no Type"),
        ("Resources:\n  A:\n    Type: T\n    Properties: []\n", 4, "the Properties of A"),
        ("Resources:\n  A:\n    Type: T\n    DependsOn: [1]\n", 4, "the DependsOn of A"),
        ("Parameters:\n  P: {}\nResources:\n  A: {Type: T}\n", 2, "the parameter P has no Type"),
        ("Parameters:\n  P:\n    Type: String\n    AllowedValues: []\nResources: {A: {Type: T}}\n", 4, "AllowedValues"),
        ("Parameters:\n  P:\n    Type: String\n    Default: [a]\nResources:\n  A: {Type: T}\n", 4, "Default of P"),
        ("Parameters:\n  P:\n    Type: Number\n    MinValue: x\nResources:\n  A: {Type: T}\n", 4, "MinValue of P"),
        ("Rules:\n  R: {Assertions: [{}]}\nResources:\n  A: {Type: T}\n", 2, "the rule R"),
        ("Resources:\n  A: {Type: T}\nMappings:\n  M: x\n", 4, "M is not an object"),
        ("Resources:\n  A: {Type: T}\nOutputs:\n  O: x\n", 4, "O is not an object"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_with_file_line_and_cause(text: str, line: int | None, cause: str) -> None:
    said = refusal(text)
    assert said.startswith(f"{FILE}:{line}: " if line else f"{FILE}: ")
    assert cause in said


def test_what_cannot_even_be_read_is_refused_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    for content, cause in [
        (b"Resources: \xff\n", "byte 11 is not UTF-8"),
        ("Resources: {}".encode("utf-16"), "not UTF-8"),
        (b" " * (MAXIMUM_BYTES + 1), "are more than CloudFormation takes"),
    ]:
        file.write_bytes(content)
        with pytest.raises(UnreadableTemplate, match=f"^{re.escape(str(file))}: .*{re.escape(cause)}"):
            read(file)
    for missing, cause in [(tmp_path / "none.yaml", "No such file"), (tmp_path, "directory")]:
        with pytest.raises(UnreadableTemplate, match=f"^{re.escape(str(missing))}: .*{cause}"):
            read(missing)


def test_an_alias_repeats_what_it_names_and_keeps_its_line() -> None:
    """CloudFormation accepts no YAML anchors, but `aws cloudformation package` expands them."""
    text = "x: &x [1, {a: !Ref P}]\n" + HEAD + "*x\n"
    found = parse(text, FILE)
    assert found.template["Resources"]["A"]["Properties"]["P"] == [1, {"a": {"Ref": "P"}}]
    assert found.line(("Resources", "A", "Properties", "P")) == 6
    assert found.line(("Resources", "A", "Properties", "P", 1, "a")) == 1


def layers(first: str, count: int, each: str) -> str:
    lines = [f"x0: &x0 {first}"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, count)]
    return "\n".join(lines) + "\n" + HEAD + each.format(count - 1) + "\n"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (layers("[1, 2, 3]", 9, "*x{}"), f"more than {MAXIMUM_VALUES} values"),
        (layers("{a: b, c: d}", 30, "*x{}"), "values"),
        # A few values that expand to fifty gigabytes.
        (
            "x: &x " + "y" * 400_000 + "\n" + HEAD + "[" + "*x," * 100_000 + "]\n",
            f"more than {MAXIMUM_BYTES} characters",
        ),
        ("[" * 400_000, "nested more than 100 levels deep"),
        ("- " * 400_000, "nested more than 100 levels deep"),
        ('{"a":' * 150_000, "nested more than 100 levels deep"),
        ("!If [" * 100_000, "nested more than 100 levels deep"),
        (HEAD + "[" * 101 + "]" * 101, "nested more than 100 levels deep"),
    ],
)
def test_a_bomb_is_refused_within_a_second(text: str, cause: str) -> None:
    """A file of a few lines must not exhaust memory or overflow the stack."""
    begun = time.process_time()
    assert cause in refusal(text)
    assert time.process_time() - begun < cpu_seconds(1.5)


def test_depth_that_is_no_bomb_is_read() -> None:
    assert properties("[" * 90 + "]" * 90) is not None


# ---------------------------------------------------------------------- whatever
_KEYS = st.sampled_from(
    """
    Resources Parameters Conditions Rules Mappings Outputs A B P C Type Properties Condition DependsOn Default Value
    AllowedValues AllowedPattern MinLength MaxValue Assertions Assert RuleCondition Ref Fn::If Fn::Sub Fn::GetAtt
    Fn::Join Fn::Select Fn::Split Fn::FindInMap Fn::Equals Fn::And Fn::Not Fn::Base64 Fn::Cidr Fn::Contains
    Fn::EachMemberIn Fn::EachMemberEquals Fn::GetAZs Fn::ImportValue Fn::Length Fn::ToJsonString Fn::Transform
    Fn::ForEach::X Fn::RefAll Fn::ValueOf Name
    """.split()  # noqa: SIM905
)
_LEAVES = (
    st.sampled_from(["A", "B", "P", "C", "a", "", "AWS::NoValue", "${A.Value}", "${P}-${!x}", "AWS::SSM::Parameter"])
    | st.sampled_from(["String", "Number", "CommaDelimitedList", "10.0.0.0/8", "A.Value", "[", "true"])
    | st.integers(-1, 10**9)
    | st.booleans()
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=2), max_leaves=8
)
_SEED: dict[str, Any] = {
    "Parameters": {
        "P": {"Type": "String", "AllowedValues": ["a", "b"], "Default": "a"},
        "N": {"Type": "Number", "MinValue": 1, "MaxValue": 3},
    },
    "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "a"]}},
    "Rules": {
        "R": {"RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "N"}, 2]}]}, "Assertions": [{"Assert": True}]}
    },
    "Mappings": {"M": {"a": {"b": "c"}}},
    "Resources": {
        "A": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": {"Ref": "P"}, "Value": {"Fn::Sub": "${N}"}}},
        "B": {
            "Type": "AWS::SQS::Queue",
            "Condition": "C",
            "DependsOn": ["A"],
            "Properties": {"QueueName": {"Fn::GetAtt": ["A", "Value"]}, "Tags": [{"Fn::If": ["C", 1, 2]}]},
        },
    },
    "Outputs": {"O": {"Value": {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}, "Condition": "C"}},
}


@st.composite
def broken_templates(draw: st.DrawFn) -> Any:
    """A valid template in which some values are replaced with, or extended by, arbitrary data."""
    template = json.loads(json.dumps(_SEED))
    for _ in range(draw(st.integers(1, 4))):
        places = [place for place, value in walk(template) if isinstance(value, (dict, list))]
        node = at(template, *draw(st.sampled_from(places)))
        inside = list(node) if isinstance(node, dict) else list(range(len(node)))
        if isinstance(node, dict) and (not inside or not draw(st.integers(0, 2))):
            node[draw(_KEYS)] = draw(_VALUES)
        elif inside:
            node[draw(st.sampled_from(inside))] = draw(_VALUES)
    return template


@given(broken_templates())
@example({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": []}}}}})
@example({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::FindInMap": []}}}}})
@example({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": []}}}}})
def test_whatever_is_wrong_in_a_template_is_reported_as_such(template: Any) -> None:
    """Any other error would be a traceback for a user who mistyped a key."""
    with suppress(TemplateError):
        source = parse(json.dumps(template), FILE)
        for scenario in Scenarios(source.template).all:
            json.dumps(scenario.rendering.template)


@given(st.text(max_size=60) | st.text(":-[]{}!&*|>'\"#,\n \tab1", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UnreadableTemplate):
        assert isinstance(parse(text, FILE).template, dict)


def test_what_is_read_can_be_rendered_again_from_its_own_text(source: Source) -> None:
    """Reading loses only short forms and comments."""
    again = parse(yaml.safe_dump(source.template), FILE).template
    values = Scenarios(source.template).bases[0]
    assert Rendering(again, values).template == Rendering(source.template, values).template


@pytest.mark.parametrize(
    ("written", "number"),
    [("012345670123", 1402433619), ("0x1F", 31), ("1_000", 1000), ("12:30:00", 45000), ("-017", -15)],
)
def test_a_number_that_is_not_written_as_one_is_refused(written: str, number: int) -> None:
    """An account's number that begins with zero is octal to YAML 1.1, and so to AWS."""
    said = refusal(f"Resources: {{A: {{Type: T, Metadata: {{Account: {written}}}}}}}\n")

    assert said.endswith(f"{written} is read as the number {number}: put it in quotes if it is text")


@pytest.mark.parametrize(("written", "value"), [("1E3", 1000.0), ("1e-3", 0.001), ('"012"', "012"), ("true", True)])
def test_json_is_read_as_json(written: str, value: Any) -> None:
    """YAML 1.1 takes 1E3 for text."""
    text = f'{{"Resources": {{"A": {{"Type": "T", "Metadata": {{"M": {written}}}}}}}}}'

    assert parse(text, FILE).template["Resources"]["A"]["Metadata"]["M"] == value
