"""ACC-035  data_bucket_opens_to_readers_only

Why       Whoever asks who can access the data reads the roles. A grant to our own account, a service or an identity
          provider in the bucket policy goes unread, and no rule about roles sees it. Other rules judge what other
          accounts may read.
Targets   AWS::S3::BucketPolicy, AWS::S3::Bucket, AWS::CloudTrail::Trail
"""

from collections.abc import Iterator

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, trails
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, account_of
from rules.lib.stores import logging_buckets

POLICY = "AWS::S3::BucketPolicy"


def subjects(stack: Stack) -> list[str]:
    """Policies that grant access, except on buckets that receive access logs or a trail."""
    return [
        name
        for name, policy in stack.of(POLICY).items()
        if any(each.allows for each in policy_statements(policy)) and not _is_for_logs(stack, policy)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """Principals that are granted access and are not another account."""
    for statement in policy_statements(stack.resources[subject]):
        for who in _others_than_readers(statement) if statement.allows else ():
            yield Problem(
                f"its policy grants {who} access to the data, which no role shows.",
                "remove the statement; grant access in the policies of the roles that need it.",
                statement.path,
            )


def _others_than_readers(statement: Statement) -> Iterator[str]:
    principal = statement.body.get("Principal")
    if not isinstance(principal, dict):
        yield "everyone"
        return
    for kind in principal:
        named = [str(each) for each in items(at(principal, kind))]
        yield from (each for each in named if kind != "AWS" or account_of(each) in ("", ACCOUNT))


def _is_for_logs(stack: Stack, policy: Resource) -> bool:
    bucket = stack.by_ref(policy.properties.get("Bucket"), "AWS::S3::Bucket")
    return bucket is not None and (
        bool(logging_buckets(stack, bucket)) or bucket.logical_id in trails.trail_buckets(stack)
    )
