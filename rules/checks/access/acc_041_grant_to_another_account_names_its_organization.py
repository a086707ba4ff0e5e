"""ACC-041  grant_to_another_account_names_its_organization

Why       People and scanners read a grant to another account where it stands. A limit in another statement is lost when
          the grant is copied, and a key policy has no such other statement: it would stay open to the account after it
          has left the organization. Where no organization is configured, a grant that requires one denies every read.
Targets   AWS::S3::BucketPolicy, AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import conditions, foreign_accounts

PARAMETER = "DataConsumerOrganizationId"
KEY = "aws:principalorgid"
TEST = ("stringequals", KEY)


def subjects(stack: Stack) -> list[str]:
    """Policies of buckets and keys that grant another account, where its organization may be a parameter."""
    policies = stack.of("AWS::S3::BucketPolicy", "AWS::KMS::Key").items()
    if stack.parameters.get(PARAMETER) is None:
        return []
    return [name for name, policy in policies if any(_lets_in(each) for each in policy_statements(policy))]


def problems(stack: Stack, subject: str) -> Problems:
    """Grants that do not ask for the organization, or ask for one where none is named."""
    organization = stack.parameters[PARAMETER]
    for statement in policy_statements(stack.resources[subject]):
        if not _lets_in(statement):
            continue
        accounts, tests = ", ".join(foreign_accounts(statement)), conditions(statement)
        if organization and tests.get(TEST) != [organization]:
            yield Problem(
                f"account {accounts} is granted access even after it has left the contract's organization.",
                f"add the condition StringEquals aws:PrincipalOrgID with the parameter {PARAMETER} to the statement.",
                statement.path,
            )
        if not organization and any(key == KEY for _, key in tests):
            yield Problem(
                f"account {accounts} must belong to an organization, but {PARAMETER} is empty, so every request is "
                "denied.",
                f"add the aws:PrincipalOrgID condition only where {PARAMETER} is given.",
                statement.path,
            )


def _lets_in(statement: Statement) -> bool:
    return statement.allows and bool(foreign_accounts(statement))
