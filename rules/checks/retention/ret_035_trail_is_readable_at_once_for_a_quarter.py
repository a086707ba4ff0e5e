"""RET-035  trail_is_readable_at_once_for_a_quarter

Why       A recent leak is investigated at once, without waiting for a restore. Older files may take hours, but not the
          two days that Deep Archive takes. A year of events in the standard class is wasted money.
Targets   AWS::S3::Bucket, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, buckets, trails
from rules.lib.numbers import number

#: The three longest months in a row have 92 days; by when files have to be in a cheaper class.
QUARTER, LATEST = 92, 180
COLDER = ("GLACIER", "GLACIER_IR")
PATH = ("Properties", "LifecycleConfiguration")

subjects = trails.trail_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """Files that have to be restored too early or for too long, or that never move."""
    moving = False
    for path, rule in buckets.lifecycle_rules(stack.resources[subject]):
        for transition in buckets.transitions(rule):
            days, to = number(transition.get("TransitionInDays")), transition.get("StorageClass")
            if to == "DEEP_ARCHIVE" or (to in buckets.SLEEPING and (days is None or days < QUARTER)):
                yield Problem(
                    "files of the trail need a restore within the first three months, or one that takes days.",
                    f"move them to GLACIER after {QUARTER} days or later, and never to DEEP_ARCHIVE.",
                    path,
                )
            elif to in COLDER and days is not None and days <= LATEST and buckets.prefix_of(rule) == "":
                moving = True
    if not moving:
        yield Problem(
            "files of the trail stay in the expensive storage class for as long as they are kept.",
            f"add a lifecycle rule for the whole bucket that moves them to GLACIER after {QUARTER} to {LATEST} days.",
            PATH,
        )
