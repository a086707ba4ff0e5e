"""Buckets: which of them hold the record and which are locked; what their lifecycle and replication rules apply to."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.render.resources import Resource, Stack, at, items
from rules.lib import grants, mappings, stores
from rules.lib.iam import Path
from rules.lib.numbers import number
from rules.lib.roles import role_of

BUCKET = "AWS::S3::Bucket"

#: Where Lambda puts the batches that a mapping gives up.
GIVEN_UP = "aws/lambda/"
#: Classes whose objects have to be restored before anybody can read them.
SLEEPING = ("GLACIER", "DEEP_ARCHIVE")


def records(stack: Stack) -> dict[str, Resource]:
    """The buckets that hold the record: what is replicated, and where stream mappings keep what they give up."""
    replicated = {
        name: each for name, each in stack.of(BUCKET).items() if "ReplicationConfiguration" in each.properties
    }
    return replicated | given_up(stack)


def given_up(stack: Stack) -> dict[str, Resource]:
    """The buckets for what stream mappings give up: they deliver there, or may, and the function puts nothing else.

    Whether a mapping delivers at all is a question of its own.
    """
    streams = list(mappings.of_streams(stack).values())
    kept = [mappings.failure_destination(each) for each in streams]
    functions = [function for each in streams if (function := mappings.function_of(stack, each))]
    roles = [role for each in functions if (role := role_of(stack, each))]
    return {
        name: each
        for name, each in stack.of(BUCKET).items()
        if each.arn in kept or any(grants.prefixes(role, "s3:PutObject", each) == {GIVEN_UP} for role in roles)
    }


def filled_from_streams(stack: Stack) -> dict[str, Resource]:
    """The buckets that a stream's function stores what it reads in: its variables name them, its role lets it put."""
    functions = [mappings.function_of(stack, each) for each in mappings.of_streams(stack).values()]
    told = [
        (role, list(variables.values()))
        for each in functions
        if each is not None
        and (role := role_of(stack, each)) is not None
        and isinstance(variables := at(each.properties, "Environment", "Variables"), dict)
    ]
    return {
        name: each
        for name, each in stack.of(BUCKET).items()
        if any(each.ref in values and grants.prefixes(role, "s3:PutObject", each) for role, values in told)
    }


def locked(stack: Stack) -> dict[str, Resource]:
    """The buckets whose objects can be locked against changes."""
    keys = ("ObjectLockConfiguration", "ObjectLockEnabled")
    return {name: each for name, each in stack.of(BUCKET).items() if any(each.properties.get(key) for key in keys)}


def archives(stack: Stack) -> dict[str, Resource]:
    """The locked buckets, but for those that are locked for the access logs they get: nothing replicates into these."""
    filled = [
        at(rule, "Destination", "Bucket")
        for each in stack.of(BUCKET).values()
        for rule in items(at(each.properties, "ReplicationConfiguration", "Rules"))
    ]
    return {
        name: each
        for name, each in locked(stack).items()
        if each.arn in filled or not stores.logging_buckets(stack, each)
    }


def default_retention_days(bucket: Resource) -> float | None:
    """For how many days a locked bucket keeps what arrives without a period of its own; None if it does not say."""
    retention = at(bucket.properties, "ObjectLockConfiguration", "Rule", "DefaultRetention")
    years = number(at(retention, "Years"))
    return number(at(retention, "Days")) if years is None else math.ceil(years * 365.25)


def lifecycle_rules(bucket: Resource) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A bucket's lifecycle rules that are switched on, with their paths."""
    for index, rule in enumerate(items(at(bucket.properties, "LifecycleConfiguration", "Rules"))):
        if isinstance(rule, dict) and rule.get("Status") == "Enabled":
            yield ("Properties", "LifecycleConfiguration", "Rules", index), rule


def prefix_of(rule: dict[str, Any]) -> str | None:
    """The prefix whose objects a lifecycle or replication rule applies to; None if it picks by tag or size as well."""
    where = rule.get("Filter", rule)
    where = at(where, "And") or where
    picks = ("ObjectSizeGreaterThan", "ObjectSizeLessThan", "TagFilter", "TagFilters")
    if not isinstance(where, dict) or any(where.get(key) for key in picks):
        return None
    prefix = where.get("Prefix", "")
    return prefix if isinstance(prefix, str) else None


def limit_of(rule: dict[str, Any]) -> str:
    """The prefix that a lifecycle or replication rule is limited to, whatever else it picks by; empty if to none."""
    where = rule.get("Filter", rule)
    prefix = at(at(where, "And") or where, "Prefix")
    return prefix if isinstance(prefix, str) else ""


def replaced_days(rule: dict[str, Any]) -> float | None:
    """For how many days a lifecycle rule keeps replaced versions; None if it drops none, or not every one."""
    expiry = rule.get("NoncurrentVersionExpiration")
    # With a number of versions to keep, the newest of the old ones would stay for good.
    if at(expiry, "NewerNoncurrentVersions"):
        return None
    return number(rule.get("NoncurrentVersionExpirationInDays", at(expiry, "NoncurrentDays")))


@dataclass(frozen=True)
class Kept:
    """How long a bucket of evidence keeps its files by its lifecycle rules.

    `early` are the expiries that come too soon, `replaced` those that keep replaced files for too short or too long.
    Whether something expires, and drops what was replaced, is asked of the whole bucket.
    """

    early: tuple[Path, ...]
    replaced: tuple[tuple[Path, float], ...]
    expires: bool
    drops: bool


#: Within how many days replaced files of evidence have to go. One that has expired is such a file.
REPLACED_DAYS = (7, 90)


def kept(bucket: Resource, least_days: float) -> Kept:
    """How long a bucket keeps its files, against the days that it has to keep them at least."""
    rules = list(lifecycle_rules(bucket))
    whole_bucket = [rule for _, rule in rules if prefix_of(rule) == ""]
    replaced = [(path, days) for path, rule in rules if (days := replaced_days(rule)) is not None]
    return Kept(
        early=tuple((*path, key) for path, rule in rules for key in _EXPIRIES if _expires_early(rule, key, least_days)),
        replaced=tuple(each for each in replaced if not REPLACED_DAYS[0] <= each[1] <= REPLACED_DAYS[1]),
        expires=any(key in rule for rule in whole_bucket for key in _EXPIRIES),
        drops=any(replaced_days(rule) is not None for rule in whole_bucket),
    )


_EXPIRIES = ("ExpirationDate", "ExpirationInDays")


def _expires_early(rule: dict[str, Any], key: str, least_days: float) -> bool:
    # A date is the same for a file of years ago and for one of the day before.
    days = number(rule.get(key)) if key == "ExpirationInDays" else None
    return key in rule and (days is None or days < least_days)


def transitions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Where a lifecycle rule moves current objects."""
    listed = [each for key in ("Transition", "Transitions") for each in items(rule.get(key))]
    return [each for each in listed if isinstance(each, dict)]


def published(stack: Stack) -> dict[str, Resource]:
    """The buckets that tables lie in. The record is not among them, although tables may show it."""
    kept = records(stack)
    return {
        name: each for name, each in stack.of(BUCKET).items() if name not in kept and published_prefixes(stack, each)
    }


def published_prefixes(stack: Stack, bucket: Resource) -> list[str]:
    """The prefixes of a bucket that tables of this template lie under."""
    places = [
        at(table.properties, "TableInput", "StorageDescriptor", "Location")
        for table in stack.of("AWS::Glue::Table").values()
    ]
    return [prefix for place in places if (prefix := prefix_in(bucket, place)) is not None]


def crawled_prefixes(stack: Stack, bucket: Resource) -> list[str]:
    """The prefixes of a bucket that crawlers make tables of."""
    places = [
        at(target, "Path")
        for crawler in stack.of("AWS::Glue::Crawler").values()
        for target in items(at(crawler.properties, "Targets", "S3Targets"))
    ]
    return [prefix for place in places if (prefix := prefix_in(bucket, place)) is not None]


def result_prefixes(stack: Stack, bucket: Resource) -> list[str]:
    """The prefixes of a bucket that workgroups put the results of queries under."""
    places = [
        at(each.properties, "WorkGroupConfiguration", "ResultConfiguration", "OutputLocation")
        for each in stack.of("AWS::Athena::WorkGroup").values()
    ]
    return [prefix for place in places if (prefix := prefix_in(bucket, place)) is not None]


def overlap(one: str, other: str) -> bool:
    """Whether there may be objects under both prefixes."""
    return one.startswith(other) or other.startswith(one)


def prefix_in(bucket: Resource, place: Any) -> str | None:
    """The prefix that an address such as `s3://bucket/prefix/` names in this bucket; None if it is another bucket's."""
    scheme, _, path = place.partition("://") if isinstance(place, str) else ("", "", "")
    name, _, prefix = path.partition("/")
    return prefix if scheme in ("s3", "s3a", "s3n") and name == bucket.ref else None
