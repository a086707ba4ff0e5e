"""NET-014  ingress_comes_from_the_vpc_only

Why       A wide block of private addresses looks harmless and includes every network that is ever peered with this one:
          other teams', vendors', those of a company bought next year. Only the VPC's own blocks, which the deployment
          states, may connect.
Targets   AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.networks import group_of, stated_rules, vpc_blocks, with_rules

#: Without IPv6, of which the parameter says nothing: how wide its blocks are another rule asks.
SOURCES = {"CidrIp", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName"}


def subjects(stack: Stack) -> list[str]:
    """Security groups with ingress rules, and standalone ones, if a parameter states the VPC's block."""
    return with_rules(stack, "Ingress") if vpc_blocks(stack) else []


def problems(stack: Stack, subject: str) -> Problems:
    """Sources other than the VPC's blocks, or a security group of the template."""
    for path, rule in stated_rules(stack.resources[subject], "Ingress"):
        sources = SOURCES & set(rule)
        from_vpc = sources == {"CidrIp"} and rule["CidrIp"] in vpc_blocks(stack)
        from_group = sources == {"SourceSecurityGroupId"} and group_of(stack, rule["SourceSecurityGroupId"]) is not None
        by_ipv6_only = not sources and "CidrIpv6" in rule
        if not from_vpc and not from_group and not by_ipv6_only:
            yield Problem(
                "addresses outside the VPC may connect.",
                "set CidrIp to a block of the parameter VpcCidr, or name a security group of this template as the"
                " source.",
                path,
            )
