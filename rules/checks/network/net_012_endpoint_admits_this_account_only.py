"""NET-012  endpoint_admits_this_account_only

Why       An endpoint is the only way out of the private subnets. With credentials of another account, an intruder could
          move data through it to that account, and no policy of ours would have allowed it.
Targets   AWS::EC2::VPCEndpoint
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.iam import policy_statements
from rules.lib.principals import is_of_this_account

subjects = all_of("AWS::EC2::VPCEndpoint")


def problems(stack: Stack, subject: str) -> Problems:
    """No policy, one that allows nobody, or statements that admit callers of other accounts."""
    statements = list(policy_statements(stack.resources[subject]))
    if not statements:
        yield Problem(
            "the endpoint has no policy, so callers of any account can move data through it.",
            "give it a PolicyDocument whose statements require aws:PrincipalAccount.",
            ("Properties", "PolicyDocument"),
        )
    elif not any(each.allows for each in statements):
        yield Problem(
            "the endpoint policy allows nothing, so every call through the endpoint is denied.",
            "add a statement with Effect Allow to the PolicyDocument.",
            ("Properties", "PolicyDocument"),
        )
    for statement in statements:
        if statement.allows and not is_of_this_account(statement, "aws:PrincipalAccount"):
            yield Problem(
                "callers of other accounts can move data through the endpoint.",
                "add the condition StringEquals aws:PrincipalAccount with this account's id.",
                statement.path,
            )
