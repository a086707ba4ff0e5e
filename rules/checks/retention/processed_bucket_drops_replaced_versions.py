"""RET-024  processed_bucket_drops_replaced_versions

Why       Each run rebuilds its partitions and replaces their files. A versioned bucket keeps
          every one it replaced: hourly runs would pile up the same hours dozens of times, and the
          bill with them. A week is enough for second thoughts.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::IAM::Role

Cases     SKIP  no table in the bucket; a table of the record itself
          PASS  a week for the table and for what is staged; a day for the whole bucket; the older
                spelling
          FAIL  no lifecycle; no Properties; the rule is switched off; a month; staged files that
                are deleted stay; only a part of the table; three old versions stay; only tagged
                objects; text where the number belongs; a good bucket beside a bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Resource, Stack, buckets, grants
from harness.checks.numbers import number
from harness.checks.stack import at


def subjects(stack: Stack) -> list[str]:
    """The buckets that tables lie in. The record is not among them: nothing there is replaced."""
    return [
        name
        for name, each in stack.of(buckets.BUCKET).items()
        if name not in buckets.records(stack) and buckets.published_prefixes(stack, each)
    ]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Prefixes whose files are replaced or deleted, and whose old versions stay for more than a week."""
    bucket = stack.of(buckets.BUCKET)[subject]
    dropped = tuple(_dropped(bucket))
    changing = {*buckets.published_prefixes(stack, bucket)}
    for role in stack.of("AWS::IAM::Role").values():
        changing |= grants.prefixes(role, "s3:DeleteObject", bucket)
    kept = [each for each in sorted(changing) if not each.startswith(dropped)]
    if kept:
        prefixes = ", ".join(each or "any prefix" for each in kept)
        yield Problem(
            f"replaced or deleted versions under {prefixes} stay for ever, or for more than a week.",
            "add a lifecycle rule for the prefix with NoncurrentVersionExpiration.NoncurrentDays 7.",
            ("Properties", "LifecycleConfiguration"),
        )


def _dropped(bucket: Resource) -> Iterator[str]:
    for _, rule in buckets.lifecycle_rules(bucket):
        expiry = rule.get("NoncurrentVersionExpiration")
        days = number(rule.get("NoncurrentVersionExpirationInDays", at(expiry, "NoncurrentDays")))
        prefix = buckets.prefix_of(rule)
        # With a number of versions to keep, the newest of the old ones would stay for good.
        if prefix is not None and days is not None and days <= 7 and not at(expiry, "NewerNoncurrentVersions"):
            yield prefix
