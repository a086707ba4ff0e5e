"""ACC-012  key_policy_limits_services_to_this_account

Why       A service works for every customer. Without a source condition, the key would encrypt and decrypt for a
          stranger's alarm or log group as it does for ours. EventBridge is exempt: it sends no source to test, and
          would drop every alert.
Targets   AWS::KMS::Key, AWS::CloudTrail::Trail
"""

import re

from rules.lib import Problem, Problems, Stack, trails
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, conditions, is_of_this_account, services

BRINGS_NOTHING = "events.amazonaws.com"
CONTEXT = "kms:encryptioncontext:aws:logs:arn"


def subjects(stack: Stack) -> list[str]:
    """Keys whose policy grants a service that sends its source account."""
    keys = stack.of("AWS::KMS::Key").items()
    return [name for name, key in keys if any(_senders(each) for each in policy_statements(key))]


def problems(stack: Stack, subject: str) -> Problems:
    """Statements without a condition on the source."""
    for statement in policy_statements(stack.resources[subject]):
        senders = _senders(statement)
        logs_only = all(re.fullmatch(r"logs\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?", each) for each in senders)
        held = (
            is_of_this_account(statement, "aws:SourceAccount")
            or (logs_only and _is_held_to_log_groups(statement))
            or (set(senders) == {trails.SERVICE} and _is_held_to_trails(stack, statement))
        )
        if senders and not held:
            yield Problem(
                f"{', '.join(senders)} may use the key on behalf of any account.",
                "add the condition StringEquals aws:SourceAccount with this account's id; for CloudWatch Logs, ArnLike"
                " kms:EncryptionContext:aws:logs:arn with this account's log groups; for CloudTrail, StringEquals"
                " aws:SourceArn with the ARN of this template's trail.",
                statement.path,
            )


def _senders(statement: Statement) -> list[str]:
    return [each for each in services(statement) if each != BRINGS_NOTHING] if statement.allows else []


def _is_held_to_trails(stack: Stack, statement: Statement) -> bool:
    # Where there is no trail, CloudTrail has no use for the key.
    return bool(stack.of(trails.TRAIL)) and trails.is_held_to_our_trails(stack, statement)


def _is_held_to_log_groups(statement: Statement) -> bool:
    pattern = rf"arn:[^:*]+:logs:[^:*]+:{ACCOUNT}:log-group:.+"
    operators = ("arnlike", "arnequals", "stringlike", "stringequals")
    stated = [arns for operator in operators if (arns := conditions(statement).get((operator, CONTEXT)))]
    return any(all(re.fullmatch(pattern, each) for each in arns) for arns in stated)
