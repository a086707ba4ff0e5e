"""NET-013  restricted_endpoint_names_its_resources

Why       Whoever set EndpointPolicies to restricted was promised that nothing but this pipeline can
          be reached from its subnets. One wildcard, or one bucket of somebody else's, and whoever
          gets into a function can carry the data there.
Targets   AWS::EC2::VPCEndpoint, AWS::Athena::WorkGroup, AWS::DynamoDB::Table,
          AWS::Glue::SecurityConfiguration, AWS::KMS::Key, AWS::Kinesis::Stream,
          AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::Logs::LogGroup,
          AWS::S3::Bucket, AWS::SNS::Topic, AWS::SQS::Queue

Cases     SKIP  no endpoint in the template; open endpoints; a template without such a choice
          PASS  a bucket and its objects; a queue, a log group and the key that encrypts; roles by
                the beginning of their names, and tables of one database; a Deny may speak of
                everything
          FAIL  everything; everything but something; every role; all of a service; every bucket; a
                bucket of somebody else; buckets that begin like ours; what is no ARN; no policy; no
                Properties; a policy as text; a good resource does not hide its neighbour; a good
                endpoint does not hide its neighbour
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.iam import policy_statements
from rules.lib.stores import ENCRYPTED, HOLDS, is_foreign, service_of


def subjects(stack: Stack) -> list[str]:
    """Endpoints, where they are asked to be restricted."""
    if stack.parameters.get("EndpointPolicies") != "restricted":
        return []
    stack.of(*HOLDS.values(), *ENCRYPTED)
    return list(stack.of("AWS::EC2::VPCEndpoint"))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Statements that let through to whatever there is, or to stores of others."""
    statements = list(policy_statements(stack.resources[subject]))
    if not statements:
        yield Problem(
            "an endpoint without a policy leads to whatever there is.",
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
                    f"the endpoint leads to whatever there is ({arn}).",
                    "name the ARNs of this pipeline's resources as the Resource.",
                    statement.path,
                )
            elif is_foreign(stack, arn):
                yield Problem(
                    f"the endpoint leads to a store that is not of this template: {arn}.",
                    "name the ARNs of this pipeline's resources as the Resource.",
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
