"""RET-029  temporary_data_expires

Why       Query results are uncounted copies of licensed data, and an interrupted job leaves its staged files. Both pile
          up unseen, cost money, and are still there after the licence has ended. A day is too short: whoever queries on
          Friday reads on Monday.
Targets   AWS::S3::Bucket, AWS::Athena::WorkGroup, AWS::IAM::Role, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Resource, Stack, buckets, grants
from rules.lib.numbers import number

#: Within how many days results and staged files have to go, and what they were before.
CURRENT, REPLACED = (2, 90), (2, 30)
PATH = ("Properties", "LifecycleConfiguration")


def subjects(stack: Stack) -> list[str]:
    """The buckets with something temporary in them."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if _temporary(stack, name, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Temporary prefixes whose objects, or old versions, stay for too long or are gone too early."""
    bucket = stack.of(buckets.BUCKET)[subject]
    rules = [(buckets.prefix_of(rule), rule) for _, rule in buckets.lifecycle_rules(bucket)]
    for prefix in _temporary(stack, subject, bucket):
        applied = [rule for limit, rule in rules if limit is not None and prefix.startswith(limit)]
        if not _within(CURRENT, [number(rule.get("ExpirationInDays")) for rule in applied]):
            yield Problem(
                f"temporary files under {prefix or 'any prefix'} are kept too long, or deleted within a day.",
                f"add a lifecycle rule for the prefix with ExpirationInDays from {CURRENT[0]} to {CURRENT[1]}.",
                PATH,
            )
        if not _within(REPLACED, [buckets.replaced_days(rule) for rule in applied]):
            yield Problem(
                f"old versions under {prefix or 'any prefix'} are kept too long, or deleted within a day.",
                "add to the prefix's lifecycle rule NoncurrentVersionExpiration.NoncurrentDays from"
                f" {REPLACED[0]} to {REPLACED[1]}.",
                PATH,
            )


def _within(bounds: tuple[int, int], stated: list[float | None]) -> bool:
    # Of several rules for an object, S3 follows the one that deletes first.
    days = min((each for each in stated if each is not None), default=None)
    return days is not None and bounds[0] <= days <= bounds[1]


def _temporary(stack: Stack, name: str, bucket: Resource) -> list[str]:
    results = set(buckets.result_prefixes(stack, bucket))
    if name in buckets.records(stack) or name in buckets.locked(stack):
        return sorted(results)
    tables = buckets.published_prefixes(stack, bucket)
    roles = stack.of("AWS::IAM::Role").values()
    deleted = {prefix for each in roles for prefix in grants.prefixes(each, "s3:DeleteObject", bucket)}
    # Who may delete anywhere, or what tables show, does not make that temporary. Rules on roles refuse it.
    staged = {each for each in deleted if each and not any(buckets.overlap(each, table) for table in tables)}
    return sorted(results | staged)
