"""RET-024  processed_bucket_drops_replaced_versions

Why       Each run rebuilds its partitions and replaces their files. A versioned bucket keeps every replaced file:
          hourly runs would store the same hours dozens of times, at growing cost. A week is enough to undo a bad run,
          and a day is not.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.numbers import whole

#: Within how many days replaced versions have to go.
LEAST, MOST = 7, 30
PATH = ("Properties", "LifecycleConfiguration")

subjects = buckets.published  # The record is not among them: nothing there is replaced.


def problems(stack: Stack, subject: str) -> Problems:
    """Tables whose replaced files stay for more than a month, or for less than a week."""
    bucket = stack.of(buckets.BUCKET)[subject]
    tables = buckets.published_prefixes(stack, bucket)
    dropped = []
    for path, rule in buckets.lifecycle_rules(bucket):
        kept, limit = buckets.replaced_days(rule), buckets.limit_of(rule)
        if kept is not None and kept <= MOST and (prefix := buckets.prefix_of(rule)) is not None:
            dropped.append(prefix)
        if kept is not None and kept < LEAST and any(buckets.overlap(limit, each) for each in tables):
            yield Problem(
                f"a table's replaced files are deleted after {whole(kept)} days, too soon to undo a bad run.",
                f"set NoncurrentVersionExpiration.NoncurrentDays to a number from {LEAST} to {MOST}.",
                path,
            )
    kept_on = [each for each in sorted(set(tables)) if not each.startswith(tuple(dropped))]
    if kept_on:
        prefixes = ", ".join(each or "any prefix" for each in kept_on)
        yield Problem(
            f"replaced versions under {prefixes} are kept forever, or for more than a month.",
            f"add a lifecycle rule for the prefix with NoncurrentVersionExpiration.NoncurrentDays {LEAST}.",
            PATH,
        )
