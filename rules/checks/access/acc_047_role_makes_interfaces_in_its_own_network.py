"""ACC-047  role_makes_interfaces_in_its_own_network

Why       A shared VPC belongs to another account, which lets us create network interfaces in its subnets. A role that
          may do more there, or in any other network, lets an intruder reach hosts that are not ours.
Targets   AWS::IAM::Role, AWS::Lambda::Function
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Statement, role_statements
from rules.lib.roles import ROLE, runners_of

CREATE = "ec2:createnetworkinterface"


def subjects(stack: Stack) -> list[str]:
    """Roles that something runs with, and that grant something of EC2's."""
    return [
        name
        for name, role in stack.of(ROLE).items()
        if runners_of(stack, role) and any(_is_about_networks(each) for each in role_statements(role))
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """Networks other than this account's, except the subnets of the VPC's owner."""
    role = stack.resources[subject]
    runner = runners_of(stack, role)[0]
    for statement in role_statements(role):
        for arn in statement.resources if _is_about_networks(statement) else ():
            if (
                not (arn == "*" and statement.knows_no_resource)
                and not _is_ours(runner, arn)
                and not _is_shared(stack, runner, statement, arn)
            ):
                yield Problem(
                    f"{', '.join(statement.actions)} is granted on {arn}, which is not in this account's network.",
                    "name this account's ARNs; for shared subnets, ec2:CreateNetworkInterface alone on subnet/* of the"
                    " account that VpcOwnerAccountId names.",
                    statement.path,
                )


def _is_about_networks(statement: Statement) -> bool:
    return statement.allows and statement.touches("ec2:*")


def _is_ours(runner: Resource, arn: str) -> bool:
    _, partition, _, region, account, *_ = [*runner.arn.split(":"), *[""] * 5]
    return bool(account) and arn.startswith(f"arn:{partition}:ec2:{region}:{account}:")


def _is_shared(stack: Stack, runner: Resource, statement: Statement, arn: str) -> bool:
    owner = stack.parameters.get("VpcOwnerAccountId")
    _, partition, _, region, *_ = [*runner.arn.split(":"), *[""] * 5]
    subnets = f"arn:{partition}:ec2:{region}:{owner}:subnet/"
    return bool(owner) and arn.startswith(subnets) and [each.lower() for each in statement.actions] == [CREATE]
