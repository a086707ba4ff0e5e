"""ENC-015  all_stores_use_one_key

Why       Ending a licence means disabling one key, and that of failed batches. A store that was left on another key
          stays readable, and a copy under somebody else's key can be taken from us.
Targets   AWS::Athena::WorkGroup, AWS::CloudTrail::Trail, AWS::DynamoDB::Table, AWS::Glue::SecurityConfiguration,
          AWS::Kinesis::Stream, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::Logs::LogGroup,
          AWS::S3::Bucket, AWS::SNS::Topic, AWS::SQS::Queue
"""

from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.stores import ENCRYPTED, keys_named, pipeline_key


def subjects(stack: Stack) -> list[str]:
    """Stores that name a key by ARN. Whether a store has to name one is asked for each type elsewhere."""
    return [name for name, store in stack.of(*ENCRYPTED).items() if any(keys_named(store))]


def problems(stack: Stack, subject: str) -> Problems:
    """Keys that are not the one which most of the stores use, nor a key of the template for what mappings give up."""
    expected, apart = pipeline_key(stack), subject in buckets.given_up(stack)
    for path, key in keys_named(stack.resources[subject]):
        # That it has a key of its own is a rule of its own; the copies that it replicates have none.
        if apart and "BucketEncryption" in path and stack.by_arn(key, "AWS::KMS::Key"):
            continue
        if key != expected:
            yield Problem(
                f"{key} encrypts here, while the rest of the pipeline uses {expected}: disabling that key would leave "
                "this store readable.",
                "name the pipeline's key, as the other stores do.",
                path,
            )
