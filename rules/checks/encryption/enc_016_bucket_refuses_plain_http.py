"""ENC-016  bucket_refuses_plain_http

Why       A price sent in the clear can be read in transit, and changed before it is stored. Only the bucket's own
          policy binds every caller, the reader's account included.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.stores import PLAIN_HTTP, guards, refuses_everybody

subjects = all_of("AWS::S3::Bucket")


def problems(stack: Stack, subject: str) -> Problems:
    """No statement that denies everyone everything without TLS."""
    bucket = stack.resources[subject]
    if not refuses_everybody(guards(stack, bucket), "s3:*", [bucket.arn, f"{bucket.arn}/*"], PLAIN_HTTP):
        yield Problem(
            "the bucket can be read or written without TLS, by some callers or for some objects.",
            "add to its policy a Deny of s3:* for Principal '*' on the bucket and bucket/*, with only the condition "
            "Bool"
            " aws:SecureTransport false.",
        )
