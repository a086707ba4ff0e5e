"""Networks: what security groups let in and out, and whose they are."""

from __future__ import annotations

from typing import Any, Literal

from harness.checks.iam import Path
from harness.checks.stack import Resource, Stack, at, items

#: Every AWS service is called by HTTPS.
HTTPS = 443

Direction = Literal["Ingress", "Egress"]


def rules_of(stack: Stack, group: Resource, direction: Direction) -> list[dict[str, Any]]:
    """A security group's rules, those in resources of their own included."""
    stated = [rule for _, rule in own_rules(group, direction)]
    apart = [
        each.properties
        for each in stack.of(f"AWS::EC2::SecurityGroup{direction}").values()
        if each.properties.get("GroupId") in _ids(group)
    ]
    return stated + apart


def own_rules(group: Resource, direction: Direction) -> list[tuple[Path, dict[str, Any]]]:
    """The rules that stand in the security group itself, and where; one that cannot be read is empty."""
    key = f"SecurityGroup{direction}"
    return [
        (("Properties", key, index), rule if isinstance(rule, dict) else {})
        for index, rule in enumerate(items(group.properties.get(key)))
    ]


def lets_https(rule: dict[str, Any]) -> bool:
    """Whether a rule lets HTTPS through, from or to wherever it says."""
    protocol = str(rule.get("IpProtocol"))
    if protocol == "-1":
        return True
    first, last = _port(rule.get("FromPort")), _port(rule.get("ToPort"))
    return protocol in ("tcp", "6") and first is not None and last is not None and first <= HTTPS <= last


def group_of(stack: Stack, name: Any) -> Resource | None:
    """The security group of this template with this id, or None."""
    groups = stack.of("AWS::EC2::SecurityGroup").values()
    return next((each for each in groups if isinstance(name, str) and name in _ids(each)), None)


def functions_in_a_vpc(stack: Stack) -> dict[str, Resource]:
    """The functions that have network interfaces in a VPC."""
    functions = stack.of("AWS::Lambda::Function").items()
    return {name: each for name, each in functions if items(at(each.properties, "VpcConfig", "SubnetIds"))}


def function_groups(function: Resource) -> list[Any]:
    """The ids of a function's security groups."""
    return items(at(function.properties, "VpcConfig", "SecurityGroupIds"))


def _ids(group: Resource) -> list[str]:
    return [each for each in (group.ref, group.arn) if each]


def _port(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
