"""Who a statement speaks of, and on which conditions: accounts, services, everybody."""

import re

from harness.render.attributes import Account
from rules.lib.iam import Statement, Test

#: The account that templates are rendered for. Whatever names another one names somebody else.
ACCOUNT = Account().account_id


def account_of(principal: str) -> str:
    """The account an AWS principal belongs to; empty if it names none."""
    if re.fullmatch("[0-9]{12}", principal):
        return principal
    found = re.match(r"arn:[^:]*:(?:iam|sts)::([0-9]{12}):", principal)
    return found.group(1) if found else ""


def foreign_accounts(statement: Statement) -> list[str]:
    """The other accounts that a statement names, each once."""
    accounts = [account_of(each) for each in statement.principals("AWS")]
    return [each for each in dict.fromkeys(accounts) if each not in ("", ACCOUNT)]


def names_account(statement: Statement, account: str) -> bool:
    """Whether a statement speaks of everybody in an account, not of one of its users or roles."""
    return any(
        account_of(each) == account and (each == account or each.endswith(":root"))
        for each in statement.principals("AWS")
    )


def services(statement: Statement) -> list[str]:
    """The services that a statement names. A bare `*` names nobody."""
    return [] if statement.body.get("Principal") == "*" else statement.principals("Service")


def names_everybody(statement: Statement) -> bool:
    """Whether a statement speaks of every caller there is."""
    return "*" in statement.principals("AWS")


def conditions(statement: Statement) -> dict[Test, list[str]]:
    """All tests of a statement with the values they compare to."""
    return {test: [_text(each) for each in values] for test, values in statement.tests().items()}


def is_of_this_account(statement: Statement, key: str) -> bool:
    """Whether a statement is held to `key`, such as `aws:SourceAccount`, being this account and no other."""
    return conditions(statement).get(("stringequals", key.lower())) == [ACCOUNT]


def _text(value: object) -> str:
    # YAML's true and 'true' are the same to IAM.
    return str(value).lower() if isinstance(value, bool) else str(value)
