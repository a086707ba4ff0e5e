"""ENC-001  data_bucket_encrypts_with_a_customer_key

Why       Vendors license their ticks to us for as long as we pay. When a licence ends, or a copy leaks, the data has to
          become unreadable at once, and only a key of our own can be switched off. Buckets that receive access logs are
          exempt: S3 cannot deliver with such a key, and the logs would be lost. So are buckets of trails, because a
          trail names the key itself.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, trails
from rules.lib.stores import default_encryption, is_key_arn

PATH = ("Properties", "BucketEncryption")

subjects = trails.data_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """An algorithm without keys of ours, or a key that is none of ours."""
    default = default_encryption(stack.resources[subject])
    if default.get("SSEAlgorithm") != "aws:kms":
        yield Problem(
            "a data bucket does not encrypt with a KMS key, so its data cannot be made unreadable when a licence ends.",
            "set ServerSideEncryptionByDefault.SSEAlgorithm to aws:kms.",
            PATH,
        )
    elif not is_key_arn(default.get("KMSMasterKeyID")):
        yield Problem(
            "a data bucket does not name our key, so S3 uses its own, or whichever key an alias points to.",
            "set ServerSideEncryptionByDefault.KMSMasterKeyID to the ARN of the pipeline's key.",
            PATH,
        )
