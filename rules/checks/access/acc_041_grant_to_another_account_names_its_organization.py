"""ACC-041  grant_to_another_account_names_its_organization

Why       What is granted to another account is read, by people and by scanners, where it is granted. A
          limit that stands in another statement is missed by whoever copies the grant, and a key's
          policy has no such other statement at all: it would open to the account whatever
          organization it belongs to. Where no organization is named, a grant that asks for one is
          none: the reader waits in front of a closed door.
Targets   AWS::S3::BucketPolicy, AWS::KMS::Key
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import conditions, foreign_accounts

PARAMETER = "DataConsumerOrganizationId"
KEY = "aws:principalorgid"
TEST = ("stringequals", KEY)


def subjects(stack: Stack) -> list[str]:
    """Policies of buckets and keys that let another account in, where the stack may be told its organization."""
    policies = stack.of("AWS::S3::BucketPolicy", "AWS::KMS::Key").items()
    if stack.parameters.get(PARAMETER) is None:
        return []
    return [name for name, policy in policies if any(_lets_in(each) for each in policy_statements(policy))]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Grants that do not ask for the organization, or ask for one where none is named."""
    organization = stack.parameters[PARAMETER]
    for statement in policy_statements(stack.resources[subject]):
        if not _lets_in(statement):
            continue
        accounts, tests = ", ".join(foreign_accounts(statement)), conditions(statement)
        if organization and tests.get(TEST) != [organization]:
            yield Problem(
                f"account {accounts} is granted something whatever organization it belongs to.",
                f"add the condition StringEquals aws:PrincipalOrgID with the parameter {PARAMETER} to the statement.",
                statement.path,
            )
        if not organization and any(key == KEY for _, key in tests):
            yield Problem(
                f"account {accounts} is held to an organization, and {PARAMETER} names none: it is refused.",
                f"ask for aws:PrincipalOrgID only where {PARAMETER} is given.",
                statement.path,
            )


def _lets_in(statement: Statement) -> bool:
    return statement.allows and bool(foreign_accounts(statement))
