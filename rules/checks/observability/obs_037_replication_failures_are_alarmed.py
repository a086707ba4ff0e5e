"""OBS-037  replication_failures_are_alarmed

Why       An object that is not in the archive can be changed or deleted too early. If the failure is reported the same
          day, it can still be copied; when an examiner finds it, it cannot.
Targets   AWS::S3::Bucket, AWS::CloudWatch::Alarm
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import FIRST, Metric, unalarmed
from rules.lib.metrics import name_of

PATH = ("Properties", "ReplicationConfiguration", "Rules")


def subjects(stack: Stack) -> list[str]:
    """The buckets that replicate."""
    buckets = stack.of("AWS::S3::Bucket").items()
    return [name for name, bucket in buckets if bucket.properties.get("ReplicationConfiguration") is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """For each of the bucket's rules, an alarm has to fire within five minutes of the first failure S3 counts."""
    bucket = stack.resources[subject]
    for index, rule in enumerate(items(at(bucket.body, *PATH)) or [None]):
        name, destination = at(rule, "Id"), at(rule, "Destination", "Bucket")
        # S3 counts by rule, and only where it is asked to.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics.html
        if not isinstance(name, str) or at(rule, "Destination", "Metrics", "Status") != "Enabled":
            yield Problem(
                "S3 publishes no failure metric for this replication rule.",
                "give the replication rule an Id, and its Destination Metrics with Status Enabled.",
                (*PATH, index),
            )
            continue
        buckets = {"SourceBucket": name_of(bucket), "DestinationBucket": str(destination).rpartition(":")[2]}
        dimensions = {**buckets, "RuleId": name}
        if why := unalarmed(stack, Metric("AWS/S3", "OperationsFailedReplication", dimensions), FIRST):
            yield Problem(
                f"objects of {name} that failed to replicate raise no alarm: {why}.",
                "add an alarm on SUM(FILL(METRICS(), 0)) over AWS/S3 OperationsFailedReplication of all replication "
                "rules, each the Sum in 300 seconds: >= 1 in one period.",
                (*PATH, index),
            )
