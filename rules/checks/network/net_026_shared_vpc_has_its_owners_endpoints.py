"""NET-026  shared_vpc_has_its_owners_endpoints

Why       In a VPC that another account shares with this one, EC2 does not let us create endpoints: the deployment is
          rolled back after everything before them has been created. This is known in advance, so the deployment should
          not start.
Targets   AWS::EC2::VPCEndpoint
"""

from rules.lib import Problem, Problems, Stack, all_of

subjects = all_of("AWS::EC2::VPCEndpoint")


def problems(stack: Stack, subject: str) -> Problems:
    """Any endpoint, where another account owns the VPC."""
    owner = stack.parameters.get("VpcOwnerAccountId")
    if owner:
        # https://repost.aws/knowledge-center/vpc-interface-endpoint-creation-errors
        yield Problem(
            f"the VPC belongs to account {owner}, and EC2 lets only the owner create endpoints in it.",
            "add a rule (Rules) that forbids creating endpoints where VpcOwnerAccountId is given.",
        )
