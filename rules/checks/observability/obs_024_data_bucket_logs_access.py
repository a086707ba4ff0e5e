"""OBS-024  data_bucket_logs_access

Why       When a vendor or a regulator asks who has read which file, only the access log can answer. What was not logged
          at the time cannot be found out later.
Targets   AWS::S3::Bucket
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.stores import logging_buckets, logs_to


def subjects(stack: Stack) -> list[str]:
    """The buckets that do not receive other buckets' logs."""
    return [name for name, bucket in stack.of("AWS::S3::Bucket").items() if not logging_buckets(stack, bucket)]


def problems(stack: Stack, subject: str) -> Problems:
    """Their access logs have to go to another bucket of the template."""
    bucket = stack.resources[subject]
    destination = stack.by_ref(logs_to(bucket), "AWS::S3::Bucket")
    if destination is None or destination is bucket:
        yield Problem(
            "the bucket's access log does not go to another bucket of the template, so who read which object cannot "
            "be shown.",
            "set LoggingConfiguration.DestinationBucketName to the Ref of the access log bucket.",
            ("Properties", "LoggingConfiguration"),
        )
