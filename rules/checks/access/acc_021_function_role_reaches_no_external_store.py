"""ACC-021  function_role_reaches_no_external_store

Why       Vendor data may not leave this pipeline. A role that can write to somebody else's bucket, queue, stream or
          topic, by mistake or by design, is a way out, and reading an external store lets unchecked data in.
Targets   AWS::IAM::Role, AWS::Athena::WorkGroup, AWS::DynamoDB::Table, AWS::Glue::SecurityConfiguration, AWS::KMS::Key,
          AWS::Kinesis::Stream, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::Logs::LogGroup,
          AWS::S3::Bucket, AWS::SNS::Topic, AWS::SQS::Queue
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import role_statements
from rules.lib.roles import ROLE
from rules.lib.stores import ENCRYPTED, HOLDS, is_foreign, service_of

#: The bucket that code is deployed from is not the pipeline's own.
ARTIFACTS = "ArtifactBucketName"


def subjects(stack: Stack) -> list[str]:
    """Roles."""
    stack.of(*HOLDS.values(), *ENCRYPTED)
    return list(stack.of(ROLE))


def problems(stack: Stack, subject: str) -> Problems:
    """External stores and keys that the role may access."""
    for statement in role_statements(stack.resources[subject]):
        for arn in statement.resources if statement.allows else []:
            # '*' names no store: role_policy_names_its_resources (CKV_FDP_6) refuses it.
            if arn != "*" and not _is_let_off(stack, arn) and is_foreign(stack, arn):
                yield Problem(
                    f"the role may access a store outside this template: {arn}.",
                    "name a store of this template by its ARN, and encrypt with the pipeline's key.",
                    statement.path,
                )


def _is_let_off(stack: Stack, arn: str) -> bool:
    # Log groups have a rule of their own: Glue makes some that no template declares.
    service, artifacts = service_of(arn), stack.parameters.get(ARTIFACTS)
    return service == "logs" or (service == "s3" and arn.split(":", 5)[5].split("/")[0] == artifacts)
