"""NET-015  function_reaches_what_it_calls

Why       A function whose network does not lead to what it calls waits until it times out, for every
          message. The stream waits behind it, and a week later the first records are gone.
Targets   AWS::Lambda::Function, AWS::IAM::Role, AWS::EC2::SecurityGroup,
          AWS::EC2::SecurityGroupEgress

Cases     SKIP  no function in the template; a function outside of a VPC, and one without
                Properties; a template that is told no addresses; a role of another stack
          PASS  S3, DynamoDB and a queue; only what it calls; all ports of all protocols; what
                Lambda does by itself; the dead-letter target, where Lambda sends; a rule by itself,
                and the endpoints by their security group; a Deny calls nothing
          FAIL  S3 cannot be reached; DynamoDB cannot be reached; the endpoint of the queue cannot
                be reached; another port; another protocol; ports as text; no egress; a rule as
                text; another block than the one of the VPC; a security group of another stack; a
                security group without Properties; a good function does not hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from harness.checks import Problem, Resource, Stack
from harness.checks.iam import Statement, role_statements
from harness.checks.networks import function_groups, functions_in_a_vpc, group_of, lets_https, rules_of
from harness.checks.roles import LAMBDA_READS, role_of
from harness.checks.stack import at

#: Services that are reached by their gateway endpoints, and the parameter that lists their addresses.
GATEWAYS = {"dynamodb": "DynamoDBPrefixListId", "s3": "S3PrefixListId"}
#: What Lambda does with the role by itself, from outside of the VPC: network interfaces, logs, mappings.
LAMBDA_MAKES = (
    *LAMBDA_READS,
    "ec2:*",
    "kms:*",  # the services ask KMS, on the function's behalf
    "logs:*",
)


def subjects(stack: Stack) -> list[str]:
    """Functions in a VPC with a role of this template, where the stack is told the addresses of something."""
    if not any(stack.parameters.get(each) for each in ("VpcCidr", *GATEWAYS.values())):
        return []
    stack.of("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress")
    return [name for name, each in functions_in_a_vpc(stack).items() if role_of(stack, each) is not None]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Services that the code calls by its role, and no security group of the function's lets it connect to."""
    function = stack.resources[subject]
    path = ("Properties", "VpcConfig", "SecurityGroupIds")
    groups = [group for name in function_groups(function) if (group := group_of(stack, name)) is not None]
    if not groups:
        yield Problem(
            "none of its security groups is of this template, so nobody can say here what it can connect to.",
            "declare a security group for it and name that in VpcConfig.SecurityGroupIds.",
            path,
        )
        return
    rules = [rule for group in groups for rule in rules_of(stack, group, "Egress") if lets_https(rule)]
    called = _called(stack, function)
    for service in sorted(called & set(GATEWAYS)):
        addresses = stack.parameters.get(GATEWAYS[service])
        if addresses and not any(rule.get("DestinationPrefixListId") == addresses for rule in rules):
            yield Problem(
                f"its role lets it use {service}, but its security group does not let it connect there.",
                f"add to SecurityGroupEgress tcp 443 to DestinationPrefixListId, the parameter {GATEWAYS[service]}.",
                path,
            )
    others = sorted(called - set(GATEWAYS))
    network = stack.parameters.get("VpcCidr")
    if others and network and not any(_leads_into(stack, rule, network) for rule in rules):
        yield Problem(
            f"its role lets it use {', '.join(others)}, but its security group does not let it connect to endpoints"
            " in the VPC.",
            "add to SecurityGroupEgress tcp 443 to CidrIp, the parameter VpcCidr.",
            path,
        )


def _called(stack: Stack, function: Resource) -> set[str]:
    role = role_of(stack, function)
    granted = [each for each in role_statements(role) if each.allows] if role else []
    target = at(function.properties, "DeadLetterConfig", "TargetArn")
    return {service for each in granted for service in _services(each, target)}


def _services(statement: Statement, dead_letter_target: Any) -> Iterator[str]:
    # What nobody received Lambda itself sends to the dead-letter target.
    if statement.resources == [dead_letter_target]:
        return
    for action in statement.actions:
        if not any(fnmatchcase(action.lower(), pattern) for pattern in LAMBDA_MAKES):
            yield action.lower().split(":")[0]


def _leads_into(stack: Stack, rule: dict[str, Any], network: str) -> bool:
    return rule.get("CidrIp") == network or group_of(stack, rule.get("DestinationSecurityGroupId")) is not None
