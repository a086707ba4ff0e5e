"""RES-030  stream_mapping_delivers_to_the_record

Why       A batch whose retries are exhausted is not read again. If Lambda may not write it to the bucket, or writes it
          to a bucket that nothing archives, those messages are lost although a destination is set. If the bucket or its
          key is one that the function uses itself, what made the batch fail loses the copy too.
Targets   AWS::Lambda::EventSourceMapping, AWS::S3::Bucket, AWS::Lambda::Function, AWS::IAM::Role, AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Resource, Stack, buckets, grants, mappings
from rules.lib.roles import role_of
from rules.lib.stores import ENCRYPTED, default_encryption, keys_named

PATH = ("Properties", "DestinationConfig", "OnFailure", "Destination")


def subjects(stack: Stack) -> list[str]:
    """The stream mappings that deliver what they give up to a bucket. That it is one is a rule of its own."""
    return [
        name for name, each in mappings.of_streams(stack).items() if ":s3:::" in str(mappings.failure_destination(each))
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """A bucket that is not this template's, that Lambda may not write to, or that fails as the function's stores do."""
    mapping = stack.of(mappings.MAPPING)[subject]
    bucket = stack.by_arn(mappings.failure_destination(mapping), buckets.BUCKET)
    if bucket is None:
        yield Problem(
            "failed batches go to a bucket outside this template, which nothing here archives.",
            "set OnFailure.Destination to the ARN of the bucket that holds the record.",
            PATH,
        )
        return
    function = mappings.function_of(stack, mapping)
    role = role_of(stack, function) if function else None
    for action, arn in (("s3:PutObject", f"{bucket.arn}/{buckets.GIVEN_UP}*"), ("s3:ListBucket", bucket.arn)):
        if role is None or not grants.may(role, action, arn):
            yield Problem(
                f"Lambda delivers failed batches with the function's role, which lacks {action} on {arn}: the batch "
                "is lost.",
                f"allow the role of the mapping's function {action} on {arn}, without a Condition.",
                PATH,
            )
    yield from _kept_apart(stack, bucket)


def _kept_apart(stack: Stack, bucket: Resource) -> Problems:
    # The role is the function's in any case, as Lambda delivers with no other.
    if bucket.logical_id in buckets.filled_from_streams(stack):
        yield Problem(
            f"failed batches go to {bucket.logical_id}, which the function writes to itself: if that fails, so does "
            "the copy.",
            "set OnFailure.Destination to the ARN of a bucket of its own.",
            PATH,
        )
    apart, key = buckets.given_up(stack), default_encryption(bucket).get("KMSMasterKeyID")
    others = [each for name, each in stack.of(*ENCRYPTED).items() if name not in apart]
    if key in {named for each in others for _, named in keys_named(each)}:
        yield Problem(
            f"{key} encrypts failed batches and other stores: if a batch fails because of it, so does the copy.",
            f"encrypt {bucket.logical_id} with a key of its own.",
            PATH,
        )
