"""RET-008  record_is_copied_to_a_write_once_archive

Why       A regulator may ask for any message of the last seven years, and who could have changed it. A store that
          anyone can delete from, ourselves included, answers neither question; a copy that nobody can change answers
          both.
Targets   AWS::S3::Bucket, AWS::Lambda::EventSourceMapping, AWS::IAM::Role, AWS::Kinesis::Stream
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, buckets, grants, mappings, stores

PUT = "s3:PutObject"


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record; where none does, every one that is neither locked nor for access logs."""
    everything, archives = stack.of(buckets.BUCKET), buckets.locked(stack)
    logs = [stores.logs_to(each) for each in everything.values()]
    rest = [name for name, each in everything.items() if name not in archives and each.ref not in logs]
    return list(buckets.records(stack)) or rest


def problems(stack: Stack, subject: str) -> Problems:
    """What is written to the bucket but not replicated to a bucket with Object Lock."""
    bucket = stack.of(buckets.BUCKET)[subject]
    path = ("Properties", "ReplicationConfiguration", "Rules")
    archives = [each.arn for name, each in buckets.locked(stack).items() if name != subject]
    rules = [each for each in items(at(bucket.body, *path)) if at(each, "Destination", "Bucket") in archives]
    copied = [prefix for each in rules if (prefix := buckets.prefix_of(each)) is not None]
    if not rules:
        yield Problem(
            "this bucket is replicated to no write-once archive, so anyone who may delete here can erase the record.",
            "replicate the bucket to a bucket of this template that has ObjectLockEnabled.",
        )
        return
    written = {prefix for each in stack.of("AWS::IAM::Role").values() for prefix in grants.prefixes(each, PUT, bucket)}
    if any(mappings.failure_destination(each) == bucket.arn for each in mappings.of_streams(stack).values()):
        written.add(buckets.GIVEN_UP)
    for prefix in sorted(written):
        if not prefix.startswith(tuple(copied)):
            yield Problem(
                f"objects under {prefix or 'any prefix'} of this bucket are not replicated to the locked archive.",
                f"add a replication rule to the archive with Filter.Prefix {prefix or 'empty'}.",
                path,
            )
