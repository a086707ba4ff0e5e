"""NET-015  function_reaches_what_it_calls

Why       A function that cannot reach what it calls times out on every message. The stream backs up behind it, and a
          week later the first records expire.
Targets   AWS::Lambda::Function, AWS::IAM::Role, AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupEgress,
          AWS::EC2::VPCEndpoint
"""

from typing import Any

from rules.lib import Problem, Problems, Stack
from rules.lib.networks import (
    GATEWAYS,
    called_services,
    endpoint_groups,
    function_groups,
    functions_in_a_vpc,
    group_of,
    lets_https,
    rules_of,
    vpc_blocks,
)
from rules.lib.roles import role_of


def subjects(stack: Stack) -> list[str]:
    """Functions in a VPC with a role of this template, if a parameter states addresses or a prefix list."""
    if not any(stack.parameters.get(each) for each in ("VpcCidr", *GATEWAYS.values())):
        return []
    stack.of("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::VPCEndpoint")
    return [name for name, each in functions_in_a_vpc(stack).items() if role_of(stack, each) is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """Services that the role grants, and no security group of the function lets it connect to."""
    function = stack.resources[subject]
    path = ("Properties", "VpcConfig", "SecurityGroupIds")
    groups = [group for name in function_groups(function) if (group := group_of(stack, name)) is not None]
    if not groups:
        yield Problem(
            "none of its security groups is in this template, so what it can connect to cannot be judged.",
            "declare a security group for it and name that in VpcConfig.SecurityGroupIds.",
            path,
        )
        return
    rules = [rule for group in groups for rule in rules_of(stack, group, "Egress") if lets_https(rule)]
    called = called_services(stack, function)
    for service in sorted(called & set(GATEWAYS)):
        addresses = stack.parameters.get(GATEWAYS[service])
        if addresses and not any(rule.get("DestinationPrefixListId") == addresses for rule in rules):
            yield Problem(
                f"its role grants {service}, but its security group blocks it, so calls time out.",
                f"add to SecurityGroupEgress tcp 443 to DestinationPrefixListId, the parameter {GATEWAYS[service]}.",
                path,
            )
    others = [each for each in sorted(called - set(GATEWAYS)) if not _is_reached(stack, each, rules)]
    if others and vpc_blocks(stack):
        yield Problem(
            f"its role grants {', '.join(others)}, but its security group blocks the endpoints in the VPC, so calls "
            "time out.",
            "allow egress on tcp 443 to the endpoint's security group; without one, to each block of VpcCidr.",
            path,
        )


def _is_reached(stack: Stack, service: str, rules: list[dict[str, Any]]) -> bool:
    leads_to = [group_of(stack, rule.get("DestinationSecurityGroupId")) for rule in rules]
    if any(group in leads_to for group in endpoint_groups(stack, service)):
        return True
    # An endpoint may have its addresses in any block, and one that is not made here may have any group.
    blocks = [rule.get("CidrIp") for rule in rules]
    return all(each in blocks for each in vpc_blocks(stack))
