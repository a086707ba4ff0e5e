"""NET-017  endpoint_belongs_to_the_functions_vpc

Why       An endpoint in another VPC is billed but unreachable: the functions' calls time out. A security group of
          another VPC cannot be used at all, which fails in the middle of a deployment.
Targets   AWS::EC2::VPCEndpoint, AWS::EC2::SecurityGroup, AWS::Lambda::Function
"""

from collections import Counter

from rules.lib import Problem, Problems, Stack

PLACED = ("AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint")


def subjects(stack: Stack) -> list[str]:
    """Endpoints, and the security groups of templates that have functions or endpoints."""
    placed = list(stack.of(*PLACED))
    return placed if stack.of("AWS::EC2::VPCEndpoint", "AWS::Lambda::Function") else []


def problems(stack: Stack, subject: str) -> Problems:
    """No VPC, or a different one from most of the others."""
    places = [each.properties.get("VpcId") for each in stack.of(*PLACED).values()]
    usual = next((vpc for vpc, _ in Counter(each for each in places if isinstance(each, str)).most_common(1)), None)
    vpc = stack.resources[subject].properties.get("VpcId")
    if not isinstance(vpc, str):
        yield Problem(
            "it names no VPC, so EC2 uses the account's default VPC.",
            "set VpcId to the VPC of the functions.",
            ("Properties", "VpcId"),
        )
    elif vpc != usual:
        yield Problem(
            f"it is in {vpc}, while the other endpoints and security groups are in {usual}.",
            "set VpcId to the VPC of the functions.",
            ("Properties", "VpcId"),
        )
