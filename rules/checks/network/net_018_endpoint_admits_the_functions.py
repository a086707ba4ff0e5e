"""NET-018  endpoint_admits_the_functions

Why       Private DNS sends every call in the VPC to the endpoint. If its security group does not admit the functions'
          group, they lose the service as soon as the VPC gets another address block, with no other route. An endpoint
          starts no connections, so any egress that its group allows is useful only to an intruder.
Targets   AWS::EC2::VPCEndpoint, AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress, AWS::EC2::SecurityGroupEgress,
          AWS::Lambda::Function
"""

from typing import Any

from harness.render.resources import items
from rules.lib import Problem, Problems, Resource, Stack
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


def problems(stack: Stack, subject: str) -> Problems:
    """Functions that are not admitted, and egress."""
    named = items(stack.resources[subject].properties.get("SecurityGroupIds"))
    groups = [group for name in named if (group := group_of(stack, name)) is not None]
    ingress = [rule for group in groups for rule in rules_of(stack, group, "Ingress") if lets_https(rule)]
    if not _lets_functions_in(stack, ingress):
        yield Problem(
            "the endpoint's security groups do not admit the functions' security group, and private DNS leaves them "
            "no other way to the service.",
            "name a security group of this template that allows tcp 443 from the functions' security group.",
            PATH,
        )
    for group in groups:
        # That egress is stated at all, another rule asks.
        if any(rule.get("CidrIp") != NOWHERE for rule in rules_of(stack, group, "Egress")):
            yield Problem(
                f"the endpoint's security group {group.logical_id} allows outbound connections, which an endpoint "
                "never makes: only an intruder would use them.",
                f"set its SecurityGroupEgress to one rule to {NOWHERE}.",
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
