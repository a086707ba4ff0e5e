"""NET-027  security_group_names_private_networks_only

Why       A small block of public addresses looks like one partner's. It belongs to whoever rents it
          today: the cloud's other customers, a scanner, the next tenant. No host of the pipeline's
          is reached from there, and none sends there.
Targets   AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress, AWS::EC2::SecurityGroupEgress
"""

from ipaddress import ip_network
from typing import Any

from rules.lib import Problem, Problems, Stack
from rules.lib.networks import DIRECTIONS, NOWHERE, stated_rules, with_rules

#: RFC 1918, RFC 6598 and RFC 4193.
PRIVATE = [ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")]


def subjects(stack: Stack) -> list[str]:
    """Security groups with rules, and standalone rules."""
    return list(dict.fromkeys(name for direction in DIRECTIONS for name in with_rules(stack, direction)))


def problems(stack: Stack, subject: str) -> Problems:
    """Blocks that are not private in whole, or that cannot be read."""
    for direction in DIRECTIONS:
        for path, rule in stated_rules(stack.resources[subject], direction):
            for key in ("CidrIp", "CidrIpv6"):
                if key in rule and not _is_private(rule[key]):
                    verb = "admits" if direction == "Ingress" else "allows connections to"
                    yield Problem(
                        f"it {verb} {rule[key]}, which is no block of private addresses.",
                        f"set {key} to a block inside 10/8, 172.16/12, 192.168/16, 100.64/10 or fc00::/7, or name a"
                        " security group or a prefix list.",
                        (*path, key),
                    )


def _is_private(block: Any) -> bool:
    if block == NOWHERE:
        return True
    if not isinstance(block, str) or not block.partition("/")[2].isdecimal():
        return False
    try:
        network = ip_network(block, strict=False)
    except ValueError:
        return False
    return any(network.version == each.version and network.subnet_of(each) for each in PRIVATE)  # type: ignore[arg-type]
