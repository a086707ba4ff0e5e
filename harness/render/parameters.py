"""Which values a template's parameters may have: the default, the bounds, and a documented one if there is none."""

import hashlib
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from harness.render import patterns
from harness.render.errors import UnrenderableTemplate

#: As many Availability Zones as us-east-1 has, which is as many subnets as a template asks for.
LIST_LENGTH = 6
#: What stands in for a parameter without a default, by its type; for a list of any other type, LIST_LENGTH of its
#: members' placeholders. `{id}` is 17 hexadecimal digits made from the parameter's name (and the place in a list), so
#: that two parameters of one type are told apart.
BY_TYPE = {
    "String": "example",
    "Number": "1",
    "CommaDelimitedList": "example-a,example-b,example-c,example-d,example-e,example-f",
    "List<Number>": "1,2,3,4,5,6",
    "List<String>": "example-a,example-b,example-c,example-d,example-e,example-f",
    "AWS::EC2::AvailabilityZone::Name": "us-east-1a",
    "AWS::EC2::Image::Id": "ami-{id}",
    "AWS::EC2::Instance::Id": "i-{id}",
    "AWS::EC2::KeyPair::KeyName": "example",
    "AWS::EC2::SecurityGroup::GroupName": "example",
    "AWS::EC2::SecurityGroup::Id": "sg-{id}",
    "AWS::EC2::Subnet::Id": "subnet-{id}",
    "AWS::EC2::VPC::Id": "vpc-{id}",
    "AWS::EC2::Volume::Id": "vol-{id}",
    "AWS::Route53::HostedZone::Id": "Z0123456789ABCDEFGHIJ",
    "AWS::SSM::Parameter::Name": "/example",
    "List<AWS::EC2::AvailabilityZone::Name>": "us-east-1a,us-east-1b,us-east-1c,us-east-1d,us-east-1e,us-east-1f",
}
#: What stands in for text with an AllowedPattern: the first of these that it allows, or two of one kind with a comma
#: between them; then text made from the pattern. `{block}` is another number for each place in a list.
BY_PATTERN = (
    "example",
    "on-call@example.com",
    "210987654321",  # an account, and not the one that is rendered for
    "10.{block}.0.0/16",
    "pl-{id}",
    "rtb-{id}",
    "vpc-{id}",
    "subnet-{id}",
    "sg-{id}",
    "o-a1b2c3d4e5",
    "arn:aws:sqs:us-east-1:123456789012:example",
    "arn:aws:sns:us-east-1:123456789012:example",
    "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "arn:aws:s3:::example",
    "arn:aws:iam::123456789012:role/example",
    "cron(0 * * * ? *)",
    "rate(1 hour)",
    "us-east-1",
    "example.com",
    "https://example.com/",
    "1",
    "true",
)
#: What stands in for text without a pattern that is called so: a word where an account belongs is a fault of ours.
BY_NAME = {
    "account(id)?$": "210987654321",
    "e?mail(address)?$": "on-call@example.com",
    "cidr(block)?$": "10.20.0.0/16",
    "rolearn$": "arn:aws:iam::123456789012:role/example",
    "topicarn$": "arn:aws:sns:us-east-1:123456789012:example",
}
#: Then, for patterns that look ahead for a letter, a digit and a sign, each of these over and over, in these lengths.
STRONG = ("Ex1", "Ex1!", "Ex1#", "Ex1-", "Ex1_", "Ex1@", "Ex1$", "Ex1.")
STRONG_LENGTHS = (8, 12, 16, 24, 32, 64)
MAXIMUM_LENGTH = 4096

#: Parameters of these names, or whose allowed values have one of production's names among them, are environments.
ENVIRONMENT_NAMES = ("Environment", "EnvironmentName", "Env", "Stage")
PRODUCTION = ("production", "prod", "prd", "live")

Parameter = dict[str, Any]
_STORED = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")


class Environment(str):
    """An environment's name. What a template calls production is equal to "production", and to its own name."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        named = str.__eq__(self, other) is True
        return named or (isinstance(other, str) and other == PRODUCTION[0] and self.lower() in PRODUCTION)

    def __ne__(self, other: object) -> bool:
        return not self == other


def environment(declared: Mapping[str, Parameter]) -> str:
    """The parameter that says which environment it is; empty if there is none."""
    listed = {
        name: [text(each) for each in body["AllowedValues"]]
        for name, body in declared.items()
        if "AllowedValues" in body
    }
    by_value = {name for name, values in listed.items() if {each.lower() for each in values} & {*PRODUCTION}}
    named = [name for name in ENVIRONMENT_NAMES if name in listed]
    # A Stage that is blue or green says nothing of production, if another parameter does.
    return next((name for name in [*named, *listed] if name in by_value), next(iter(named), ""))


def default(name: str, parameter: Parameter) -> str:
    """The default, or the documented placeholder. Raises UnrenderableTemplate where no value can be found."""
    parameter = _of_value(parameter)
    if "Default" in parameter:
        return text(parameter["Default"])
    return placeholder(name, parameter)


def placeholder(name: str, parameter: Parameter, unlike: Collection[str] = ()) -> str:
    """A value that the parameter allows, and that is none of `unlike`. Raises UnrenderableTemplate if none is found."""
    parameter = _of_value(parameter)
    try:
        for candidate in _candidates(name, parameter):
            if candidate not in unlike and allows(parameter, candidate):
                return candidate
    except UnrenderableTemplate as error:
        raise UnrenderableTemplate(f"parameter {name}: {error}") from error
    raise UnrenderableTemplate(f"parameter {name}: no value can be found that its constraints allow")


def extremes(parameter: Parameter) -> list[str]:
    """Each allowed value, or the least and the greatest number; nothing where there are no bounds."""
    parameter = _of_value(parameter)
    if "AllowedValues" in parameter:
        return [text(each) for each in parameter["AllowedValues"]]
    return _bounds(parameter)


def written(parameter: Parameter) -> list[str]:
    """The values that the template gives the parameter; all others are placeholders or come from comparisons."""
    parameter = _of_value(parameter)
    given = [parameter["Default"]] if "Default" in parameter else []
    return [text(each) for each in [*given, *parameter.get("AllowedValues", [])]]


def value_type(parameter: Parameter) -> str:
    """The type of the parameter's value; where Systems Manager has the value, of the one that it has."""
    return str(_of_value(parameter)["Type"])


def allows(parameter: Parameter, value: str) -> bool:
    """Whether CloudFormation would take the value."""
    parameter = _of_value(parameter)
    if "AllowedValues" in parameter:
        return value in [text(each) for each in parameter["AllowedValues"]]
    if parameter["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            return False
        least, most = parameter.get("MinValue"), parameter.get("MaxValue")
        return (least is None or number >= float(least)) and (most is None or number <= float(most))
    least, most = _lengths(parameter)
    if not least <= len(value) <= most:
        return False
    # A list's pattern is each member's.
    members = [each.strip() for each in value.split(",")] if parameter["Type"] == "CommaDelimitedList" else [value]
    return "AllowedPattern" not in parameter or all(
        patterns.matches(parameter["AllowedPattern"], each) for each in members
    )


def text(value: Any) -> str:
    """A parameter's value as CloudFormation has it, which is always text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_value(parameter: Parameter) -> Parameter:
    # Of a stored value the template has the name alone: that is what its default and its constraints are about.
    stored = _STORED.fullmatch(parameter["Type"])
    return {"Type": stored[1]} if stored else parameter


def _candidates(name: str, parameter: Parameter) -> list[str]:
    if "AllowedValues" in parameter:
        return extremes(parameter)
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and patterns.is_readable(pattern):
        usual = [_listed(form, name, ",", count) for count in (1, 2) for form in BY_PATTERN]
        return [*usual, *_strong(parameter), *patterns.made(pattern)]
    named = [value for ending, value in BY_NAME.items() if re.search(ending, name, re.IGNORECASE)]
    by_name = named if parameter["Type"] == "String" else []
    return [*_bounds(parameter), *by_name, _by_type(name, parameter["Type"]), *_others(parameter)]


def entries(name: str, parameter: Parameter, separator: str, count: int) -> str | None:
    """Text of so many entries that the parameter allows, or None where no usual entries are."""
    listed = (_listed(form, name, separator, count) for form in BY_PATTERN)
    return next((each for each in listed if allows(parameter, each)), None)


def _listed(form: str, name: str, separator: str, count: int) -> str:
    places = (name, *(f"{name}, {place}" for place in range(2, count + 1)))
    filled = (form.replace("{id}", _digits(each)) for each in places)
    return separator.join(each.replace("{block}", str(20 + index)) for index, each in enumerate(filled))


def _by_type(name: str, type_: str) -> str:
    member = type_.removeprefix("List<").removesuffix(">")
    if type_ in BY_TYPE or member == type_:
        return BY_TYPE.get(type_, BY_TYPE["String"]).replace("{id}", _digits(name))
    usual = BY_TYPE.get(member, BY_TYPE["String"])
    if usual == BY_TYPE["String"]:
        return BY_TYPE["List<String>"]
    places = (name, *(f"{name}, {place}" for place in range(2, LIST_LENGTH + 1)))
    return ",".join(usual.replace("{id}", _digits(each)) for each in places)


def _lengths(parameter: Parameter) -> tuple[int, int]:
    # No value is longer than 4096 bytes, whatever the bounds are.
    least, most = float(parameter.get("MinLength", 0)), float(parameter.get("MaxLength", MAXIMUM_LENGTH))
    return math.ceil(min(least, MAXIMUM_LENGTH + 1)), math.floor(min(most, MAXIMUM_LENGTH))


def _strong(parameter: Parameter) -> list[str]:
    least, most = _lengths(parameter)
    lengths = [each for each in (*STRONG_LENGTHS, least, most) if least <= each <= most]
    return [(word * length)[:length] for length in lengths for word in STRONG]


def _digits(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:17]


def _bounds(parameter: Parameter) -> list[str]:
    return [text(parameter[bound]) for bound in ("MinValue", "MaxValue") if bound in parameter]


def _others(parameter: Parameter) -> list[str]:
    """More values where the usual one does not fit, or is one too few."""
    if parameter["Type"] in ("Number", "List<Number>"):
        least, most = float(parameter.get("MinValue", 0)), float(parameter.get("MaxValue", math.inf))
        return [str(number) for number in range(math.ceil(least), math.ceil(least) + 5) if number <= most]
    least, most = _lengths(parameter)
    words = ("example", "another-example")
    return [(word * (least // len(word) + 1))[: max(least, min(most, len(word)))] for word in words]
