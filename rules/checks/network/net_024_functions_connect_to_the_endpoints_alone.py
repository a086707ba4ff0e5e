"""NET-024  functions_connect_to_the_endpoints_alone

Why       A VPC is full of other hosts: databases, other teams' services, somebody's own machine. Compromised code could
          try each of them. If this template creates the endpoints that the functions call, the endpoints' security
          group can be the destination, and no address block is needed. Functions that share a group are judged by what
          any of them calls.
Targets   AWS::Lambda::Function, AWS::IAM::Role, AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupEgress,
          AWS::EC2::VPCEndpoint
"""

from typing import Any

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.networks import (
    GATEWAYS,
    NOWHERE,
    called_services,
    endpoint_groups,
    function_groups,
    functions_in_a_vpc,
    group_of,
    rules_of,
    vpc_blocks,
)
from rules.lib.roles import role_of


def subjects(stack: Stack) -> list[str]:
    """Functions in a VPC with a role of this template, which also has each endpoint that they need."""
    stack.of("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::VPCEndpoint")
    functions = functions_in_a_vpc(stack).items()
    return [name for name, each in functions if role_of(stack, each) is not None and _has_its_endpoints(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Ways out to addresses."""
    for name in function_groups(stack.resources[subject]):
        group = group_of(stack, name)
        for rule in rules_of(stack, group, "Egress") if group is not None else ():
            if not rule or "CidrIpv6" in rule or ("CidrIp" in rule and _is_the_vpcs(stack, rule["CidrIp"])):
                to = rule.get("CidrIp") or rule.get("CidrIpv6") or "somewhere"
                yield Problem(
                    f"it may connect to {to}, although every endpoint that it calls is in this template.",
                    "set DestinationSecurityGroupId to the endpoint's security group instead of an address block.",
                    ("Properties", "VpcConfig", "SecurityGroupIds"),
                )


def _is_the_vpcs(stack: Stack, block: Any) -> bool:
    # What is beyond the VPC another rule refuses, where the stack is told its blocks.
    blocks = vpc_blocks(stack)
    return block in blocks if blocks else block != NOWHERE


def _has_its_endpoints(stack: Stack, function: Resource) -> bool:
    groups = _groups(stack, function)
    together = [each for each in functions_in_a_vpc(stack).values() if groups & _groups(stack, each)]
    called = {service for each in (function, *together) for service in called_services(stack, each)}
    return all(endpoint_groups(stack, each) for each in called - set(GATEWAYS))


def _groups(stack: Stack, function: Resource) -> set[str]:
    return {group.logical_id for name in function_groups(function) if (group := group_of(stack, name)) is not None}
