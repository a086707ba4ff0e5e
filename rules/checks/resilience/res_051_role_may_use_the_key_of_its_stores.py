"""RES-051  role_may_use_the_key_of_its_stores

Why       What a role may read it cannot read without the key. A service that is missing in kms:ViaService denies every
          item of that store, hours after the deployment succeeded, and the error names KMS instead of the store.
Targets   AWS::IAM::Role, AWS::Glue::Crawler, AWS::Glue::Job, AWS::Lambda::Function, AWS::DynamoDB::Table,
          AWS::Kinesis::Stream, AWS::KMS::Key, AWS::S3::Bucket, AWS::SNS::Topic, AWS::SQS::Queue
"""

from collections.abc import Iterator

from rules.lib import Problem, Problems, Resource, Stack, grants
from rules.lib.iam import role_statements
from rules.lib.roles import ROLE, RUNNERS, runners_of
from rules.lib.stores import HOLDS, is_key_arn, keys_named, service_of, store_of

READS, WRITES = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
#: What a call on an encrypted store asks of its key.
USES = {
    "dynamodb:GetItem": READS,
    "dynamodb:PutItem": READS,
    "dynamodb:Query": READS,
    "dynamodb:UpdateItem": READS,
    "kinesis:GetRecords": READS,
    "kinesis:PutRecord*": WRITES[1:],
    "s3:GetObject": READS,
    "s3:PutObject": WRITES,
    "sns:Publish": WRITES,
    "sqs:ReceiveMessage": READS,
    "sqs:SendMessage": WRITES,
}


def subjects(stack: Stack) -> list[str]:
    """Roles that functions, jobs or crawlers run with."""
    stack.of(*HOLDS.values(), *RUNNERS)
    return [name for name, role in stack.of(ROLE).items() if runners_of(stack, role)]


def problems(stack: Stack, subject: str) -> Problems:
    """Stores that the role may use, with a key that it may not use for them."""
    role = stack.resources[subject]
    runners = runners_of(stack, role)
    _, partition, _, region, *_ = [*runners[0].arn.split(":"), *[""] * 4]
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    refused: dict[tuple[str, str], dict[str, None]] = {}
    for service, action, key in dict.fromkeys(_needed(stack, role, runners)):
        via = f"{service}.{region}.{suffix}"
        if not grants.may(role, action, key, {"kms:viaservice": via}):
            refused.setdefault((via, key), {})[action] = None
    for (via, key), actions in refused.items():
        made = stack.by_arn(key, "AWS::KMS::Key")
        named = made.logical_id if made else "the key"
        yield Problem(
            f"the role may not use {named} through {via} ({', '.join(actions)}), so the store's calls are denied.",
            f"allow {' and '.join(actions)} on the key, with {via} among the values of StringEquals kms:ViaService.",
            ("Properties", "Policies"),
        )


def _needed(stack: Stack, role: Resource, runners: list[Resource]) -> Iterator[tuple[str, str, str]]:
    """The services, what they ask of a key on the role's behalf, and the key."""
    for statement in role_statements(role):
        for arn in statement.resources if statement.allows else ():
            store = store_of(stack, arn)
            for call in statement.touched(USES) if store else ():
                if store and call.startswith(f"{service_of(arn)}:"):
                    yield from ((service_of(arn), each, key) for _, key in keys_named(store) for each in USES[call])
    for runner in runners:
        # The function's variables.
        if is_key_arn(key := runner.properties.get("KmsKeyArn")):
            yield "lambda", "kms:Decrypt", str(key)
