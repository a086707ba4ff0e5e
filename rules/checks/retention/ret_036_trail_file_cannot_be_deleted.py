"""RET-036  trail_file_cannot_be_deleted

Why       Whoever has something to hide deletes the file that shows it. The signed digests show that a file is missing,
          not what was in it. Lifecycle rules delete as S3 itself, so nobody else ever needs to.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, stores, trails

DELETING = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete")

subjects = trails.trail_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """No statement in the bucket policy that denies everyone deleting files or their versions."""
    bucket = stack.resources[subject]
    statements = stores.guards(stack, bucket)
    for action in DELETING:
        if not stores.refuses_everybody(statements, action, [f"{bucket.arn}/*"], {}):
            yield Problem(
                f"anyone with the permission {action} can erase the record of what they have read.",
                f"add to the bucket's policy: Deny, Principal '*', {action} on the bucket's /*, no Condition.",
            )
