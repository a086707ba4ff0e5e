"""NET-014  ingress_comes_from_the_vpc_only

Why       A wide block of private addresses looks harmless and takes in every network that is ever
          peered with this one: other teams', vendors', those of a company bought next year. Whoever
          deploys says which blocks are the VPC's, and that is who may connect.
Targets   AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress

Cases     SKIP  no security group in the template; a group that lets nobody in, and one without
                Properties; a template that is not told the block of the VPC
          PASS  the block of the VPC; the block that is given; a second block; a security group of
                the template;
                addresses of IPv6, which are judged elsewhere
          FAIL  another block of the same size; the block where another one is given; a wider block;
                a small block of strangers beside the block of the VPC; a list of prefixes; a
                security group of another stack; a rule by itself; a rule by itself without
                Properties; a rule as text; a good rule does not hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.networks import group_of, stated_rules, vpc_blocks, with_rules

#: Without IPv6, of which the parameter says nothing: how wide its blocks are another rule asks.
SOURCES = {"CidrIp", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName"}


def subjects(stack: Stack) -> list[str]:
    """Security groups with ingress rules, and such rules by themselves, where the stack is told the VPC's block."""
    return with_rules(stack, "Ingress") if vpc_blocks(stack) else []


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Sources other than the VPC's blocks, or a security group of the template."""
    for path, rule in stated_rules(stack.resources[subject], "Ingress"):
        sources = SOURCES & set(rule)
        from_vpc = sources == {"CidrIp"} and rule["CidrIp"] in vpc_blocks(stack)
        from_group = sources == {"SourceSecurityGroupId"} and group_of(stack, rule["SourceSecurityGroupId"]) is not None
        by_ipv6_only = not sources and "CidrIpv6" in rule
        if not from_vpc and not from_group and not by_ipv6_only:
            yield Problem(
                "addresses beyond the VPC's may connect.",
                "set CidrIp to a block of the parameter VpcCidr, or name a security group of this template as the"
                " source.",
                path,
            )
