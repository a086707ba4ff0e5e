"""ACC-015  external_account_reads_parquet_only

Why       Another account is a reader of what we publish. Raw vendor data is not ours to pass on, and nobody outside
          writes or deletes here. A condition on a key that only upload requests carry would deny every read.
Targets   AWS::S3::BucketPolicy
"""

import re

from rules.lib import Problem, Problems, Stack
from rules.lib.code import PUBLISHED
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, account_of, conditions

#: Request headers of uploads; reads do not bring them. Only the body's checksum is in every request.
OF_UPLOADS = re.compile(r"s3:x-amz-(?!content-sha256)")


def subjects(stack: Stack) -> list[str]:
    """Bucket policies that grant another account."""
    policies = stack.of("AWS::S3::BucketPolicy").items()
    return [name for name, policy in policies if any(_is_for_others(each) for each in policy_statements(policy))]


def problems(stack: Stack, subject: str) -> Problems:
    """Anything but reading and listing the published objects, and reads that are always denied."""
    policy = stack.resources[subject]
    bucket = f"arn:aws:s3:::{policy.properties.get('Bucket')}"
    for statement in policy_statements(policy):
        if _is_for_others(statement):
            yield from _judge(statement, bucket)


def _judge(statement: Statement, bucket: str) -> Problems:
    accounts = ", ".join(_others(statement))
    actions = {each.lower() for each in statement.actions}
    tests = conditions(statement)
    if actions == {"s3:getobject"}:
        if not _all_published(statement.resources, f"{bucket}/"):
            yield Problem(
                f"account {accounts} may read more than the Parquet.",
                f"set Resource to <bucket>/{PUBLISHED}*.",
                statement.path,
            )
    elif actions == {"s3:listbucket"}:
        prefixes = [
            value for (operator, key), values in tests.items() if _asks_prefix(operator, key) for value in values
        ]
        if not _all_published(prefixes, "") or statement.resources != [bucket]:
            yield Problem(
                f"account {accounts} may list more than the Parquet, and object names reveal which feeds we hold.",
                f"set Resource to the bucket, and add the condition StringLike s3:prefix {PUBLISHED}*.",
                statement.path,
            )
    else:
        yield Problem(
            f"account {accounts} is granted {', '.join(statement.actions)}; it should only read.",
            "grant only s3:GetObject and s3:ListBucket, each in its own statement.",
            statement.path,
        )
    refusing = [key for _, key in tests if OF_UPLOADS.match(key) or key == "s3:prefix"]
    if "s3:getobject" in actions and refusing:
        yield Problem(
            f"a read request carries no {', '.join(refusing)}, so every read by account {accounts} is denied.",
            "remove the condition; use aws:Principal* keys to restrict who reads.",
            statement.path,
        )


def _is_for_others(statement: Statement) -> bool:
    return statement.allows and bool(_others(statement))


def _others(statement: Statement) -> list[str]:
    # A principal that names no account is judged too: that it does not is said elsewhere. `*` is for another rule.
    accounts = [account_of(each) or each for each in statement.principals("AWS")]
    return [each for each in dict.fromkeys(accounts) if each not in (ACCOUNT, "*")]


def _all_published(values: list[str], before: str) -> bool:
    return bool(values) and all(each.startswith(before + PUBLISHED) for each in values)


def _asks_prefix(operator: str, key: str) -> bool:
    return key == "s3:prefix" and operator in ("stringlike", "stringequals")
