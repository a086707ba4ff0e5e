"""RET-027  queried_data_moves_to_colder_storage

Why       Years of Parquet in the standard class cost more than the licence for the data. Models run on the last
          quarter; older data is read now and then, and then at once, which Glacier Instant Retrieval offers at a fifth
          of the price.
Targets   AWS::S3::Bucket, AWS::Glue::Table, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.numbers import number, whole

#: Which of them queries can read is a rule of its own: queried_data_stays_readable.
COLD = (*buckets.SLEEPING, "GLACIER_IR")
#: What the budget is reckoned with.
DAYS = 90
PATH = ("Properties", "LifecycleConfiguration")

subjects = buckets.published  # The record has a rule of its own.


def problems(stack: Stack, subject: str) -> Problems:
    """Tables that never move to the cheaper class, or not after 90 days."""
    bucket = stack.of(buckets.BUCKET)[subject]
    tables = sorted(set(buckets.published_prefixes(stack, bucket)))
    moved: list[str] = []
    for path, rule in buckets.lifecycle_rules(bucket):
        colder = (each for each in buckets.transitions(rule) if each.get("StorageClass") in COLD)
        days = [found for each in colder if (found := number(each.get("TransitionInDays"))) is not None]
        limit = buckets.limit_of(rule)
        if days and min(days) < DAYS and any(buckets.overlap(limit, each) for each in tables):
            yield Problem(
                f"tables move to colder storage after {whole(min(days))} days, while models still read all of them.",
                f"set TransitionInDays of GLACIER_IR to {DAYS}.",
                path,
            )
        if days and min(days) <= DAYS and (prefix := buckets.prefix_of(rule)) is not None:
            moved.append(prefix)
    unmoved = [each for each in tables if not each.startswith(tuple(moved))]
    if unmoved:
        prefixes = ", ".join(each or "any prefix" for each in unmoved)
        yield Problem(
            f"tables under {prefixes} do not move to colder storage after {DAYS} days, so they cost the full price.",
            f"add a lifecycle rule for the tables that moves objects to GLACIER_IR after {DAYS} days.",
            PATH,
        )
