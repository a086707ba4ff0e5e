"""NET-021  restricted_endpoint_serves_the_functions

Why       A restricted endpoint denies whatever its policy does not name, whatever the role grants. If a bucket or a
          table is left out, every message of a function in the VPC fails, and it looks like a fault in the role.
Targets   AWS::EC2::VPCEndpoint, AWS::DynamoDB::Table, AWS::IAM::Role, AWS::Lambda::Function, AWS::S3::Bucket,
          AWS::SQS::Queue
"""

from collections.abc import Iterator
from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.conditions import OF_THE_ACCOUNT, holds, refuses
from rules.lib.iam import Statement, fits, policy_statements, role_statements
from rules.lib.networks import functions_in_a_vpc
from rules.lib.principals import names_everybody
from rules.lib.roles import LAMBDA_READS, role_of
from rules.lib.stores import HOLDS, only_sends_dead_letters, service_of, store_of

SERVICES = ("dynamodb", "s3", "sqs")
PATH = ("Properties", "PolicyDocument")


def subjects(stack: Stack) -> list[str]:
    """Endpoints of S3, DynamoDB and SQS with a policy, where they are asked to be restricted."""
    if stack.parameters.get("EndpointPolicies") != "restricted":
        return []
    stack.of("AWS::IAM::Role", *(HOLDS[each] for each in SERVICES))
    functions_in_a_vpc(stack)
    endpoints = stack.of("AWS::EC2::VPCEndpoint").items()
    # Without a policy everything is let through, which another rule refuses.
    return [name for name, each in endpoints if _service(each) in SERVICES and any(policy_statements(each))]


def problems(stack: Stack, subject: str) -> Problems:
    """What a function's role grants and the endpoint policy does not allow."""
    endpoint = stack.resources[subject]
    statements = list(policy_statements(endpoint))
    for name, function in functions_in_a_vpc(stack).items():
        role = role_of(stack, function)
        if role is None:
            continue
        refused: dict[str, list[str]] = {}
        for action, arn in _needed(stack, function, role, _service(endpoint)):
            if not _lets_through(statements, role, action, arn):
                refused.setdefault(arn, []).append(action)
        for arn, actions in refused.items():
            yield Problem(
                f"{name} needs {', '.join(dict.fromkeys(actions))} on {arn}, which the endpoint policy does not allow.",
                f"name {arn}, or the store that contains it, as a Resource of the endpoint's policy.",
                PATH,
            )


def _service(endpoint: Resource) -> str:
    return str(endpoint.properties.get("ServiceName")).rpartition(".")[2]


def _needed(stack: Stack, function: Resource, role: Resource, service: str) -> Iterator[tuple[str, str]]:
    # What nobody received Lambda itself sends to the dead-letter target.
    target: Any = at(function.properties, "DeadLetterConfig", "TargetArn")
    for statement in role_statements(role):
        for arn in statement.resources if statement.allows else []:
            is_dead_letters = arn == target or only_sends_dead_letters(stack, statement, arn)
            if service_of(arn) == service and not is_dead_letters and store_of(stack, arn) is not None:
                yield from ((each, arn) for each in statement.actions if _is_codes(each, service))


def _is_codes(action: str, service: str) -> bool:
    action = action.lower()
    return action.startswith(f"{service}:") and not any(fits(action, pattern) for pattern in LAMBDA_READS)


def _lets_through(statements: list[Statement], role: Resource, action: str, arn: str) -> bool:
    # What only leaves out names no resource, and lets through whatever is made tomorrow: it is not counted on.
    known = {**OF_THE_ACCOUNT, "aws:principalarn": role.arn}
    allowed = any(
        each.allows
        and "NotResource" not in each.body
        and each.covers(action)
        and each.reaches(arn)
        and holds(each, known)
        and (names_everybody(each) or role.arn in each.principals("AWS"))
        for each in statements
    )
    return allowed and not refuses(statements, action, arn, known)
