"""Which values a template's parameters may have: the default, the bounds, and a documented one if there is none."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Collection
from typing import Any

import rstr

from harness.render.errors import UnrenderableTemplate

#: What stands in for a parameter without a default, by its type. `{id}` and `{other}` are 17 hexadecimal digits made
#: from the parameter's name, so that two parameters of one type are told apart.
BY_TYPE = {
    "String": "example",
    "Number": "1",
    "CommaDelimitedList": "example-a,example-b",
    "List<Number>": "1,2",
    "List<String>": "example-a,example-b",
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
    "List<AWS::EC2::AvailabilityZone::Name>": "us-east-1a,us-east-1b",
    "List<AWS::EC2::SecurityGroup::Id>": "sg-{id},sg-{other}",
    "List<AWS::EC2::Subnet::Id>": "subnet-{id},subnet-{other}",
    "List<AWS::EC2::VPC::Id>": "vpc-{id},vpc-{other}",
}
#: What stands in for text with an AllowedPattern: the first of these that it allows; then text made from the pattern.
BY_PATTERN = (
    "example",
    "on-call@example.com",
    "210987654321",  # an account, and not the one that is rendered for
    "10.20.0.0/16",
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

Parameter = dict[str, Any]


def default(name: str, parameter: Parameter) -> str:
    """The default, or the documented stand-in. Raises UnrenderableTemplate where no value can be found."""
    if "Default" in parameter:
        return text(parameter["Default"])
    return stand_in(name, parameter)


def stand_in(name: str, parameter: Parameter, unlike: Collection[str] = ()) -> str:
    """A value that the parameter allows, and that is none of `unlike`. Raises UnrenderableTemplate if none is found."""
    try:
        for pattern in _candidates(parameter):
            candidate = pattern.replace("{id}", _digits(name)).replace("{other}", _digits(f"{name}, another"))
            if candidate not in unlike and allows(parameter, candidate):
                return candidate
    except UnrenderableTemplate as error:
        raise UnrenderableTemplate(f"parameter {name}: {error}") from error
    raise UnrenderableTemplate(f"parameter {name}: no value can be found that its constraints allow")


def extremes(parameter: Parameter) -> list[str]:
    """Each allowed value, or the least and the greatest number; nothing where there are no bounds."""
    if "AllowedValues" in parameter:
        return [text(each) for each in parameter["AllowedValues"]]
    return _bounds(parameter)


def allows(parameter: Parameter, value: str) -> bool:
    """Whether CloudFormation would take the value."""
    if "AllowedValues" in parameter:
        return value in [text(each) for each in parameter["AllowedValues"]]
    if parameter["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            return False
        least, most = parameter.get("MinValue"), parameter.get("MaxValue")
        return (least is None or number >= float(least)) and (most is None or number <= float(most))
    if not int(parameter.get("MinLength", 0)) <= len(value) <= int(parameter.get("MaxLength", 4096)):
        return False
    pattern = parameter.get("AllowedPattern")
    # A list's pattern is each member's.
    members = [each.strip() for each in value.split(",")] if parameter["Type"] == "CommaDelimitedList" else [value]
    return pattern is None or all(_matches(pattern, each) for each in members)


def text(value: Any) -> str:
    """A parameter's value as CloudFormation has it, which is always text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _candidates(parameter: Parameter) -> list[str]:
    if "AllowedValues" in parameter:
        return extremes(parameter)
    if "AllowedPattern" in parameter:
        return [*BY_PATTERN, *_made(parameter["AllowedPattern"])]
    return [*_bounds(parameter), BY_TYPE.get(parameter["Type"], BY_TYPE["String"]), *_others(parameter)]


def _digits(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:17]


def _bounds(parameter: Parameter) -> list[str]:
    return [text(parameter[bound]) for bound in ("MinValue", "MaxValue") if bound in parameter]


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error as error:
        raise UnrenderableTemplate(f"AllowedPattern {pattern}: {error}") from error


def _others(parameter: Parameter) -> list[str]:
    """More values where the usual one does not fit, or is one too few."""
    if parameter["Type"] in ("Number", "List<Number>"):
        least, most = float(parameter.get("MinValue", 0)), float(parameter.get("MaxValue", math.inf))
        return [str(number) for number in range(math.ceil(least), math.ceil(least) + 5) if number <= most]
    least, most = int(parameter.get("MinLength", 0)), int(parameter.get("MaxLength", 4096))
    words = ("example", "another-example")
    return [(word * (least // len(word) + 1))[: max(least, min(most, len(word)))] for word in words]


def _made(pattern: str) -> list[str]:
    # Seeded by the pattern: the same template has the same scenarios each time.
    generator = rstr.Rstr(random.Random(pattern))
    try:
        return [generator.xeger(pattern) for _ in range(20)]
    except (re.error, KeyError, ValueError) as error:
        raise UnrenderableTemplate(f"AllowedPattern {pattern}: {error}") from error
