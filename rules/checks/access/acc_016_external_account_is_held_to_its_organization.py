"""ACC-016  external_account_is_held_to_its_organization

Why       Our contract is with an organization. If the reader's account leaves it or is sold, the account keeps its
          number, and only the organization id shows that the contract no longer holds.
Targets   AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import conditions, foreign_accounts, names_account, names_everybody

PARAMETER = "DataConsumerOrganizationId"


def subjects(stack: Stack) -> list[str]:
    """Bucket policies that grant another account, where its organization is a parameter of the stack."""
    if not stack.parameters.get(PARAMETER):
        return []
    policies = stack.of("AWS::S3::BucketPolicy").items()
    return [name for name, policy in policies if any(_lets_in(each) for each in policy_statements(policy))]


def problems(stack: Stack, subject: str) -> Problems:
    """An account that is granted access whatever organization it is in."""
    policy = stack.resources[subject]
    statements = list(policy_statements(policy))
    bucket = f"arn:aws:s3:::{policy.properties.get('Bucket')}"
    for statement in statements:
        for account in foreign_accounts(statement) if statement.allows else []:
            if not any(_holds(each, account, bucket, stack.parameters[PARAMETER]) for each in statements):
                yield Problem(
                    f"account {account} may read even after it has left the contract's organization.",
                    "add a Deny of s3:* on the bucket and bucket/* for that account, with StringNotEquals"
                    f" aws:PrincipalOrgID of the parameter {PARAMETER} as its only condition.",
                    statement.path,
                )


def _lets_in(statement: Statement) -> bool:
    return statement.allows and bool(foreign_accounts(statement))


def _holds(statement: Statement, account: str, bucket: str, organization: str) -> bool:
    # A Deny for one role of the account would let the others through.
    return (
        statement.denies
        and (names_account(statement, account) or names_everybody(statement))
        and statement.covers("s3:*")
        and statement.reaches(bucket)
        and statement.reaches(f"{bucket}/*")
        and conditions(statement) == {("stringnotequals", "aws:principalorgid"): [organization]}
    )
