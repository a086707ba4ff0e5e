"""OBS-016  replication_failures_notify_a_queue

Why       S3 reports an object that failed to replicate only in a notification. Without it the archive has a gap that a
          regulator finds years later.
Targets   AWS::S3::Bucket, AWS::SQS::Queue
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack

EVENTS = ("s3:Replication:OperationFailedReplication", "s3:Replication:*")
PATH = ("Properties", "NotificationConfiguration", "QueueConfigurations")


def subjects(stack: Stack) -> list[str]:
    """The buckets that replicate."""
    buckets = stack.of("AWS::S3::Bucket").items()
    return [name for name, bucket in buckets if bucket.properties.get("ReplicationConfiguration") is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """Of whatever a bucket replicates, failures have to reach a queue of the template."""
    properties = stack.resources[subject].properties
    told = [
        _prefix(notification)
        for notification in items(at(properties, *PATH[1:]))
        if at(notification, "Event") in EVENTS and stack.by_arn(at(notification, "Queue"), "AWS::SQS::Queue")
    ]
    rules = items(at(properties, "ReplicationConfiguration", "Rules"))
    for prefix in dict.fromkeys(map(_replicated_prefix, rules or [None])):
        if not any(each is not None and prefix.startswith(each) for each in told):
            yield Problem(
                f"objects under {prefix or '/'} that failed to replicate are reported to no queue of the template.",
                f"add a QueueConfiguration for {EVENTS[0]} without a filter, to a queue of the template.",
                PATH[:2],
            )


def _replicated_prefix(rule: Any) -> str:
    places = (at(rule, "Filter", "Prefix"), at(rule, "Filter", "And", "Prefix"), at(rule, "Prefix"))
    return next((each for each in places if isinstance(each, str)), "")


def _prefix(notification: Any) -> str | None:
    """The prefix a notification is limited to; None if it is limited to an ending as well."""
    rules = items(at(notification, "Filter", "S3Key", "Rules"))
    if any(str(at(each, "Name")).lower() != "prefix" for each in rules):
        return None
    return "".join(str(at(each, "Value")) for each in rules)
