"""CKV_FDP_14  resource_policy_grants_nobody_everything

Why       A bucket, queue, topic or key that is open to everyone is how licensed data ends up in a
          search engine. A wildcard with a condition is one typing mistake away from being open.
Targets   AWS::S3::BucketPolicy, AWS::SQS::QueuePolicy, AWS::SQS::QueueInlinePolicy, AWS::SNS::TopicPolicy,
          AWS::SNS::TopicInlinePolicy, AWS::KMS::Key, AWS::KMS::ReplicaKey
"""

from collections.abc import Iterator
from typing import Any

from harness.render.resources import items
from rules.checkov._base import Check, as_resource, place
from rules.lib.iam import KEYS, policy_statements

_TARGETS = (
    *KEYS,
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::SQS::QueuePolicy",
)


class ResourcePolicyGrantsNobodyEverything(Check):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_14",
            "resource_policy_grants_nobody_everything",
            "Ensure that the policy of a bucket, queue, topic or key grants nothing to everyone.",
            "name the service or the account in Principal; use neither '*' nor NotPrincipal.",
            _TARGETS,
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Statements that grant access to everyone, or to everyone but some."""
        # A key without one has AWS's own policy, which grants the account alone.
        for statement in policy_statements(as_resource(conf), required=conf.get("Type") not in KEYS):
            if "NotPrincipal" in statement.body:
                yield place(statement.path), "NotPrincipal grants access to everyone it does not list."
            elif statement.allows and _takes_in_everybody(statement.body.get("Principal")):
                yield place(statement.path), "the statement grants access to everyone."


def _takes_in_everybody(principal: Any) -> bool:
    # A statement without a principal grants nobody anything; that it has one is the concern of another rule.
    if principal is None:
        return False
    if not isinstance(principal, dict):
        return True
    return any("*" in str(each) for values in principal.values() for each in items(values))


check = ResourcePolicyGrantsNobodyEverything()
