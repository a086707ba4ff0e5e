"""ACC-033  role_deletes_only_what_is_staged

Why       A job has to delete its staged files. The same permission one folder further hides the Parquet that everybody
          queries, or what a vendor sent: the old version remains, but no query finds it, and nobody looks for objects
          that are not listed.
Targets   AWS::IAM::Role, AWS::S3::Bucket, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Resource, Stack, buckets, grants
from rules.lib.roles import ROLE

ACTION = "s3:DeleteObject"


def subjects(stack: Stack) -> list[str]:
    """Roles that may delete objects in a bucket of this template."""
    found = stack.of(buckets.BUCKET).values()
    return [
        name for name, role in stack.of(ROLE).items() if any(grants.prefixes(role, ACTION, bucket) for bucket in found)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """Prefixes that hold more than the role's own leftovers."""
    role = stack.resources[subject]
    for name, bucket in stack.of(buckets.BUCKET).items():
        for prefix in sorted(grants.prefixes(role, ACTION, bucket)):
            if held := _held(stack, bucket, prefix):
                yield Problem(
                    f"it may delete {prefix or 'everything'} in {name}: {held}.",
                    f"remove {ACTION}, or name the prefix of what is staged alone.",
                )


def _held(stack: Stack, bucket: Resource, prefix: str) -> str:
    if bucket.logical_id in buckets.records(stack) or bucket.logical_id in buckets.locked(stack):
        return "that is the record of what arrived"
    if not prefix:
        return "that is the whole bucket"
    shown = [table for table in buckets.published_prefixes(stack, bucket) if buckets.overlap(prefix, table)]
    return f"tables show {', '.join(sorted(shown))}" if shown else ""
