"""ACC-030  replication_role_serves_its_bucket_only

Why       S3 copies whatever bucket a role lets it copy. A role that any bucket of the account may
          use, or that opens what was encrypted for others, is a way to put strange objects into the
          record of seven years, and to carry ours out through a bucket nobody looks at.
Targets   AWS::IAM::Role, AWS::S3::Bucket

Cases     SKIP  no bucket is replicated; a role of somebody else, and a bucket without Properties
          PASS  one bucket to read and one to write; by wildcards in their objects; two buckets that
                share a role; no use of the key
          FAIL  any bucket may have it copy; another bucket; this bucket or another; every bucket of
                that beginning; only if the bucket says so; the condition of the trust as text;
                nobody is trusted; it decrypts what any bucket holds; it decrypts the copies; it
                decrypts whatever begins like it; it encrypts for any bucket; it encrypts for the
                source; data keys for any bucket; one statement for both; everything with the key; a
                role without Properties; a good statement does not hide its neighbour; a good role
                does not hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.checks import Problem, Resource, Stack
from harness.checks.buckets import BUCKET
from harness.checks.iam import Statement, role_statements, trust_statements
from harness.checks.principals import conditions
from harness.checks.roles import ROLE
from harness.checks.stack import at, items

ARN_TESTS = ("arnequals", "arnlike", "stringequals")
CONTEXT_TESTS = (*ARN_TESTS, "stringlike")
CONTEXT = "kms:encryptioncontext:aws:s3:arn"
DECRYPTS = ("kms:Decrypt",)
ENCRYPTS = ("kms:Encrypt", "kms:GenerateDataKey")


def subjects(stack: Stack) -> list[str]:
    """The roles that buckets are replicated with."""
    return [name for name, role in stack.of(ROLE).items() if _sources(stack, role)]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
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
            "nobody may assume the role, so nothing is copied.",
            "let s3.amazonaws.com assume it, for the bucket that aws:SourceArn names.",
            ("Properties", "AssumeRolePolicyDocument"),
        )
    for statement in trusting:
        named = _values(statement, "aws:sourcearn", ARN_TESTS)
        if not named or not set(named) <= set(sources):
            yield Problem(
                "S3 may work with the role for other buckets than the one that is replicated.",
                f"add the condition ArnEquals aws:SourceArn {', '.join(sources)}.",
                statement.path,
            )
    for statement in role_statements(role):
        if statement.allows:
            yield from _judge(statement, DECRYPTS, "decrypt", sources)
            yield from _judge(statement, ENCRYPTS, "encrypt", destinations)


def _judge(statement: Statement, actions: tuple[str, ...], verb: str, buckets: list[str]) -> Iterator[Problem]:
    if not any(statement.covers(each) for each in actions):
        return
    named = _values(statement, CONTEXT, CONTEXT_TESTS)
    # Without a bucket key the context is the object's ARN.
    if not named or not all(any(each == arn or each.startswith(f"{arn}/") for arn in buckets) for each in named):
        yield Problem(
            f"the role may {verb} what is not in {' or '.join(buckets)}.",
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
