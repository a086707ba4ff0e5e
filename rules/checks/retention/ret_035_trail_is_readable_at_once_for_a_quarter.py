"""RET-035  trail_is_readable_at_once_for_a_quarter

Why       A leak of the last weeks is looked into today, not when a restore has come back. What is older
          waits for hours at most: Deep Archive takes up to two days. And a year of events in the dear
          class is money for nothing.
Targets   AWS::S3::Bucket, AWS::CloudTrail::Trail
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack, buckets, trails
from rules.lib.numbers import number

#: The three longest months in a row have 92 days; by when files have to be in a cheaper class.
QUARTER, LATEST = 92, 180
COLDER = ("GLACIER", "GLACIER_IR")
PATH = ("Properties", "LifecycleConfiguration")


def subjects(stack: Stack) -> list[str]:
    """The buckets of trails."""
    return list(trails.trail_buckets(stack))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Files that have to be restored too early or for too long, or that never move."""
    moving = False
    for path, rule in buckets.lifecycle_rules(stack.resources[subject]):
        for transition in buckets.transitions(rule):
            days, to = number(transition.get("TransitionInDays")), transition.get("StorageClass")
            if to == "DEEP_ARCHIVE" or (to in buckets.SLEEPING and (days is None or days < QUARTER)):
                yield Problem(
                    "files of the trail have to be restored before they can be read, within three months or for days.",
                    f"move them to GLACIER after {QUARTER} days or later, and never to DEEP_ARCHIVE.",
                    path,
                )
            elif to in COLDER and days is not None and days <= LATEST and buckets.prefix_of(rule) == "":
                moving = True
    if not moving:
        yield Problem(
            "files of the trail stay in the dear storage class for as long as they are kept.",
            f"add a lifecycle rule for the whole bucket that moves them to GLACIER after {QUARTER} to {LATEST} days.",
            PATH,
        )
