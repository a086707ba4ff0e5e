"""ACC-050  trail_bucket_refuses_other_writers

Why       An administrator may write to every bucket of the account. One who has read what they should not could replace
          the file that shows it. Only the bucket's own policy binds administrators too.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, stores, trails

WRITING = ("s3:PutObject", "s3:ReplicateObject")
OTHERS = {("stringnotequals", "aws:principalservicename"): [trails.SERVICE]}

subjects = trails.trail_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """No statement that denies writing to everyone but CloudTrail."""
    bucket = stack.resources[subject]
    statements = stores.guards(stack, bucket)
    for action in WRITING:
        if not stores.refuses_everybody(statements, action, [f"{bucket.arn}/*"], OTHERS):
            yield Problem(
                f"principals other than CloudTrail may write here ({action}), and files that others can write prove "
                "nothing.",
                f"add to its policy a Deny of {action} for Principal '*' on bucket/*, with only the condition"
                f" StringNotEquals aws:PrincipalServiceName {trails.SERVICE}.",
            )
