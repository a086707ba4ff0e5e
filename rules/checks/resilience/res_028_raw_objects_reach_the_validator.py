"""RES-028  raw_objects_reach_the_validator

Why       An object that raises no notification is never validated: it is in the record and missing from every table,
          and only a count of both would show it. An object that the validator is notified of but may not read, such as
          the quarantine's, fails it again and again.
Targets   AWS::S3::Bucket, AWS::SQS::Queue, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::IAM::Role
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, buckets, grants, mappings
from rules.lib.roles import role_of

PATH = ("Properties", "NotificationConfiguration")


def subjects(stack: Stack) -> list[str]:
    """The buckets that hold the record, but for one that holds only what mappings give up: people redrive that."""
    apart = set(buckets.given_up(stack)) - set(buckets.filled_from_streams(stack))
    return [name for name in buckets.records(stack) if name not in apart]


def problems(stack: Stack, subject: str) -> Problems:
    """Objects that the consumer stores and no function is notified of, or a function that may not read them."""
    bucket = stack.of(buckets.BUCKET)[subject]
    queues = {each.arn: each for each in stack.of("AWS::SQS::Queue").values() if mappings.workers_of(stack, each)}
    created = [
        each
        for each in items(at(bucket.body, *PATH, "QueueConfigurations"))
        if at(each, "Event") == "s3:ObjectCreated:*" and str(at(each, "Queue")) in queues
    ]
    if not created:
        yield Problem(
            "no queue that a function reads is notified of every new object here, copies and multipart uploads "
            "included.",
            "add a QueueConfiguration for s3:ObjectCreated:* to a queue that an event source mapping reads.",
            PATH,
        )
        return
    workers = [
        function for each in created for _, function in mappings.workers_of(stack, queues[str(at(each, "Queue"))])
    ]
    readers = [mappings.function_of(stack, each) for each in mappings.of_streams(stack).values()]
    read, written = _prefixes(stack, workers, "s3:GetObject", bucket), _prefixes(stack, readers, "s3:PutObject", bucket)
    raw = {max(one, other, key=len) for one in read for other in written or read if buckets.overlap(one, other)}
    if not raw:
        yield Problem(
            "the function that is notified of new objects may not read what the stream's consumer stores here.",
            "allow its role s3:GetObject under the prefix that the consumer's role may s3:PutObject to.",
            PATH,
        )
    for each in created:
        begins = _filter_prefix(each)
        if begins is not None and not begins.startswith(tuple(read)):
            yield Problem(
                f"objects under {begins or 'any prefix'} notify a function that may not read all of them, so it fails "
                "on objects that it was never meant to see.",
                f"set the filter of s3:ObjectCreated:* to the prefix {' or '.join(sorted(read))}.",
                PATH,
            )
    for prefix in sorted(raw):
        if not any((begins := _filter_prefix(each)) is not None and prefix.startswith(begins) for each in created):
            yield Problem(
                f"not every object under {prefix or 'this bucket'} notifies the queue: the filter leaves some out.",
                f"set the filter of s3:ObjectCreated:* to the prefix {prefix or '(none)'} and no suffix.",
                PATH,
            )


def _prefixes(stack: Stack, functions: list[Resource | None], action: str, bucket: Resource) -> set[str]:
    roles = [role_of(stack, each) for each in functions if each]
    return {prefix for each in roles if each for prefix in grants.prefixes(each, action, bucket)}


def _filter_prefix(notification: Any) -> str | None:
    # The prefix that a notification is filtered by; None if it asks for a suffix too.
    rules = items(at(notification, "Filter", "S3Key", "Rules"))
    named = {str(at(each, "Name")).lower(): str(at(each, "Value")) for each in rules}
    return None if set(named) - {"prefix"} else named.get("prefix", "")
