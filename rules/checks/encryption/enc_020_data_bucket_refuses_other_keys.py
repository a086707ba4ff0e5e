"""ENC-020  data_bucket_refuses_other_keys

Why       An upload can name a key of somebody else's account. The object is then in our bucket, and its owner can make
          it unreadable to us. An upload that names neither key nor algorithm gets the bucket's key, and has to be
          allowed; one that names an algorithm alone does not, which another rule judges
          (data_bucket_refuses_the_aws_managed_key).
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.stores import (
    KEY_ID,
    default_encryption,
    encrypted_with_kms,
    guards,
    refuses_uploads,
    refuses_uploads_without,
)

subjects = encrypted_with_kms


def problems(stack: Stack, subject: str) -> Problems:
    """Uploads that name another key are allowed, or those that name nothing are denied."""
    bucket = stack.resources[subject]
    key = default_encryption(bucket).get("KMSMasterKeyID")
    wanted = {("null", KEY_ID): ["false"], ("stringnotequals", KEY_ID): [str(key)]}
    if not refuses_uploads(stack, bucket, wanted):
        yield Problem(
            "an upload may name a key other than the bucket's, whose owner decides whether we can read the object.",
            f"add to its policy a Deny of s3:PutObject for Principal '*' on bucket/*, with Null {KEY_ID} false and"
            f" StringNotEquals {KEY_ID} the ARN of the bucket's key.",
        )
    if refuses_uploads_without(guards(stack, bucket), KEY_ID):
        yield Problem(
            "uploads that name no key are denied, although the bucket would encrypt them: their data is lost.",
            f"add Null {KEY_ID} false to the condition of the Deny, so that it judges only uploads that name one.",
        )
