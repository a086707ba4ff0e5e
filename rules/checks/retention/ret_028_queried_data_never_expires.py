"""RET-028  queried_data_never_expires

Why       A lifecycle rule that is meant for query results and has lost its prefix deletes the
          tables as well. Nothing fails: each night a day of the market is missing from every model
          that is run over the past.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack, buckets

#: How a lifecycle rule deletes what is queried, and how what it was before.
EXPIRIES = ("ExpirationDate", "ExpirationInDays")
REPLACED = ("NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays")


def subjects(stack: Stack) -> list[str]:
    """The buckets that tables lie in. The record has a rule of its own."""
    return list(buckets.published(stack))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Lifecycle rules that delete what tables show, or that delete old versions whatever they are of."""
    bucket = stack.of(buckets.BUCKET)[subject]
    tables = buckets.published_prefixes(stack, bucket)
    for path, rule in buckets.lifecycle_rules(bucket):
        limit = buckets.limit_of(rule)
        for key in (each for each in EXPIRIES if each in rule):
            if any(buckets.overlap(limit, each) for each in tables):
                yield Problem(
                    f"a lifecycle rule ({key}) deletes what the tables show.",
                    "give the rule the prefix of what is temporary, such as staging/, or remove it.",
                    (*path, key),
                )
        for key in (each for each in REPLACED if each in rule and not limit):
            yield Problem(
                f"a lifecycle rule ({key}) deletes old versions of everything here, whatever they are of.",
                "give the rule the prefix of what is replaced as a matter of course.",
                (*path, key),
            )
