"""ACC-019  log_bucket_accepts_only_log_delivery

Why       Access logs say who read or wrote which object; they are evidence. Evidence that others can write proves
          nothing, and logs that the bucket rejects are missing when they are needed.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Statement
from rules.lib.principals import ACCOUNT, conditions, is_of_this_account
from rules.lib.requests import Request, granted
from rules.lib.stores import guards, logging_buckets

ARN_TESTS = ("arnequals", "arnlike", "stringequals")
DELIVERY = "logging.s3.amazonaws.com"


def subjects(stack: Stack) -> list[str]:
    """Buckets that receive other buckets' access logs, and these others."""
    receivers = {name: logging_buckets(stack, bucket) for name, bucket in stack.of("AWS::S3::Bucket").items()}
    senders = (each.logical_id for found in receivers.values() for each in found)
    return list(dict.fromkeys([*(name for name, found in receivers.items() if found), *senders]))


def problems(stack: Stack, subject: str) -> Problems:
    """Grants beyond the logs of the buckets that log here, and logs that are not allowed in."""
    bucket, buckets = stack.resources[subject], stack.of("AWS::S3::Bucket").values()
    if logging_buckets(stack, bucket):
        for statement in guards(stack, bucket):
            if statement.allows:
                yield from _judge(statement, bucket, [each.arn for each in buckets])
    for receiver in buckets:
        if bucket in logging_buckets(stack, receiver) and not _is_let_in(stack, bucket, receiver):
            yield Problem(
                f"{receiver.logical_id} does not allow its access logs in, so S3 drops them.",
                f"name its ARN in aws:SourceArn of the statement of {receiver.logical_id} that allows log delivery.",
                ("Properties", "LoggingConfiguration"),
            )


def _is_let_in(stack: Stack, sender: Resource, receiver: Resource) -> bool:
    source = {"aws:sourcearn": sender.arn, "aws:sourceaccount": ACCOUNT}
    prefix = at(sender.properties, "LoggingConfiguration", "LogFilePrefix") or ""
    return granted(guards(stack, receiver), Request(DELIVERY, "s3:PutObject", f"{receiver.arn}/{prefix}x", source))


def _judge(statement: Statement, bucket: Resource, buckets: list[str]) -> Problems:
    which = f"the statement {statement.sid or statement.path[-1]} of its policy"
    if statement.body.get("Principal") not in ({"Service": DELIVERY}, {"Service": [DELIVERY]}):
        yield Problem(
            f"{which} grants access to a principal other than S3's log delivery, so logs could be forged.",
            f"set Principal to the Service {DELIVERY}; grant readers access in their roles.",
        )
    inside = bool(statement.resources) and all(each.startswith(f"{bucket.arn}/") for each in statement.resources)
    if {each.lower() for each in statement.actions} != {"s3:putobject"} or not inside:
        yield Problem(
            f"{which} grants more than writing objects to this bucket.",
            "set Action to s3:PutObject only and Resource to bucket/*.",
        )
    sources = _sources(statement)
    if not sources or not set(sources) <= set(buckets):
        yield Problem(
            f"{which} accepts logs of buckets outside this template, which would look like ours.",
            "name in ArnEquals aws:SourceArn the buckets of this template that log here, and no other.",
        )
    if not is_of_this_account(statement, "aws:SourceAccount"):
        yield Problem(
            f"{which} accepts logs of a bucket of that name from any account.",
            "add the condition StringEquals aws:SourceAccount with this account's id.",
        )


def _sources(statement: Statement) -> list[str]:
    tests = conditions(statement)
    return [value for operator in ARN_TESTS for value in tests.get((operator, "aws:sourcearn"), [])]
