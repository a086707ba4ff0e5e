"""Placeholders for parameters: lists that are long enough, SSM parameters by value type, Java's patterns."""

import re
from typing import Any

import pytest

from harness.render import parameters, patterns
from harness.render.errors import UnrenderableTemplate


def of_type(type_: str, **more: Any) -> str:
    return parameters.default("P", {"Type": type_, **more})


# -------------------------------------------------------------------------------------------------------- by type ----


@pytest.mark.parametrize(
    ("type_", "member"),
    [
        ("List<AWS::EC2::Subnet::Id>", "subnet-[0-9a-f]{17}"),
        ("List<AWS::EC2::SecurityGroup::Id>", "sg-[0-9a-f]{17}"),
        ("List<AWS::EC2::Instance::Id>", "i-[0-9a-f]{17}"),
        ("List<AWS::EC2::AvailabilityZone::Name>", "us-east-1[a-f]"),
        ("List<AWS::EC2::SecurityGroup::GroupName>", "example-[a-f]"),
        ("List<AWS::New::Thing::Id>", "example-[a-f]"),
        ("List<String>", "example-[a-f]"),
        ("List<Number>", "[1-6]"),
        ("CommaDelimitedList", "example-[a-f]"),
    ],
)
def test_a_list_has_six_members_that_differ(type_: str, member: str) -> None:
    """us-east-1 has six Availability Zones: selecting the third subnet must not fail on a short placeholder."""
    members = of_type(type_).split(",")

    assert len(set(members)) == len(members) == 6
    assert all(re.fullmatch(member, each) for each in members)


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        ("AWS::EC2::Image::Id", "AWS::EC2::Image::Id"),
        ("AWS::EC2::VPC::Id", "AWS::EC2::VPC::Id"),
        ("List<AWS::EC2::Subnet::Id>", "List<AWS::EC2::Subnet::Id>"),
        ("List<String>", "List<String>"),
        ("CommaDelimitedList", "CommaDelimitedList"),
        ("String", "String"),
    ],
)
@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"Default": "/a/b"}, id="with a default name"),
        pytest.param({"AllowedValues": ["/a/b", "/a/c"], "Default": "/a/b"}, id="with allowed names"),
        pytest.param({"AllowedPattern": "/.*"}, id="with a pattern for the name"),
        pytest.param({}, id="without any"),
    ],
)
def test_a_stored_value_has_the_placeholder_of_what_is_stored(stored: str, same: str, more: dict[str, Any]) -> None:
    """The default is a name in Systems Manager. As an image id or a list of subnets it would be invalid."""
    parameter = {"Type": f"AWS::SSM::Parameter::Value<{stored}>", **more}

    assert parameters.default("P", parameter) == of_type(same)
    assert parameters.value_type(parameter) == same
    assert parameters.extremes(parameter) == []
    assert parameters.allows(parameter, "whatever a condition compares it with")
    assert parameters.written(parameter) == []


def test_written_is_what_the_template_gives_and_no_placeholder() -> None:
    assert parameters.written({"Type": "String"}) == []
    assert parameters.written({"Type": "String", "Default": True, "AllowedValues": [1, "b"]}) == ["true", "1", "b"]


@pytest.mark.parametrize("bounds", [{"MinLength": "5.0", "MaxLength": "9.5"}, {"MinLength": 10**29}], ids=str)
def test_a_length_that_is_odd_is_no_defect_of_ours(bounds: dict[str, Any]) -> None:
    if "MaxLength" in bounds:
        assert 5 <= len(of_type("String", **bounds)) <= 9
    else:
        with pytest.raises(UnrenderableTemplate, match="no value can be found"):
            of_type("String", **bounds)


# ------------------------------------------------------------------------------------------------- Java's patterns ----

EMAIL = r"^[\w-\+]+(\.[\w]+)*@[\w-]+(\.[\w]+)*(\.[a-z]{2,})$|^$"


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        pytest.param(EMAIL, ["a-b+c@example.com", ""], ["a b@c.de", "a"], id="a hyphen after a class"),
        pytest.param(r"[+-\w]+", ["+-a"], [" "], id="a hyphen before a class"),
        pytest.param(r"[--]{2}", ["--"], ["-a"], id="two hyphens"),
        pytest.param(r"[+--]+", ["+,-"], ["."], id="a range that ends in a hyphen"),
        pytest.param(r"[a-c-e]+", ["b-e"], ["d"], id="a hyphen after a range"),
        pytest.param(r"[]a]+", ["]a"], ["b"], id="a bracket that comes first"),
        pytest.param(r"[^]a]+", ["b"], ["]"], id="a bracket that comes first in a negation"),
        pytest.param(r"[a||b]+", ["a|b"], ["c"], id="two bars in a class"),
        pytest.param(r"\p{Alnum}+", ["aZ9"], ["-", "é"], id="a class by its name"),
        pytest.param(r"\P{Alnum}+", ["-"], ["a"], id="a class by its name negated"),
        pytest.param(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", ["a B_9@", "é"], ["a#"], id="classes by name within another"),
        pytest.param(r"[^\p{L}]", ["€", "1"], ["a"], id="no letters"),
        pytest.param(r"\p{L}\P{L}", ["aé", "é€", "a-"], ["-a", "aa"], id="letters beyond ASCII, to be safe"),
        pytest.param(r"[\p{Punct}]", ["[", "-", "~", "^"], ["a"], id="punctuation"),
        pytest.param(r"\A[a-z]{3}\z", ["abc"], ["abcd"], id="anchors"),
        pytest.param(r"[a-z]++-[0-9]{2}+", ["a-12"], ["a-1"], id="possessive"),
        pytest.param(r"(?<first>a)(?<!b)c", ["ac"], ["bc"], id="a group's name"),
        pytest.param(r"\d+\w", ["1a"], ["\u0661a", "1é"], id="digits and words are ASCII"),
        pytest.param(r"a&&b", ["a&&b"], ["a"], id="an ampersand outside of a class"),
        pytest.param(r"\\z", ["\\z"], [""], id="a backslash and a letter"),
    ],
)
def test_a_pattern_of_java_s_is_read_as_java_reads_it(pattern: str, taken: list[str], refused: list[str]) -> None:
    assert patterns.is_readable(pattern)
    assert [each for each in taken if not patterns.matches(pattern, each)] == []
    assert [each for each in refused if patterns.matches(pattern, each)] == []
    assert patterns.matches(pattern, of_type("String", AllowedPattern=pattern))
    assert of_type("String", AllowedPattern=pattern).isascii()


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("[a-z&&[^b]]+", id="an intersection"),
        pytest.param("[a-c[x-z]]+", id="a union"),
        pytest.param("[[:alpha:]]+", id="a union that looks like a class"),
        pytest.param(r"\p{IsHangul}+", id="a script"),
        pytest.param(r"example\p{IsHangul}", id="a script at the end"),
        pytest.param(r"[\P{Alnum}x]", id="a negated name within a class"),
        pytest.param(r"\Qa.b\E", id="quoted"),
        pytest.param(r"a(?i)b", id="a flag in the middle"),
        pytest.param(r"\h+", id="horizontal space"),
        pytest.param(r"a{2}{3}", id="repeated repetition"),
    ],
)
def test_a_pattern_that_only_java_reads_is_not_checked(pattern: str, recwarn: pytest.WarningsRecorder) -> None:
    """CloudFormation accepts these. The placeholder then goes by the type, plus every value it is compared with."""
    assert not patterns.is_readable(pattern)
    assert of_type("String", AllowedPattern=pattern) == "example"
    assert of_type("String", AllowedPattern=pattern, MinLength=9) == "exampleex"
    assert of_type("String", AllowedPattern=pattern, Default="acd") == "acd"
    assert parameters.allows({"Type": "String", "AllowedPattern": pattern}, "anything")
    assert not list(recwarn)


@pytest.mark.parametrize("pattern", ["[", "(a", "a)", "[a-", "a\\"])
def test_a_pattern_that_nobody_can_read_is_refused(pattern: str) -> None:
    with pytest.raises(UnrenderableTemplate, match=r"^parameter P: AllowedPattern "):
        of_type("String", AllowedPattern=pattern)


@pytest.mark.parametrize(
    ("pattern", "bounds"),
    [
        pytest.param(
            "^(?=.*?[A-Z])(?=.*?[a-z])(?=.*?[0-9])(?=.*?[#?!@$%^&*-]).{12,}$",
            {"MinLength": 8, "MaxLength": 41},
            id="a letter of each case, a digit and a sign",
        ),
        pytest.param(r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[a-zA-Z\d]{8,}$", {}, id="no sign at all"),
        pytest.param(r"^(?=.*[0-9])(?=.*[A-Z])(?=.*[_.]).+$", {"MinLength": 30, "MaxLength": 30}, id="one length"),
        pytest.param(r"^(?=.*[0-9])(?=.*[A-Z])(?=.*[-]).{40,}$", {"MaxLength": 50}, id="a length that is long"),
        pytest.param(r"^(?=.*[0-9])(?=.*[A-Z]).{5}$", {"MaxLength": 5}, id="a length that is short"),
    ],
)
def test_a_password_is_found_that_has_all_that_is_looked_for(pattern: str, bounds: dict[str, Any]) -> None:
    found = of_type("String", AllowedPattern=pattern, NoEcho=True, **bounds)

    assert re.fullmatch(pattern, found)
    assert bounds.get("MinLength", 0) <= len(found) <= bounds.get("MaxLength", 4096)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ReaderAccountId", "210987654321", id="an account"),
        pytest.param("AlertEmail", "on-call@example.com", id="an address"),
        pytest.param("VpcCidr", "10.20.0.0/16", id="a network"),
        pytest.param("AccountIdOfReaders", "example", id="a name that only begins so"),
    ],
)
def test_text_without_a_pattern_is_what_its_name_says(name: str, expected: str):
    assert parameters.default(name, {"Type": "String"}) == expected
    assert parameters.default(name, {"Type": "String", "Default": "given"}) == "given"


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"Stage": ["blue", "green"], "Landscape": ["dev", "prod"]}, "Landscape"),
        ({"Landscape": ["dev", "prod"], "Stage": ["dev", "prod"]}, "Stage"),
        ({"Size": ["big", "small"], "Env": ["a", "b"]}, "Env"),
        ({"Size": ["big", "small"]}, ""),
    ],
)
def test_the_environment_is_what_names_production_before_what_is_called_so(
    listed: dict[str, list[str]], found: str
) -> None:
    declared = {name: {"Type": "String", "AllowedValues": values} for name, values in listed.items()}

    assert parameters.environment(declared) == found
