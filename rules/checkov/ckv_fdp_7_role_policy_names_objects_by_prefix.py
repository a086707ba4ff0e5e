"""CKV_FDP_7  role_policy_names_objects_by_prefix

Why       One bucket holds messages as they arrived, rejected records and what a broken batch left.
          A role that may write anywhere in it can overwrite another step's evidence, and one that
          may read anywhere sees data that its step does not need.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from collections.abc import Iterator
from typing import Any

from harness.render.resources import Resource
from rules.checkov._base import GrantCheck, as_resource
from rules.lib.iam import ROLE, Statement, role_statements, trust_statements

#: Actions on objects. Replication's own (ReplicateObject, ReplicateTags, ReplicateDelete) are not among them: they
#: write what the source bucket's rules name, under the keys it has there.
OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:RestoreObject",
)


class RolePolicyNamesObjectsByPrefix(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_7",
            "role_policy_names_objects_by_prefix",
            "Ensure that a role's policy names S3 objects by their prefix.",
            "write bucket/prefix/* in Resource, with the prefix that this step works on.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Objects named only by their bucket."""
        if not statement.touched(OBJECT_ACTIONS):
            return
        for resource in statement.resources:
            if not _has_a_prefix(resource) and not _is_where_the_script_lies(statement, resource, as_resource(conf)):
                yield f"{resource} covers objects of every prefix."


def _has_a_prefix(resource: str) -> bool:
    name = resource.split(":", 5)[-1]
    bucket, slash, key = name.partition("/")
    if bucket == "accesspoint":
        key = key.partition("/object/")[2]
    if not slash:
        # A bucket is no object, so these actions do nothing on it.
        return resource.startswith("arn:") and not set(bucket) & set("*?")
    first, _, _ = key.partition("/")
    return bool(first) and not set(first) & set("*?")


def _is_where_the_script_lies(statement: Statement, resource: str, role: Resource) -> bool:
    """Whether this is Glue reading a job's script, from a bucket that the role is granted nothing else on.

    `aws cloudformation package` names a script by the hash of what is in it, without a prefix.
    """
    bucket = resource.removesuffix("/*")
    if statement.actions != ["s3:GetObject"] or "/" in bucket or set(bucket) & set("*?"):
        return False
    if role.type != ROLE or not any(
        "glue.amazonaws.com" in each.principals("Service") for each in trust_statements(role)
    ):
        return False
    granted = [each for other in role_statements(role) if other.allows for each in other.resources]
    return [each for each in granted if each == bucket or each.startswith(f"{bucket}/")] == [resource]


check = RolePolicyNamesObjectsByPrefix()
