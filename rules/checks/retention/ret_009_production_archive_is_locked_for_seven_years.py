"""RET-009  production_archive_is_locked_for_seven_years

Why       Our licences and the market's rules require seven years of what we acted on. A lock that an administrator can
          lift, or that ends earlier, is worthless on the day that somebody has a reason to lift it.
Targets   AWS::S3::Bucket
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.numbers import whole

#: Seven years with two leap days, the most that seven years have.
SEVEN_YEARS = 2557


def subjects(stack: Stack) -> list[str]:
    """Production's buckets with Object Lock."""
    return list(buckets.locked(stack)) if stack.parameters.get("Environment") == "production" else []


def problems(stack: Stack, subject: str) -> Problems:
    """A lock that can be lifted, or that ends too early."""
    bucket = stack.of(buckets.BUCKET)[subject]
    path = ("Properties", "ObjectLockConfiguration", "Rule", "DefaultRetention")
    mode, days = at(bucket.body, *path, "Mode"), buckets.default_retention_days(bucket)
    if mode != "COMPLIANCE":
        yield Problem(
            f"production's archive is locked in mode {mode}, which a privileged user can lift.",
            "set ObjectLockConfiguration.Rule.DefaultRetention.Mode to COMPLIANCE.",
            (*path, "Mode"),
        )
    if days is None or days < SEVEN_YEARS:
        kept = "a time not stated" if days is None else f"{whole(days)} days"
        yield Problem(
            f"production's archive keeps objects for {kept}, not for seven years.",
            f"set ObjectLockConfiguration.Rule.DefaultRetention.Days to {SEVEN_YEARS} or more.",
            (*path, "Days"),
        )
