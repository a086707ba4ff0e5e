"""OBS-050  trail_has_a_bucket_of_its_own

Why       Who read what is evidence about everybody, ourselves included. In somebody else's bucket, they can change it;
          among data or access logs, it gets their retention and access. CloudTrail rejects a bucket whose policy does
          not allow it yet, which fails the deployment.
Targets   AWS::CloudTrail::Trail, AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from harness.render.resources import items
from rules.lib import Problem, Problems, Stack, all_of, buckets, stores, trails

subjects = all_of(trails.TRAIL)


def problems(stack: Stack, subject: str) -> Problems:
    """A bucket outside the template, one with other data in it, or one that may not allow CloudTrail yet."""
    trail = stack.resources[subject]
    bucket = trails.destination(stack, trail)
    if bucket is None:
        yield Problem(
            "the trail delivers to a bucket outside this template, where others decide who reads and changes it.",
            "set S3BucketName to the Ref of a bucket of this template that is for the trail alone.",
            ("Properties", "S3BucketName"),
        )
        return
    picked = [begins for each in stack.of(trails.TRAIL).values() for _, begins in trails.picked(each)]
    recorded = any(f"{bucket.arn}/".startswith(each) for begins in picked for each in begins or ())
    if recorded or bucket.logical_id in buckets.records(stack) or stores.logging_buckets(stack, bucket):
        yield Problem(
            f"the trail delivers to {bucket.logical_id}, which holds data or access logs.",
            "set S3BucketName to the Ref of a bucket of this template that is for the trail alone.",
            ("Properties", "S3BucketName"),
        )
    policies = [each.logical_id for each in stores.policies_of(stack, bucket)]
    waited_for = items(trail.body.get("DependsOn"))
    if not any(each in waited_for for each in policies):
        yield Problem(
            f"the trail may be created before the policy of {bucket.logical_id} allows CloudTrail, which then fails "
            "the deployment.",
            f"name the bucket policy of {bucket.logical_id} in the trail's DependsOn.",
        )
