"""RET-023  record_moves_to_colder_storage

Why       Seven years of ticks in the standard class cost several times the budget. The first quarter stays there,
          because it gets replayed; the second has to be restored within hours, not the day that Deep Archive takes.
Targets   AWS::S3::Bucket, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.numbers import number, whole

COLD = (*buckets.SLEEPING, "GLACIER_IR")
#: What the budget is reckoned with.
DAYS = 90
#: S3 charges for 90 days in GLACIER, so an earlier move to DEEP_ARCHIVE would not even be cheaper.
DEEP_DAYS = 180


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record, and those that are locked for it."""
    return list(buckets.records(stack) | buckets.archives(stack))


def problems(stack: Stack, subject: str) -> Problems:
    """Objects that never move, not after 90 days, or too early to where a replay waits for a day."""
    bucket = stack.of(buckets.BUCKET)[subject]
    moved = []
    for path, rule in buckets.lifecycle_rules(bucket):
        colder = (each for each in buckets.transitions(rule) if each.get("StorageClass") in COLD)
        days = [found for each in colder if (found := number(each.get("TransitionInDays"))) is not None]
        if days and min(days) < DAYS:
            yield Problem(
                f"objects move to colder storage after {whole(min(days))} days, while they may have to be replayed.",
                f"set TransitionInDays of the first Glacier class to {DAYS}.",
                path,
            )
        if any(each.get("StorageClass") == "ONEZONE_IA" for each in buckets.transitions(rule)):
            yield Problem(
                "objects move to a class that keeps them in one Availability Zone, and are lost with it.",
                "remove the transition to ONEZONE_IA.",
                path,
            )
        deep = [each for each in buckets.transitions(rule) if each.get("StorageClass") == "DEEP_ARCHIVE"]
        if any((number(each.get("TransitionInDays")) or 0) < DEEP_DAYS for each in deep):
            yield Problem(
                "objects move to DEEP_ARCHIVE so early that a replay of last quarter waits for a day.",
                f"use GLACIER or GLACIER_IR first, and set DEEP_ARCHIVE's TransitionInDays to {DEEP_DAYS} or more.",
                path,
            )
        if buckets.prefix_of(rule) == "":
            moved += days
    if not moved:
        yield Problem(
            "the record as a whole never moves to colder storage, so it costs the full price for seven years.",
            f"add a lifecycle rule for the whole bucket that moves objects to GLACIER after {DAYS} days.",
            ("Properties", "LifecycleConfiguration"),
        )
    elif min(moved) > DAYS:
        yield Problem(
            f"the record moves to colder storage after {whole(min(moved))} days, later than budgeted.",
            f"set TransitionInDays of the first Glacier class to {DAYS}.",
            ("Properties", "LifecycleConfiguration"),
        )
