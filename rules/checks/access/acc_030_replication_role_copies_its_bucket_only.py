"""ACC-030  replication_role_copies_its_bucket_only

Why       S3 replicates any bucket that the role gives access to. A role that reads or writes buckets other than its own
          two, or decrypts the objects of others, is a way to put foreign objects into the seven-year record, and to
          carry ours out through an unwatched bucket. Its trust policy cannot limit it to one bucket: AWS does not
          document that S3 sends one.
Targets   AWS::IAM::Role, AWS::S3::Bucket
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.buckets import BUCKET
from rules.lib.iam import Statement, role_statements, trust_statements
from rules.lib.principals import conditions
from rules.lib.roles import ROLE

S3 = "s3.amazonaws.com"
CONTEXT_TESTS = ("arnequals", "arnlike", "stringequals", "stringlike")
CONTEXT = "kms:encryptioncontext:aws:s3:arn"
DECRYPTS = ("kms:Decrypt",)
ENCRYPTS = ("kms:Encrypt", "kms:GenerateDataKey")
READS = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging", "s3:GetReplicationConfiguration", "s3:ListBucket",
)  # fmt: skip
WRITES = ("s3:PutObject", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags")


def subjects(stack: Stack) -> list[str]:
    """The roles that buckets are replicated with."""
    return [name for name, role in stack.of(ROLE).items() if _sources(stack, role)]


def problems(stack: Stack, subject: str) -> Problems:
    """Buckets that it works for, reads or writes, and need not."""
    role = stack.resources[subject]
    sources = [each.arn for each in _sources(stack, role)]
    destinations = [
        str(at(rule, "Destination", "Bucket"))
        for bucket in _sources(stack, role)
        for rule in items(at(_replication(bucket), "Rules"))
    ]
    trusting = [each for each in trust_statements(role) if each.allows]
    if not trusting:
        yield Problem(
            "no service may assume the role, so S3 cannot replicate with it.",
            f"allow {S3} alone to assume it.",
            ("Properties", "AssumeRolePolicyDocument"),
        )
    for statement in trusting:
        if statement.body.get("Principal") not in ({"Service": S3}, {"Service": [S3]}):
            yield Problem(
                "a principal other than S3 may assume the role.",
                f"set Principal to the Service {S3} alone.",
                statement.path,
            )
    for statement in role_statements(role):
        if statement.allows:
            yield from _reaches(statement, READS, "read", sources)
            yield from _reaches(statement, WRITES, "write to", destinations)
            # With a bucket key, S3 verifies that of the destination by decrypting it.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
            yield from _judge(statement, DECRYPTS, "decrypt", [*sources, *destinations])
            yield from _judge(statement, ENCRYPTS, "encrypt", destinations)


def _reaches(statement: Statement, actions: tuple[str, ...], verb: str, arns: list[str]) -> Problems:
    if not any(statement.covers(each) for each in actions):
        return
    named = statement.resources
    if not named or not all(any(each == arn or each.startswith(f"{arn}/") for arn in arns) for each in named):
        yield Problem(
            f"the role may {verb} buckets other than {' and '.join(arns)}.",
            f"name {' and '.join(arns)}, or objects in it, as the Resource.",
            statement.path,
        )


def _judge(statement: Statement, actions: tuple[str, ...], verb: str, buckets: list[str]) -> Problems:
    if not any(statement.covers(each) for each in actions):
        return
    named = _values(statement, CONTEXT, CONTEXT_TESTS)
    # Without a bucket key the context is the object's ARN.
    if not named or not all(any(each == arn or each.startswith(f"{arn}/") for arn in buckets) for each in named):
        yield Problem(
            f"the role may {verb} objects that are not in {' or '.join(buckets)}.",
            f"add the condition StringEquals kms:EncryptionContext:aws:s3:arn {', '.join(buckets)} in a statement of"
            f" its own for {' and '.join(actions)}.",
            statement.path,
        )


def _values(statement: Statement, key: str, operators: tuple[str, ...]) -> list[str]:
    tests = conditions(statement)
    return [value for operator in operators for value in tests.get((operator, key), [])]


def _sources(stack: Stack, role: Resource) -> list[Resource]:
    return [each for each in stack.of(BUCKET).values() if role.arn and at(_replication(each), "Role") == role.arn]


def _replication(bucket: Resource) -> Any:
    return bucket.properties.get("ReplicationConfiguration")
