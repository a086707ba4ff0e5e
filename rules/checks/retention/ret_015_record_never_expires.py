"""RET-015  record_never_expires

Why       The record is what everything else can be made from again, and what a dispute is settled with. A lifecycle
          rule that deletes runs at night and leaves no trace in the pipeline.
Targets   AWS::S3::Bucket, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Stack, buckets

#: All the ways in which a lifecycle rule deletes objects or versions.
DELETES = ("ExpirationDate", "ExpirationInDays", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays")


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record, kept or not, and those that are locked."""
    return list(buckets.records(stack) | buckets.filled_from_streams(stack) | buckets.locked(stack))


def problems(stack: Stack, subject: str) -> Problems:
    """Lifecycle rules that delete."""
    for path, rule in buckets.lifecycle_rules(stack.of(buckets.BUCKET)[subject]):
        for key in DELETES:
            if key in rule:
                yield Problem(
                    f"a lifecycle rule ({key}) deletes the record, or earlier versions of it.",
                    f"remove {key} from the rule; transitions to colder storage save the cost.",
                    (*path, key),
                )
