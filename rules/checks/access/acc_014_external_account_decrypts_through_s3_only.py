"""ACC-014  external_account_decrypts_through_s3_only

Why       The key opens everything: the record, the quarantine, the queues. A reader in another account is owed the
          published data and nothing else, so it may use the key only where S3 reads an object of that one bucket for
          it.
Targets   AWS::KMS::Key, AWS::S3::BucketPolicy
"""

import re

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import conditions, foreign_accounts

CONTEXT = ("stringequals", "kms:encryptioncontext:aws:s3:arn")
VIA = ("stringequals", "kms:viaservice")


def subjects(stack: Stack) -> list[str]:
    """Keys that another account may use."""
    stack.of("AWS::S3::BucketPolicy")
    keys = stack.of("AWS::KMS::Key").items()
    return [name for name, key in keys if any(_is_for_others(each) for each in policy_statements(key))]


def problems(stack: Stack, subject: str) -> Problems:
    """More than decrypting, past S3, or beyond the one bucket that the account reads."""
    for statement in policy_statements(stack.resources[subject]):
        if _is_for_others(statement):
            yield from _judge(stack, statement)


def _judge(stack: Stack, statement: Statement) -> Problems:
    tests = conditions(statement)
    accounts = ", ".join(foreign_accounts(statement))
    if {each.lower() for each in statement.actions} != {"kms:decrypt"}:
        yield Problem(
            f"account {accounts} may do more with the key than decrypt.",
            "set Action to kms:Decrypt only.",
            statement.path,
        )
    if not _is_one(tests.get(VIA), r"s3\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"):
        yield Problem(
            f"account {accounts} may decrypt any ciphertext it obtains, not only objects that S3 reads for it.",
            "add the condition StringEquals kms:ViaService s3.<region>.amazonaws.com.",
            statement.path,
        )
    bucket = tests.get(CONTEXT)
    if not _is_one(bucket, r"arn:[^:*?]+:s3:::[^/*?]+"):
        yield Problem(
            f"account {accounts} may decrypt objects of more than one bucket.",
            "add the condition StringEquals kms:EncryptionContext:aws:s3:arn with the ARN of the bucket that it reads.",
            statement.path,
        )
    elif (readable := _readable(stack, statement)) and not set(bucket or []) <= set(readable):
        yield Problem(
            f"account {accounts} may decrypt objects of {', '.join(bucket or [])}, but reads {', '.join(readable)}.",
            "name the bucket whose policy lets the account read, in kms:EncryptionContext:aws:s3:arn.",
            statement.path,
        )


def _readable(stack: Stack, statement: Statement) -> list[str]:
    # The buckets whose policies let the statement's accounts read objects.
    accounts = set(foreign_accounts(statement))
    return [
        f"arn:aws:s3:::{policy.properties.get('Bucket')}"
        for policy in stack.of("AWS::S3::BucketPolicy").values()
        if any(
            each.allows and each.covers("s3:GetObject") and accounts & set(foreign_accounts(each))
            for each in policy_statements(policy)
        )
    ]


def _is_for_others(statement: Statement) -> bool:
    return statement.allows and bool(foreign_accounts(statement))


def _is_one(values: list[str] | None, pattern: str) -> bool:
    return values is not None and len(values) == 1 and bool(re.fullmatch(pattern, values[0]))
