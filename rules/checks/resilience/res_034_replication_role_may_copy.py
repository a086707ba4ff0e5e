"""RES-034  replication_role_may_copy

Why       S3 replicates with the role's permissions and accepts a role that lacks them without an error. Each object
          then fails to replicate, and the archive has a gap that is found when a regulator asks. A trust policy with a
          condition that S3 is not documented to meet may lock S3 out altogether.
Targets   AWS::S3::Bucket, AWS::IAM::Role
"""

from collections.abc import Iterator

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, buckets, grants
from rules.lib.iam import trust_statements
from rules.lib.principals import names_everybody, services
from rules.lib.roles import ROLE

S3 = "s3.amazonaws.com"
PATH = ("Properties", "ReplicationConfiguration")


def subjects(stack: Stack) -> list[str]:
    """The buckets that are replicated."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if PATH[-1] in each.properties]


def problems(stack: Stack, subject: str) -> Problems:
    """What S3 needs for the rules that are switched on, and the role does not allow."""
    bucket = stack.of(buckets.BUCKET)[subject]
    role = stack.by_arn(at(bucket.body, *PATH, "Role"), ROLE)
    if role is None:
        yield Problem(
            "the replication role is not in this template, so nothing shows that S3 may replicate.",
            "set ReplicationConfiguration.Role to the ARN of a role of this template.",
            (*PATH, "Role"),
        )
        return
    if not _lets_s3(role):
        yield Problem(
            f"{role.logical_id} does not let {S3} assume it, or only under a condition that AWS does not document for "
            "replication: nothing is replicated.",
            f"allow {S3} sts:AssumeRole in its trust policy, without a Condition.",
            PATH,
        )
    for action, arn in dict.fromkeys(_needed(bucket)):
        if not grants.may(role, action, arn):
            yield Problem(
                f"the policies of {role.logical_id} do not allow {action} on {arn}: without that nothing is "
                "replicated.",
                f"allow {role.logical_id} {action} on {arn}, without a Condition, or copy less.",
                PATH,
            )


def _lets_s3(role: Resource) -> bool:
    # What refuses S3 on a condition may refuse it always: that is not for a rule to guess.
    meant = [
        each
        for each in trust_statements(role)
        if each.touches("sts:AssumeRole")
        and (S3 in services(each) or names_everybody(each) or "NotPrincipal" in each.body)
    ]
    allowed = any(each.allows and S3 in services(each) and not each.body.get("Condition") for each in meant)
    return allowed and not any(each.denies for each in meant)


def _needed(bucket: Resource) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""
    yield "s3:GetReplicationConfiguration", bucket.arn
    yield "s3:ListBucket", bucket.arn
    for rule in items(at(bucket.body, *PATH, "Rules")):
        if isinstance(rule, dict) and rule.get("Status") == "Enabled":
            objects = f"{buckets.limit_of(rule)}*"
            yield "s3:GetObjectVersionForReplication", f"{bucket.arn}/{objects}"
            yield "s3:ReplicateObject", f"{at(rule, 'Destination', 'Bucket')}/{objects}"
