"""NET-013  restricted_endpoint_names_its_resources

Why       EndpointPolicies set to restricted promises that only this pipeline can be reached from its subnets. One
          wildcard, or one bucket of somebody else's, and an intruder in a function can copy the data there.
Targets   AWS::EC2::VPCEndpoint, AWS::Athena::WorkGroup, AWS::DynamoDB::Table, AWS::Glue::SecurityConfiguration,
          AWS::KMS::Key, AWS::Kinesis::Stream, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function,
          AWS::Logs::LogGroup, AWS::S3::Bucket, AWS::SNS::Topic, AWS::SQS::Queue
"""

import re

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import policy_statements
from rules.lib.stores import ENCRYPTED, HOLDS, is_foreign, service_of


def subjects(stack: Stack) -> list[str]:
    """Endpoints, where they are asked to be restricted."""
    if stack.parameters.get("EndpointPolicies") != "restricted":
        return []
    stack.of(*HOLDS.values(), *ENCRYPTED)
    return list(stack.of("AWS::EC2::VPCEndpoint"))


def problems(stack: Stack, subject: str) -> Problems:
    """Statements that allow every resource, or stores outside the template."""
    statements = list(policy_statements(stack.resources[subject]))
    if not statements:
        yield Problem(
            "the endpoint has no policy, so it reaches every resource of the service.",
            "give it a PolicyDocument that names this pipeline's resources.",
            ("Properties", "PolicyDocument"),
        )
    for statement in statements:
        if not statement.allows:
            continue
        # Without a Resource, everything but NotResource is meant.
        for arn in statement.resources or ["*"]:
            if _is_anything(arn):
                yield Problem(
                    f"the endpoint policy reaches every resource of the service ({arn}).",
                    "set Resource to the ARNs of this pipeline's resources.",
                    statement.path,
                )
            elif is_foreign(stack, arn):
                yield Problem(
                    f"the endpoint policy reaches a store outside this template: {arn}.",
                    "set Resource to the ARNs of this pipeline's resources.",
                    statement.path,
                )


def _is_anything(arn: str) -> bool:
    # `role/*` is every role; `table/database/*` is one database's tables. Wildcards in stores' names are foreign.
    if arn == "*":
        return True
    if not service_of(arn) or service_of(arn) in HOLDS:
        return False
    words = re.split("[/:]", arn.split(":", 5)[5])
    return not words[min(1, len(words) - 1)].strip("*?")
