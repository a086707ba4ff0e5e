"""NET-025  endpoint_admits_the_whole_vpc

Why       Private DNS sends every host of the VPC to the endpoint. A host in an address block that was added later, and
          forgotten here, loses the service: its calls time out, and nobody suspects this stack.
Targets   AWS::EC2::VPCEndpoint, AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress
"""

from typing import Any

from harness.render.resources import items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.networks import group_of, lets_https, rules_of, vpc_blocks


def subjects(stack: Stack) -> list[str]:
    """Interface endpoints with a security group, if a parameter states the VPC's blocks, and groups that admit some.

    A group that admits one block is for the VPC's hosts, also while no endpoint has it.
    """
    blocks = vpc_blocks(stack)
    if not blocks:
        return []
    endpoints = [
        name
        for name, each in stack.of("AWS::EC2::VPCEndpoint").items()
        if each.properties.get("VpcEndpointType") == "Interface" and _named(each)
    ]
    groups = stack.of("AWS::EC2::SecurityGroup").items()
    taken = {id(group_of(stack, each)) for name in endpoints for each in _named(stack.resources[name])}
    free = [name for name, each in groups if id(each) not in taken]
    return endpoints + [name for name in free if set(_admitted(stack, [stack.resources[name]])) & set(blocks)]


def problems(stack: Stack, subject: str) -> Problems:
    """Blocks of the VPC that cannot connect."""
    resource = stack.resources[subject]
    key = "SecurityGroupIngress"
    groups = [resource]
    if resource.type == "AWS::EC2::VPCEndpoint":
        key = "SecurityGroupIds"
        groups = [group for name in _named(resource) if (group := group_of(stack, name)) is not None]
    admitted = _admitted(stack, groups)
    missing = [each for each in vpc_blocks(stack) if each not in admitted]
    if missing:
        yield Problem(
            f"hosts of the VPC in {', '.join(missing)} cannot connect to the endpoint, although private DNS sends "
            "their calls there.",
            "allow ingress on tcp 443 from each block of the parameter VpcCidr.",
            ("Properties", key),
        )


def _named(endpoint: Resource) -> list[Any]:
    return items(endpoint.properties.get("SecurityGroupIds"))


def _admitted(stack: Stack, groups: list[Resource]) -> list[str]:
    rules = [rule for group in groups for rule in rules_of(stack, group, "Ingress") if lets_https(rule)]
    return [str(rule.get("CidrIp")) for rule in rules]
