"""ENC-024  data_bucket_refuses_the_aws_managed_key

Why       An upload that names aws:kms and no key is encrypted with the AWS managed key aws/s3, not with the bucket's.
          It stays readable when the pipeline's key is disabled, and another account can never read it, because that key
          cannot be shared. An upload that names nothing gets the bucket's key, and has to be allowed.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.stores import ALGORITHM, KEY_ID, encrypted_with_kms, refuses_uploads

#: With dual-layer encryption it is the same; the algorithm is refused anyway, so a statement may leave it out.
ALGORITHMS = (["aws:kms"], ["aws:kms", "aws:kms:dsse"])

subjects = encrypted_with_kms


def problems(stack: Stack, subject: str) -> Problems:
    """Uploads that name KMS and leave the key to S3 are allowed."""
    bucket = stack.resources[subject]
    wanted = [{("null", KEY_ID): ["true"], ("stringequals", ALGORITHM): each} for each in ALGORITHMS]
    if not any(refuses_uploads(stack, bucket, each) for each in wanted):
        yield Problem(
            "an upload may name aws:kms without a key: S3 then uses the AWS managed key, not the bucket's.",
            f"add to its policy a Deny of s3:PutObject for Principal '*' on bucket/*, with Null {KEY_ID} true and"
            f" StringEquals {ALGORITHM} aws:kms.",
        )
