"""RES-030  stream_mapping_delivers_to_the_record

Why       A batch whose retries are exhausted is not read again. If Lambda may not write it to the bucket, or writes it
          to a bucket that nothing archives, those messages are lost although a destination is set.
Targets   AWS::Lambda::EventSourceMapping, AWS::S3::Bucket, AWS::Lambda::Function, AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Stack, buckets, grants, mappings
from rules.lib.roles import role_of

PATH = ("Properties", "DestinationConfig", "OnFailure", "Destination")


def subjects(stack: Stack) -> list[str]:
    """The stream mappings that deliver what they give up to a bucket. That it is one is a rule of its own."""
    return [
        name for name, each in mappings.of_streams(stack).items() if ":s3:::" in str(mappings.failure_destination(each))
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """A bucket that is not this template's, or that the function's role may not write to as Lambda does."""
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
    for action, arn in (("s3:PutObject", f"{bucket.arn}/aws/lambda/*"), ("s3:ListBucket", bucket.arn)):
        if role is None or not grants.may(role, action, arn):
            yield Problem(
                f"Lambda delivers failed batches with the function's role, which lacks {action} on {arn}: the batch "
                "is lost.",
                f"allow the role of the mapping's function {action} on {arn}, without a Condition.",
                PATH,
            )
