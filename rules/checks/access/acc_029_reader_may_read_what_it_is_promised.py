"""ACC-029  reader_may_read_what_it_is_promised

Why       A customer pays for the Parquet. If a policy leaves out their account, or names another one, they are denied
          access, and a stranger may have it instead. Each read needs both the bucket's and the key's permission.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::KMS::Key, AWS::KMS::Alias, AWS::Glue::Table
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.buckets import BUCKET, published, published_prefixes
from rules.lib.code import PUBLISHED
from rules.lib.conditions import SECURE, holds, refuses
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import account_of, names_account, names_everybody
from rules.lib.requests import key_of
from rules.lib.stores import ENCRYPTION_HEADERS, default_encryption, guards

PARAMETER = "DataConsumerAccountId"
ORGANIZATION = "DataConsumerOrganizationId"


def subjects(stack: Stack) -> list[str]:
    """The buckets with Parquet tables and their keys, if a parameter names a reader."""
    stack.of("AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::KMS::Alias")
    if not stack.parameters.get(PARAMETER):
        return []
    buckets = _buckets(stack)
    keys = [key_of(stack, default_encryption(bucket).get("KMSMasterKeyID")) for bucket in buckets.values()]
    return [*buckets, *dict.fromkeys(each.logical_id for each in keys if each)]


def problems(stack: Stack, subject: str) -> Problems:
    """What the reader's account needs, and the policy does not allow it."""
    resource, account = stack.resources[subject], stack.parameters[PARAMETER]
    if resource.type == BUCKET:
        statements = guards(stack, resource)
        needed = {"s3:GetObject": f"{resource.arn}/{PUBLISHED}*", "s3:ListBucket": resource.arn}
    else:
        statements = list(policy_statements(resource))
        needed = {"kms:Decrypt": resource.arn}
    for action, arn in needed.items():
        if not _may(stack, statements, account, action, arn):
            yield Problem(
                f"the reader, account {account}, is promised the Parquet but lacks {action} on {arn}.",
                f"allow the root of the account that {PARAMETER} names {action}, and deny it nowhere.",
                ("Properties", "KeyPolicy") if resource.type != BUCKET else (),
            )


def _may(stack: Stack, statements: list[Statement], account: str, action: str, arn: str) -> bool:
    # What a read by S3's API brings along. On which other conditions it may, other rules ask.
    known = {
        **dict.fromkeys(ENCRYPTION_HEADERS),
        "aws:principalaccount": account,
        **SECURE,
        "s3:prefix": PUBLISHED if action == "s3:ListBucket" else None,
    }
    if organization := stack.parameters.get(ORGANIZATION):
        known["aws:principalorgid"] = organization
    meant = [each for each in statements if each.allows and each.covers(action) and each.reaches(arn)]
    allowed = any(names_account(each, account) and holds(each, known) is not False for each in meant)
    about = [
        each
        for each in statements
        if "NotPrincipal" in each.body or names_everybody(each) or account in map(account_of, each.principals("AWS"))
    ]
    return allowed and not refuses(about, action, arn, known)


def _buckets(stack: Stack) -> dict[str, Resource]:
    return {
        name: bucket
        for name, bucket in published(stack).items()
        if any(prefix.startswith(PUBLISHED) for prefix in published_prefixes(stack, bucket))
    }
