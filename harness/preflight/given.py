"""The parameters to deploy with, and the template's constraints on them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.deploy.stack import TEMPLATE, DeployError, parameters_in
from harness.preflight.facts import Named
from harness.render import parameters as constraints
from harness.render import source
from harness.render.errors import UnreadableTemplate

#: Types whose names may be taken already, with the property that holds the name.
NAMED = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
}
#: The parameter that creates each endpoint, and the last part of the service's name.
ENDPOINTS = {
    "CreateS3Endpoint": "s3", "CreateDynamoDBEndpoint": "dynamodb", "CreateSQSEndpoint": "sqs",
    "CreateKinesisEndpoint": "kinesis-streams", "CreateGlueEndpoint": "glue", "CreateKMSEndpoint": "kms",
    "CreateLogsEndpoint": "logs", "CreateSNSEndpoint": "sns", "CreateSTSEndpoint": "sts",
}  # fmt: skip
GATEWAYS = ("CreateS3Endpoint", "CreateDynamoDBEndpoint")
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_WHOLE = re.compile("-?[0-9]+")


@dataclass(frozen=True)
class Given:
    """The template and its parameters' effective values."""

    values: Mapping[str, str]
    template: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def entries(self, name: str) -> list[str]:
        """The entries of a comma-separated list."""
        return [each.strip() for each in self[name].split(",") if each.strip()]

    @property
    def regions(self) -> frozenset[str] | None:
        """The Regions that the template supports; None if it has no such mapping."""
        stated = self.template.get("Mappings", {}).get("Regions")
        return frozenset(stated) if isinstance(stated, dict) else None

    @property
    def consumer_concurrency(self) -> int:
        """The consumer's reserved concurrency, from the template's mapping."""
        shards = self.template.get("Mappings", {}).get("Shards", {})
        return int(shards.get(self["ShardCount"], {}).get("ConsumerConcurrency", 0))

    @property
    def endpoint_subnets(self) -> list[str]:
        """The subnets of the interface endpoints."""
        return self.entries("EndpointSubnetIds") or self.entries("SubnetIds")

    def creates(self, switch: str) -> bool:
        """Whether the parameter creates its endpoint."""
        return self[switch] == "true"

    def named(self, account: str) -> Iterator[Named]:
        """The resources to create whose names may be taken."""
        names = {**self.values, "AWS::AccountId": account}
        for body in self.template["Resources"].values():
            stated = body.get("Properties", {}).get(NAMED.get(body["Type"], ""))
            text = stated.get("Fn::Sub") if isinstance(stated, dict) else stated
            condition = self.template.get("Conditions", {}).get(body.get("Condition"))
            if isinstance(text, str) and self._holds(condition):
                name = _VARIABLE.sub(lambda found: names.get(found[1], ""), text)
                yield Named(body["Type"], name, body.get("DeletionPolicy", "").startswith("Retain"))

    def _holds(self, condition: Any) -> bool:
        """Whether a condition holds; True for conditions that compare more than a parameter."""
        match condition:
            case {"Fn::Equals": [{"Ref": str(name)}, str(value)]}:
                return self[name] == value
            case {"Fn::Not": [inner]}:
                return not self._holds(inner) if _is_plain(inner) else True
            case {"Fn::And": [*inner]}:
                return all(map(self._holds, inner))
            case {"Condition": str(name)}:
                return self._holds(self.template.get("Conditions", {}).get(name))
            case _:
                return True


def _is_plain(condition: Any) -> bool:
    match condition:
        case {"Fn::Equals": [{"Ref": str()}, str()]}:
            return True
        case _:
            return False


def rejected(given: Given) -> dict[str, str]:
    """The parameters whose value the template rejects, with its constraint description."""
    found: dict[str, str] = {}
    for name, stated in given.template["Parameters"].items():
        if name in given.values and not _takes(stated, given.values[name]):
            found[name] = str(stated.get("ConstraintDescription", f"must be a value of {stated['Type']}."))
    return found


def _takes(stated: Mapping[str, Any], value: str) -> bool:
    type_ = str(stated["Type"])
    if type_.startswith(("AWS::EC2::", "List<")) and not all(each.strip() for each in value.split(",")):
        # These types need existing ids: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
        return False
    if type_ == "Number" and _WHOLE.fullmatch(value) is None and _is_whole(stated):
        return False
    return constraints.allows(dict(stated), value)


def _is_whole(stated: Mapping[str, Any]) -> bool:
    """Whether the parameter's bounds, default and allowed values are all whole numbers."""
    said = [stated[key] for key in ("Default", "MinValue", "MaxValue") if key in stated]
    return all(isinstance(each, int) for each in [*said, *stated.get("AllowedValues", [])])


def read(parameters: Path, template: Path = TEMPLATE) -> tuple[dict[str, str], dict[str, Any]]:
    """The values of a parameter file, and the template. Raises DeployError if either cannot be read."""
    try:
        values = parameters_in(parameters)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DeployError(f"{parameters}: no readable parameter file ({error})") from error
    try:
        parsed = source.read(template).template
    except UnreadableTemplate as error:
        raise DeployError(str(error)) from error
    if unknown := sorted(values.keys() - parsed["Parameters"].keys()):
        raise DeployError(f"{parameters}: the template has no parameter {', '.join(unknown)}")
    return values, parsed


def complete(values: Mapping[str, str], template: Mapping[str, Any], before: Mapping[str, str]) -> Given:
    """Each parameter's value: from the file, else from the stack (`before`), else the default."""
    stated = template["Parameters"].items()
    defaults = {name: _text(each["Default"]) for name, each in stated if "Default" in each}
    return Given({**defaults, **before, **values}, template)


def missing(given: Given) -> list[str]:
    """Parameters without a value or default."""
    return sorted(given.template["Parameters"].keys() - given.values.keys())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
