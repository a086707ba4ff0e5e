"""Trails of CloudTrail: what they record, where they deliver it, and what they ask of the bucket and the key there."""

import re
from collections.abc import Iterator
from typing import Any

from harness.render.resources import Resource, Stack, at, items
from rules.lib import stores
from rules.lib.iam import Statement
from rules.lib.principals import ACCOUNT, conditions, services
from rules.lib.requests import Request

TRAIL = "AWS::CloudTrail::Trail"
BUCKET = "AWS::S3::Bucket"
SERVICE = "cloudtrail.amazonaws.com"
#: What CloudTrail does with the key of a trail.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
KEY_ACTIONS = ("kms:DescribeKey", "kms:GenerateDataKey")
#: The other fields by which an event can be picked leave some events out.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
_FIELDS = {"eventCategory": "Data", "resources.type": "AWS::S3::Object"}
_SOURCE_TESTS = ("arnequals", "arnlike", "stringequals")


def destination(stack: Stack, trail: Resource) -> Resource | None:
    """The bucket of the template that a trail delivers to, or None."""
    return stack.by_ref(trail.properties.get("S3BucketName"), BUCKET)


def delivering(stack: Stack, bucket: Resource) -> list[Resource]:
    """The trails that deliver to a bucket."""
    return [each for each in stack.of(TRAIL).values() if destination(stack, each) is bucket]


def trail_buckets(stack: Stack) -> dict[str, Resource]:
    """The buckets of trails: where one delivers to, or may deliver to when it is switched on again."""
    return {name: each for name, each in stack.of(BUCKET).items() if _is_for_a_trail(stack, each)}


def data_buckets(stack: Stack) -> dict[str, Resource]:
    """The buckets that are neither a trail's nor get access logs."""
    kept = trail_buckets(stack)
    return {
        name: each
        for name, each in stack.of(BUCKET).items()
        if name not in kept and not stores.logging_buckets(stack, each)
    }


def picked(trail: Resource) -> Iterator[tuple[int, list[str] | None]]:
    """For each selector its index, and what the ARNs begin with of the objects whose every read and write it picks.

    None if it picks something else as well, or not every read and write. An empty beginning is every object there is.
    """
    for index, selector in enumerate(items(trail.properties.get("AdvancedEventSelectors"))):
        yield index, _beginnings(at(selector, "FieldSelectors"))


def sources(statement: Statement) -> list[str]:
    """The ARNs that a statement is held to as the source of the request."""
    tests = conditions(statement)
    return next(
        (tests[operator, "aws:sourcearn"] for operator in _SOURCE_TESTS if (operator, "aws:sourcearn") in tests), []
    )


def is_held_to_our_trails(stack: Stack, statement: Statement) -> bool:
    """Whether a statement is about trails of this template alone; where there is none, about one of this account."""
    named, ours = sources(statement), [each.arn for each in stack.of(TRAIL).values()]
    if ours:
        return bool(named) and set(named) <= set(ours)
    one = rf"arn:[^:*?]+:cloudtrail:[^:*?]+:{ACCOUNT}:trail/[^*?]+"
    return bool(named) and all(re.fullmatch(one, each) for each in named)


def bucket_requests(trail: Resource, bucket: Resource) -> Iterator[Request]:
    """What CloudTrail asks of a trail's bucket: who owns it, and to put its files there.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    source = {"aws:sourcearn": trail.arn}
    yield Request(SERVICE, "s3:GetBucketAcl", bucket.arn, source)
    for kind in ("CloudTrail", "CloudTrail-Digest"):
        name = f"{bucket.arn}/AWSLogs/{ACCOUNT}/{kind}/file.json.gz"
        yield Request(SERVICE, "s3:PutObject", name, {**source, "s3:x-amz-acl": "bucket-owner-full-control"})


def key_requests(trail: Resource, key: Resource) -> Iterator[Request]:
    """What CloudTrail asks of a trail's key."""
    source = {"aws:sourcearn": trail.arn}
    for action in KEY_ACTIONS:
        context = None if action == "kms:DescribeKey" else trail.arn
        yield Request(SERVICE, action, key.arn, {**source, "kms:encryptioncontext:aws:cloudtrail:arn": context})


def _is_for_a_trail(stack: Stack, bucket: Resource) -> bool:
    return bool(delivering(stack, bucket)) or any(
        each.allows and SERVICE in services(each) and each.covers("s3:PutObject") and is_held_to_our_trails(stack, each)
        for each in stores.guards(stack, bucket)
    )


def _beginnings(fields: Any) -> list[str] | None:
    stated = {str(at(each, "Field")): each for each in items(fields)}
    if len(stated) != len(items(fields)) or set(stated) - {*_FIELDS, "resources.ARN"}:
        return None
    if any(stated.get(field) != {"Field": field, "Equals": [value]} for field, value in _FIELDS.items()):
        return None
    arns = stated.get("resources.ARN", {"StartsWith": [""]})
    wanted = arns.get("StartsWith")
    if set(arns) - {"Field", "StartsWith"} or not isinstance(wanted, list):
        return None
    return [str(each) for each in wanted]
