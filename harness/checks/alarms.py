"""CloudWatch alarms: what one watches, and what has to happen until it fires."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.checks.iam import Path
from harness.checks.numbers import number, whole
from harness.checks.stack import Resource, Stack, at, items

ALARM = "AWS::CloudWatch::Alarm"
#: An alarm on other alarms; it calls somebody like any other.
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
TOPIC = "AWS::SNS::Topic"

_BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Metric:
    """What CloudWatch knows a series of numbers by. With other dimensions it is another series."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    def __str__(self) -> str:
        dimensions = " ".join(f"{name}={value}" for name, value in self.dimensions.items())
        return f"{self.namespace} {self.name} {dimensions}".strip()


@dataclass(frozen=True)
class Need:
    """When an alarm has to fire: at the number `at`, but not at `quiet_at`, within so many minutes.

    With `once`, one number has to be enough. With `each`, `at` is what happens in that many seconds: an alarm whose
    periods are shorter sees accordingly less. It has to stay calm for `calm_minutes`. `silence` is what a lack of
    numbers may mean.
    """

    statistic: str
    unit: str
    at: float
    minutes: float
    quiet_at: float = 0
    once: bool = False
    each: int | None = None
    calm_minutes: float = 0
    silence: frozenset[str] = frozenset({"missing", "notBreaching"})


#: The first of what should never happen.
FIRST = Need("Sum", "Count", at=1, minutes=5, once=True)
#: What sorts itself out now and then, and is a failure once it goes on for a quarter of an hour.
LASTING = Need("Sum", "Count", at=1, minutes=15, each=300)


def watched(alarm: Resource) -> list[tuple[Path, Metric]]:
    """The metrics an alarm reads and where they stand: its own, or those of its metric math."""
    queries = alarm.properties.get("Metrics")
    if queries is None:
        return [(("Properties",), metric(alarm.properties))]
    return [
        (("Properties", "Metrics", index), metric(at(query, "MetricStat", "Metric")))
        for index, query in enumerate(items(queries))
        if at(query, "MetricStat") is not None
    ]


def metric(properties: Any) -> Metric:
    """The metric that `Namespace`, `MetricName` and `Dimensions` name; what is missing or unreadable is empty."""
    dimensions = {
        str(at(each, "Name") or ""): str(at(each, "Value") or "") for each in items(at(properties, "Dimensions"))
    }
    return Metric(str(at(properties, "Namespace") or ""), str(at(properties, "MetricName") or ""), dimensions)


def untold(stack: Stack, metric: Metric, need: Need, besides: Collection[str] = ()) -> str:
    """Why nobody is told what `metric` shows; empty if one alarm at least does all that is needed.

    An alarm on an expression does not count: what it fires at cannot be read off. To call only topics of `besides` is
    not enough.
    """
    alarms = {
        name: alarm
        for name, alarm in stack.of(ALARM).items()
        if alarm.properties.get("Metrics") is None and watched(alarm)[0][1] == metric
    }
    reasons = {name: "; ".join(_shortcomings(alarm, need, besides)) for name, alarm in alarms.items()}
    if not all(reasons.values()):
        return ""
    return "; ".join(f"{name} {why}" for name, why in reasons.items()) or f"no alarm watches {metric}"


def called(alarm: Resource) -> list[str]:
    """Whom an alarm calls when it fires."""
    return [str(each) for each in items(alarm.properties.get("AlarmActions"))]


def called_topics(stack: Stack) -> dict[str, Resource]:
    """The topics of the template that an alarm calls."""
    arns = {arn for alarm in stack.of(ALARM, COMPOSITE).values() for arn in called(alarm)}
    return {name: topic for name, topic in stack.of(TOPIC).items() if topic.ref in arns}


def _shortcomings(alarm: Resource, need: Need, besides: Collection[str]) -> Iterator[str]:
    stated = alarm.properties
    period, threshold = number(stated.get("Period")), number(stated.get("Threshold"))
    breaches = _BREACHES.get(str(stated.get("ComparisonOperator")))
    # How many of the periods have to be bad. Without a number of their own, all.
    periods = number(stated.get("EvaluationPeriods"))
    datapoints = number(stated.get("DatapointsToAlarm", periods))
    if stated.get("Statistic") != need.statistic:
        yield f"does not look at the {need.statistic}"
    if stated.get("Unit", need.unit) != need.unit:
        yield f"looks for numbers in {stated.get('Unit')}, and there are none"
    if threshold is None or breaches is None or not period or not periods or not datapoints:
        yield "has no period, number of periods, threshold or operator that can be read"
        return
    expected = need.at * period / need.each if need.each else need.at
    if not breaches(expected, threshold):
        yield f"does not fire at {whole(expected)}" + (f" in {whole(period)} seconds" if need.each else "")
    if breaches(need.quiet_at, threshold):
        yield f"fires at {whole(need.quiet_at)}"
    if need.once and datapoints > 1:
        yield f"does not fire until it has happened in {whole(datapoints)} periods"
    # CloudWatch has a number a minute of what AWS and our functions report.
    if period < 60 or not need.calm_minutes * 60 <= period * datapoints <= need.minutes * 60:
        yield f"waits for {whole(datapoints)} x {whole(period)} seconds"
    if (silence := str(stated.get("TreatMissingData", "missing"))) not in need.silence:
        yield f"treats silence as {silence}"
    if besides and not set(called(alarm)) - set(besides):
        yield "calls no other topic"
