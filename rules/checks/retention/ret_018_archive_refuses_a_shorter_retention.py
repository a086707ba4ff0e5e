"""RET-018  archive_refuses_a_shorter_retention

Why       A default retention only binds an object that names none. Anyone who may write could archive a message with a
          lock of one day and delete it the next; the auditor was promised seven years and finds a gap.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack, buckets, stores
from rules.lib.iam import Statement
from rules.lib.numbers import number, whole
from rules.lib.principals import conditions, names_everybody

#: What sets or changes how long an object is locked.
ACTIONS = ("s3:PutObject", "s3:PutObjectRetention", "s3:ReplicateObject")

subjects = buckets.archives


def problems(stack: Stack, subject: str) -> Problems:
    """Actions with which an object gets a shorter lock than the bucket's default."""
    bucket = stack.of(buckets.BUCKET)[subject]
    # Without a default there is nothing to fall short of; a day is the least there is.
    days = buckets.default_retention_days(bucket) or 1
    refusals = [each for each in stores.guards(stack, bucket) if _refused_below(each) >= days]
    for action in ACTIONS:
        if not any(each.covers(action) and each.reaches(f"{bucket.arn}/*") for each in refusals):
            yield Problem(
                f"{action} can give an object a lock shorter than the archive's {whole(days)} days.",
                f"add to the bucket's policy: Deny, Principal '*', {action} on the bucket's /*,"
                f" NumericLessThan s3:object-lock-remaining-retention-days {whole(days)}.",
            )


def _refused_below(statement: Statement) -> float:
    """Below how many days of retention a statement denies everyone; 0 if it does not."""
    tests = conditions(statement)
    asked = tests.pop(("numericlessthan", "s3:object-lock-remaining-retention-days"), [])
    if not statement.denies or not names_everybody(statement) or tests or len(asked) != 1:
        return 0
    return number(asked[0]) or 0
