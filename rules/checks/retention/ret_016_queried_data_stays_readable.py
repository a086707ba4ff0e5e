"""RET-016  queried_data_stays_readable

Why       Athena silently skips objects that need a restore: a risk model fed by such a query misses every day that has
          moved.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::Glue::Crawler, AWS::Athena::WorkGroup,
          AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::IAM::Role
"""

from harness.render.resources import Resource, at, items
from rules.lib import Problem, Problems, Stack, buckets

#: Classes whose objects are read as they are.
READABLE = ("GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA")


def subjects(stack: Stack) -> list[str]:
    """The buckets that tables or query results lie in. The record is not among them: its cold storage is on purpose."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if _queried(stack, name, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Lifecycle rules that put queried objects to sleep."""
    bucket = stack.of(buckets.BUCKET)[subject]
    queried = _queried(stack, subject, bucket)
    for path, rule in buckets.lifecycle_rules(bucket):
        if any(buckets.overlap(buckets.limit_of(rule), each) for each in queried):
            for storage in (at(each, "StorageClass") for each in buckets.transitions(rule)):
                if storage not in READABLE:
                    yield Problem(
                        f"a lifecycle rule moves queried objects to {storage}, where queries silently skip them.",
                        "use GLACIER_IR, which costs little more and needs no restore.",
                        path,
                    )
    for index, tiering in enumerate(items(bucket.properties.get("IntelligentTieringConfigurations"))):
        if at(tiering, "Status") == "Enabled":
            yield Problem(
                "queried objects that are not read for a while move to an archive tier, where queries silently skip "
                "them.",
                "remove the configuration; INTELLIGENT_TIERING without it uses tiers that are read at once.",
                ("Properties", "IntelligentTieringConfigurations", index),
            )


def _queried(stack: Stack, name: str, bucket: Resource) -> list[str]:
    results = buckets.result_prefixes(stack, bucket)
    if name in buckets.records(stack) or name in buckets.filled_from_streams(stack):
        return results
    return results + buckets.published_prefixes(stack, bucket) + buckets.crawled_prefixes(stack, bucket)
