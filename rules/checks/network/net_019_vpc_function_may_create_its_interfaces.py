"""NET-019  vpc_function_may_create_its_interfaces

Why       Lambda creates the network interfaces of a function in a VPC with the function's own role. Without that
          permission it cannot start the function at all: the deployment fails, or every record waits in the stream
          until it expires.
Targets   AWS::Lambda::Function, AWS::IAM::Role
"""

from collections.abc import Iterator

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.grants import may
from rules.lib.networks import functions_in_a_vpc
from rules.lib.roles import role_of

#: What Lambda does itself comes from no function's code.
BY_LAMBDA = {"lambda:sourcefunctionarn": None}


def subjects(stack: Stack) -> list[str]:
    """Functions in a VPC with a role of this template."""
    return [name for name, each in functions_in_a_vpc(stack).items() if role_of(stack, each) is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """What Lambda needs for the function's network, and its role does not allow."""
    function = stack.resources[subject]
    role = role_of(stack, function)
    for action, arn in _needed(stack, function):
        if role and not may(role, action, arn, BY_LAMBDA):
            yield Problem(
                f"the policies of {role.logical_id} do not allow {action}, without which Lambda cannot start the "
                "function.",
                f"allow {role.logical_id} {action} on {arn}, without a Condition.",
                ("Properties", "Role"),
            )


def _needed(stack: Stack, function: Resource) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""
    _, partition, _, region, account, *_ = [*function.arn.split(":"), *[""] * 5]
    interfaces = f"arn:{partition}:ec2:{region}:{account}:network-interface/*"
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    yield "ec2:CreateNetworkInterface", interfaces
    yield "ec2:CreateNetworkInterface", f"arn:{partition}:ec2:{region}:{account}:security-group/*"
    owner = stack.parameters.get("VpcOwnerAccountId") or account
    yield "ec2:CreateNetworkInterface", f"arn:{partition}:ec2:{region}:{owner}:subnet/*"
    # It knows no resources.
    yield "ec2:DescribeNetworkInterfaces", "*"
    yield "ec2:DeleteNetworkInterface", interfaces
