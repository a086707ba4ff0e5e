"""ACC-011  key_policy_leaves_the_account_in_charge

Why       Nobody, AWS Support included, can repair a key whose policy leaves out its own account. Everything it
          encrypts, seven years of record, would be lost with the last role that the policy names.
Targets   AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.conditions import OF_THE_ACCOUNT, refuses
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, conditions

subjects = all_of("AWS::KMS::Key")


def problems(stack: Stack, subject: str) -> Problems:
    """No statement that gives the account everything."""
    key = stack.resources[subject]
    if "KeyPolicy" not in key.properties:
        yield Problem(
            "the key has no policy, so AWS's default decides who may use it and the template does not show it.",
            "write the KeyPolicy: an Allow of kms:* on '*' for arn:aws:iam::<account>:root, and what services need.",
            ("Properties",),
        )
    elif not any(_leaves_in_charge(each) for each in policy_statements(key)):
        yield Problem(
            "the account does not control its own key, so a mistake in the policy could never be undone.",
            "add an Allow of kms:* on '*', without a condition, for the AWS principal arn:aws:iam::<account>:root.",
            ("Properties", "KeyPolicy"),
        )
    elif refuses(policy_statements(key), "kms:PutKeyPolicy", key.arn, OF_THE_ACCOUNT):
        yield Problem(
            "a Deny keeps the account from changing the key's policy, or may: a mistake in it could never be undone.",
            "leave kms:PutKeyPolicy out of every Deny.",
            ("Properties", "KeyPolicy"),
        )


def _leaves_in_charge(statement: Statement) -> bool:
    root = [each for each in statement.principals("AWS") if each == ACCOUNT or each.endswith(f"::{ACCOUNT}:root")]
    return (
        statement.allows
        and bool(root)
        and statement.covers("kms:*")
        and statement.reaches("*")
        and not conditions(statement)
    )
