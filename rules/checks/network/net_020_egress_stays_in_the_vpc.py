"""NET-020  egress_stays_in_the_vpc

Why       A small address block outside the VPC looks like a requested exception. It is a way out: to a vendor's host,
          to another network, to a server that was rented for a day. What a function can read, it can send there.
Targets   AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupEgress
"""

import re
from typing import Any

from rules.lib import Problem, Problems, Stack
from rules.lib.networks import NOWHERE, group_of, stated_rules, vpc_blocks, with_rules

#: A block wider than a VPC: security_group_connects_to_no_more_than_a_vpc (NET-007) refuses it.
WIDE = re.compile(r"[0-9.]+/(?:[0-9]|1[0-5])")
DESTINATIONS = ("CidrIp", "DestinationPrefixListId", "DestinationSecurityGroupId")


def subjects(stack: Stack) -> list[str]:
    """Security groups with egress rules, and standalone ones, if a parameter states the VPC's blocks."""
    return with_rules(stack, "Egress") if vpc_blocks(stack) else []


def problems(stack: Stack, subject: str) -> Problems:
    """Destinations other than the VPC's blocks, the given prefix lists, or a security group of the template."""
    for path, rule in stated_rules(stack.resources[subject], "Egress"):
        named = [key for key in DESTINATIONS if key in rule]
        # Another rule looks at how wide a block is, and at IPv6.
        if not named and "CidrIpv6" not in rule:
            yield Problem(
                "the rule names no destination, so it cannot be shown to stay in the VPC.",
                "set CidrIp to a block of the parameter VpcCidr.",
                path,
            )
        for key in named:
            if not _stays(stack, key, rule[key]):
                yield Problem(
                    f"it allows connections to {rule[key]}, which is neither a block of the VPC nor named by a "
                    "parameter or this template.",
                    "set CidrIp to a block of the parameter VpcCidr, or name a prefix list that is a parameter, or a"
                    " security group of this template.",
                    (*path, key),
                )


def _stays(stack: Stack, key: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if key == "CidrIp":
        return value in (*vpc_blocks(stack), NOWHERE) or WIDE.fullmatch(value) is not None
    if key == "DestinationPrefixListId":
        return value.startswith("pl-") and value in stack.parameters.values()
    return group_of(stack, value) is not None
