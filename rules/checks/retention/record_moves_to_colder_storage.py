"""RET-023  record_moves_to_colder_storage

Why       Seven years of ticks at the price of the first day cost several times what the budget
          has for them. The first quarter stays warm, because that is what gets replayed.
Targets   AWS::S3::Bucket, AWS::Lambda::EventSourceMapping

Cases     SKIP  no record and no archive
          PASS  everything after 90 days; a still colder class later; a warmer class before
          FAIL  no lifecycle; no Properties; the rule is switched off; one prefix only; a class
                that is not much cheaper; after a year; after a month; one prefix after a week;
                text where the number belongs; a good bucket beside a bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Stack, buckets
from harness.checks.numbers import number, whole

COLD = (*buckets.SLEEPING, "GLACIER_IR")
#: What the budget is reckoned with.
DAYS = 90


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record, and those that are locked."""
    return list(buckets.records(stack) | buckets.locked(stack))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Objects that never move, or not after 90 days."""
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
        if buckets.prefix_of(rule) == "":
            moved += days
    if not moved:
        yield Problem(
            "the record never moves to colder storage as a whole, and costs the full price for all its years.",
            f"add a lifecycle rule for the whole bucket that moves objects to GLACIER after {DAYS} days.",
            ("Properties", "LifecycleConfiguration"),
        )
    elif min(moved) > DAYS:
        yield Problem(
            f"the record moves to colder storage after {whole(min(moved))} days, later than the budget has it.",
            f"set TransitionInDays of the first Glacier class to {DAYS}.",
            ("Properties", "LifecycleConfiguration"),
        )
