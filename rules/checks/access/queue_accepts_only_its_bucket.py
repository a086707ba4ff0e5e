"""ACC-017  queue_accepts_only_its_bucket

Why       A message on the queue makes the validator judge an object. If others could send, a stranger
          could have objects judged that never arrived, or bury those that did under a flood.
Targets   AWS::SQS::QueuePolicy, AWS::SQS::Queue, AWS::S3::Bucket

Cases     SKIP  no queue policy in the template
          PASS  the bucket that notifies the queue; as lists, and ArnLike; nobody may send by it
          FAIL  another service; S3, and an account; everybody; more than sending; a wildcard; any
                bucket of the account; a bucket that the template does not make; a bucket that does
                not notify the queue; the right bucket, and another one; whoever owns the bucket; a
                bucket of another account; the condition as text; every queue; another queue beside
                its own; every queue but one; no statement; no Properties; a good statement does not
                hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Resource, Stack
from harness.checks.iam import Statement, policy_statements
from harness.checks.principals import conditions, is_of_this_account
from harness.checks.stack import at, items

ARN_TESTS = ("arnequals", "arnlike", "stringequals")


def subjects(stack: Stack) -> list[str]:
    """Queue policies."""
    stack.of("AWS::S3::Bucket", "AWS::SQS::Queue")
    return list(stack.of("AWS::SQS::QueuePolicy"))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Senders other than S3 on behalf of the buckets that notify the queue, more than sending, or other queues."""
    policy = stack.resources[subject]
    statements = list(policy_statements(policy))
    if not statements:
        yield Problem(
            "the policy of a queue cannot be read, so nobody can say who may send.",
            "give it a PolicyDocument with statements.",
            ("Properties",),
        )
    queues = _queues(stack, policy)
    buckets = _notifying(stack, queues)
    for statement in statements:
        if statement.allows:
            yield from _judge(statement, queues, buckets)


def _judge(statement: Statement, queues: list[str], buckets: list[str]) -> Iterator[Problem]:
    if statement.body.get("Principal") not in ({"Service": "s3.amazonaws.com"}, {"Service": ["s3.amazonaws.com"]}):
        yield Problem(
            "somebody else than S3 may use the queue by its policy; what the functions may do their roles say.",
            "let the Principal be the Service s3.amazonaws.com.",
            statement.path,
        )
    if {each.lower() for each in statement.actions} != {"sqs:sendmessage"}:
        yield Problem(
            "the queue's policy grants more than sending.",
            "name sqs:SendMessage alone as the Action.",
            statement.path,
        )
    if not statement.resources or not set(statement.resources) <= set(queues):
        yield Problem(
            "the queue's policy speaks of other queues than its own.",
            "name the ARN of the policy's own queue as the Resource.",
            statement.path,
        )
    tests = conditions(statement)
    sources = [value for operator in ARN_TESTS for value in tests.get((operator, "aws:sourcearn"), [])]
    if not sources or any(each not in buckets for each in sources):
        yield Problem(
            "other buckets may send than those of this template that notify the queue.",
            "add the condition ArnEquals aws:SourceArn with the ARN of the bucket that notifies the queue.",
            statement.path,
        )
    # A bucket's name is free to be taken by anybody once the bucket is deleted.
    if not is_of_this_account(statement, "aws:SourceAccount"):
        yield Problem(
            "a bucket of that name may send whoever owns it.",
            "add the condition StringEquals aws:SourceAccount with this account's id.",
            statement.path,
        )


def _queues(stack: Stack, policy: Resource) -> list[str]:
    named = items(policy.properties.get("Queues"))
    return [each.arn for each in stack.of("AWS::SQS::Queue").values() if each.ref in named]


def _notifying(stack: Stack, queues: list[str]) -> list[str]:
    # The buckets whose notifications go to one of the queues.
    return [
        bucket.arn
        for bucket in stack.of("AWS::S3::Bucket").values()
        if any(
            at(each, "Queue") in queues
            for each in items(at(bucket.properties, "NotificationConfiguration", "QueueConfigurations"))
        )
    ]
