"""NET-012  endpoint_admits_this_account_only

Why       An endpoint is a door in a wall without windows. With somebody else's credentials, brought
          along by whoever got in, data could leave by it for an account of theirs, and nothing in
          ours would have allowed it.
Targets   AWS::EC2::VPCEndpoint
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.iam import policy_statements
from rules.lib.principals import is_of_this_account


def subjects(stack: Stack) -> list[str]:
    """All endpoints."""
    return list(stack.of("AWS::EC2::VPCEndpoint"))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """No policy, one that lets nobody in, or statements that let in other accounts' callers."""
    statements = list(policy_statements(stack.resources[subject]))
    if not statements:
        yield Problem(
            "an endpoint without a policy lets everybody through, whatever account they are of.",
            "give it a PolicyDocument whose statements ask for aws:PrincipalAccount.",
            ("Properties", "PolicyDocument"),
        )
    elif not any(each.allows for each in statements):
        yield Problem(
            "the endpoint serves nobody: its policy allows nothing, so it refuses whatever comes that way.",
            "let a statement of the PolicyDocument have the Effect Allow.",
            ("Properties", "PolicyDocument"),
        )
    for statement in statements:
        if statement.allows and not is_of_this_account(statement, "aws:PrincipalAccount"):
            yield Problem(
                "callers of other accounts are let through the endpoint.",
                "add the condition StringEquals aws:PrincipalAccount with this account's id.",
                statement.path,
            )
