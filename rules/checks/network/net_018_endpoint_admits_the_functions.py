"""NET-018  endpoint_admits_the_functions

Why       Private names lead every call in the VPC to the endpoint. If its security group does not let
          the functions in by theirs, the service is gone for them once the VPC gets another block of
          addresses, and no way around is left. It starts no connections
          itself, so whatever it may connect to is only of use to an intruder.
Targets   AWS::EC2::VPCEndpoint, AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress,
          AWS::EC2::SecurityGroupEgress, AWS::Lambda::Function
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.render.resources import items
from rules.lib import Problem, Resource, Stack
from rules.lib.networks import NOWHERE, function_groups, functions_in_a_vpc, group_of, lets_https, rules_of, vpc_blocks

PATH = ("Properties", "SecurityGroupIds")


def subjects(stack: Stack) -> list[str]:
    """Interface endpoints with a security group; that they have one is asked elsewhere."""
    stack.of("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
    functions_in_a_vpc(stack)
    return [
        name
        for name, each in stack.of("AWS::EC2::VPCEndpoint").items()
        if each.properties.get("VpcEndpointType") == "Interface" and items(each.properties.get("SecurityGroupIds"))
    ]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Functions that are not let in, and ways out."""
    named = items(stack.resources[subject].properties.get("SecurityGroupIds"))
    groups = [group for name in named if (group := group_of(stack, name)) is not None]
    ingress = [rule for group in groups for rule in rules_of(stack, group, "Ingress") if lets_https(rule)]
    if not _lets_functions_in(stack, ingress):
        yield Problem(
            "the functions cannot connect to the endpoint by their security group, and private names leave them no"
            " other way to the service.",
            "name a security group of this template that lets tcp 443 in from the functions' security group.",
            PATH,
        )
    for group in groups:
        # That egress is stated at all, another rule asks.
        if any(rule.get("CidrIp") != NOWHERE for rule in rules_of(stack, group, "Egress")):
            yield Problem(
                f"the endpoint's security group {group.logical_id} may start connections, which endpoints never do.",
                f"let its SecurityGroupEgress be one rule to {NOWHERE}.",
                PATH,
            )


def _lets_functions_in(stack: Stack, rules: list[dict[str, Any]]) -> bool:
    functions = functions_in_a_vpc(stack).values()
    if functions:
        sources = [group_of(stack, rule.get("SourceSecurityGroupId")) for rule in rules]
        return all(_is_source(stack, each, sources) for each in functions)
    blocks = vpc_blocks(stack)
    return any(rule.get("CidrIp") in blocks if blocks else rule.get("CidrIp") for rule in rules)


def _is_source(stack: Stack, function: Resource, sources: list[Resource | None]) -> bool:
    groups = [group_of(stack, name) for name in function_groups(function)]
    return any(group is not None and group in sources for group in groups)
