"""RET-017  raw_version_cannot_be_deleted

Why       Replay starts at the raw bucket. An overwritten or deleted object can be restored from its old version; a
          deleted version can be restored only from the archive.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, buckets, stores


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record, unless a lock keeps their versions anyway."""
    return [name for name in buckets.records(stack) if name not in buckets.locked(stack)]


def problems(stack: Stack, subject: str) -> Problems:
    """No statement in the bucket policy that denies everyone."""
    bucket = stack.of(buckets.BUCKET)[subject]
    if not stores.refuses_everybody(stores.guards(stack, bucket), "s3:DeleteObjectVersion", [f"{bucket.arn}/*"], {}):
        yield Problem(
            "versions of the record can be deleted, so anyone with the permission can erase what has arrived.",
            "add to the bucket's policy: Deny, Principal '*', s3:DeleteObjectVersion on the bucket's /*, no Condition.",
        )
