"""ACC-010  network_interfaces_are_denied_to_code

Why       Lambda creates a function's network interfaces with the function's own role. Unless the code is denied what
          Lambda is granted, an intruder in the code can create interfaces in the private subnets, or delete those of
          others.
Targets   AWS::Lambda::Function, AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, overlap, role_statements
from rules.lib.networks import functions_in_a_vpc
from rules.lib.principals import conditions
from rules.lib.roles import role_of


def subjects(stack: Stack) -> list[str]:
    """Functions in a VPC whose role may make network interfaces."""
    return [
        name
        for name, function in functions_in_a_vpc(stack).items()
        if (role := role_of(stack, function)) is not None
        and any(each.allows and each.covers("ec2:CreateNetworkInterface") for each in role_statements(role))
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """EC2 actions that the role allows, and does not deny to the function's code."""
    function = stack.resources[subject]
    role = role_of(stack, function)
    if role is None:
        return
    statements = list(role_statements(role))
    refusals = [each for each in statements if _refuses_code(each, function.arn)]
    granted = [
        action for each in statements if each.allows for action in each.actions if overlap(action.lower(), "ec2:*")
    ]
    open_ = [each for each in dict.fromkeys(granted) if not any(refusal.covers(each) for refusal in refusals)]
    if open_:
        yield Problem(
            f"the function's code may use the network permissions that only Lambda needs: {', '.join(open_)}.",
            f"add to {role.logical_id} a Deny of ec2:* on '*' with ArnEquals lambda:SourceFunctionArn, this function's"
            " ARN, as its only condition.",
            ("Properties", "Role"),
        )


def _refuses_code(statement: Statement, arn: str) -> bool:
    tests = conditions(statement)
    key = "lambda:sourcefunctionarn"
    held = [tests.get((operator, key)) for operator in ("arnequals", "arnlike", "stringequals")]
    return statement.denies and statement.reaches("*") and len(tests) == 1 and [arn] in held
