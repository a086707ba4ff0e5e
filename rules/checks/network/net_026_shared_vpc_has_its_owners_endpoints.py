"""NET-026  shared_vpc_has_its_owners_endpoints

Why       In a VPC that another account shares with this one, EC2 refuses to make endpoints: the
          deployment is rolled back after everything before them has been made. What decides it is
          known before it begins, so it should not begin.
Targets   AWS::EC2::VPCEndpoint
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack


def subjects(stack: Stack) -> list[str]:
    """All endpoints."""
    return list(stack.of("AWS::EC2::VPCEndpoint"))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Any endpoint, where another account owns the VPC."""
    owner = stack.parameters.get("VpcOwnerAccountId")
    if owner:
        # https://repost.aws/knowledge-center/vpc-interface-endpoint-creation-errors
        yield Problem(
            f"the VPC belongs to account {owner}, and EC2 lets nobody else make endpoints in it.",
            "let a rule of the template (Rules) ask that no endpoint is made where VpcOwnerAccountId is given.",
        )
