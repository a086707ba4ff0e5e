"""RET-022  access_log_is_kept_for_a_quarter

Why       When a licensed feed turns up where it should not be, the access log shows who read it. Vendors audit by the
          quarter; logs that an intruder overwrote have to stay for at least a week. Logs also name people, and must not
          pile up forever.
Targets   AWS::S3::Bucket
"""

from rules.lib import Problem, Problems, Stack, buckets, stores
from rules.lib.buckets import REPLACED_DAYS, kept
from rules.lib.numbers import whole

LEAST, MOST = REPLACED_DAYS
QUARTER = 90
PATH = ("Properties", "LifecycleConfiguration")


def subjects(stack: Stack) -> list[str]:
    """The buckets that receive other buckets' access logs."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if stores.logging_buckets(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Logs, or replaced logs, that go too early, or never."""
    found = kept(stack.of(buckets.BUCKET)[subject], QUARTER)
    for path in found.early:
        yield Problem(
            "access logs are deleted before a quarter has passed.", f"set ExpirationInDays to {QUARTER} or more.", path
        )
    for path, days in found.replaced:
        yield Problem(
            f"replaced access logs are kept for {whole(days)} days: too short to notice tampering, or longer than "
            "needed.",
            f"set NoncurrentVersionExpiration.NoncurrentDays to a number from {LEAST} to {MOST}.",
            path,
        )
    if not found.expires:
        yield Problem(
            "access logs, which name people, are never deleted.",
            f"add a lifecycle rule for the whole bucket with ExpirationInDays, {QUARTER} or more.",
            PATH,
        )
    if not found.drops:
        yield Problem(
            "replaced or deleted access logs are kept forever, and so are the names in them.",
            f"add NoncurrentVersionExpiration.NoncurrentDays {LEAST} to a lifecycle rule for the whole bucket.",
            PATH,
        )
