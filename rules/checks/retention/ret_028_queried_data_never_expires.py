"""RET-028  queried_data_never_expires

Why       A lifecycle rule that is meant for query results but lost its prefix deletes the tables as well. Nothing
          fails: each night one more day of the market is missing from every model.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, buckets

#: How a lifecycle rule deletes what is queried, and how what it was before.
EXPIRIES = ("ExpirationDate", "ExpirationInDays")
REPLACED = ("NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays")

subjects = buckets.published  # The record has a rule of its own.


def problems(stack: Stack, subject: str) -> Problems:
    """Lifecycle rules that delete the tables' files, or old versions of everything."""
    bucket = stack.of(buckets.BUCKET)[subject]
    tables = buckets.published_prefixes(stack, bucket)
    for path, rule in buckets.lifecycle_rules(bucket):
        limit = buckets.limit_of(rule)
        for key in (each for each in EXPIRIES if each in rule):
            if any(buckets.overlap(limit, each) for each in tables):
                yield Problem(
                    f"a lifecycle rule ({key}) deletes the files behind the tables.",
                    "give the rule the prefix of temporary files, such as staging/, or remove it.",
                    (*path, key),
                )
        for key in (each for each in REPLACED if each in rule and not limit):
            yield Problem(
                f"a lifecycle rule ({key}) deletes old versions of everything here, the tables included.",
                "give the rule the prefix of files that runs replace.",
                (*path, key),
            )
