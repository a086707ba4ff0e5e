"""RET-030  non_production_archive_can_be_removed

Why       Nobody, AWS included, can lift a lock in COMPLIANCE mode. What a test environment locks for seven years is
          billed for seven years, in a bucket that nobody can delete.
Targets   AWS::S3::Bucket
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.numbers import whole

A_YEAR = 366


def subjects(stack: Stack) -> list[str]:
    """Buckets with Object Lock of any environment but production."""
    environment = stack.parameters.get("Environment", "production")
    return [] if environment == "production" else list(buckets.locked(stack))


def problems(stack: Stack, subject: str) -> Problems:
    """A lock that nobody can lift, or that lasts for years."""
    bucket = stack.of(buckets.BUCKET)[subject]
    path = ("Properties", "ObjectLockConfiguration", "Rule", "DefaultRetention")
    mode, days = at(bucket.body, *path, "Mode"), buckets.default_retention_days(bucket)
    if mode != "GOVERNANCE":
        yield Problem(
            f"a non-production archive is locked in mode {mode}, which nobody can undo.",
            "add a rule (Rules) that allows COMPLIANCE in production only.",
            (*path, "Mode"),
        )
    if days is None or days > A_YEAR:
        kept = "a time not stated" if days is None else f"{whole(days)} days"
        yield Problem(
            f"a non-production archive is locked for {kept}, and paid for as long.",
            "add a rule (Rules) that allows more than a year in production only.",
            (*path, "Days"),
        )
