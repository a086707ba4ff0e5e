"""RET-034  trail_is_kept_for_a_year

Why       Auditors look back over twelve months, and so do we when a leak is found late. 366 days are twelve months in
          every year. But the files name people: kept forever, they are a liability of their own.
Targets   AWS::S3::Bucket, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, trails
from rules.lib.buckets import REPLACED_DAYS, kept
from rules.lib.numbers import whole

LEAST, MOST = REPLACED_DAYS
YEAR = 366
PATH = ("Properties", "LifecycleConfiguration")

subjects = trails.trail_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """Files, or replaced files, that go too early, or never."""
    found = kept(stack.resources[subject], YEAR)
    for path in found.early:
        yield Problem(
            "files of the trail are deleted before twelve months have passed.",
            f"set ExpirationInDays to {YEAR} or more.",
            path,
        )
    for path, days in found.replaced:
        yield Problem(
            f"replaced files of the trail are kept for {whole(days)} days: too short to notice tampering, or longer "
            "than needed.",
            f"set NoncurrentVersionExpiration.NoncurrentDays to a number from {LEAST} to {MOST}.",
            path,
        )
    if not found.expires:
        yield Problem(
            "files of the trail, which name people, are never deleted.",
            f"add a lifecycle rule for the whole bucket with ExpirationInDays, {YEAR} or more.",
            PATH,
        )
    if not found.drops:
        yield Problem(
            "an expired file of the trail is kept forever as an old version, and so are the names in it.",
            "add NoncurrentVersionExpiration.NoncurrentDays 30 to a lifecycle rule for the whole bucket.",
            PATH,
        )
