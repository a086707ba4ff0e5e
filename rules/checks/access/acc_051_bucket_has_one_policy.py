"""ACC-051  bucket_has_one_policy

Why       A bucket has one policy. Of two resources that set it, the one deployed later replaces the
          other: what denies plain HTTP, foreign keys or deleting the record is gone, and which of
          them, the order of deployment decides.
Targets   AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack

POLICY = "AWS::S3::BucketPolicy"


def subjects(stack: Stack) -> list[str]:
    """The policies of buckets."""
    return list(stack.of(POLICY))


def problems(stack: Stack, subject: str) -> Problems:
    """No bucket, or another policy for the same one."""
    bucket = stack.resources[subject].properties.get("Bucket")
    path = ("Properties", "Bucket")
    if not isinstance(bucket, str) or not bucket:
        yield Problem("the policy names no bucket, so nothing shows what it guards.", "set Bucket to its name.", path)
    for name, other in stack.of(POLICY).items():
        if name != subject and other.properties.get("Bucket") == bucket:
            yield Problem(
                f"{name} sets the policy of the same bucket, and the one deployed later replaces the other.",
                "put the statements of both into one policy.",
                path,
            )
