"""Who is told, and when."""

import re
from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import ALARM, DESTINATIONS, Edit, Template, operator, type_of

#: Key -> a value with which an alarm says nothing, or says it much later.
_BLUNT: dict[str, Any] = {
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 100,
    "MetricName": "NoSuchMetric",
    "Namespace": "AWS/Nothing",
    "Period": 86400,
    "Stat": "Minimum",
    "Statistic": "Minimum",
    "Threshold": 1_000_000_000,
}
#: One sign of an expression -> another in its place.
_SIGNS = (("OR", "AND"), (">", "<"), ("*", "+"), ("1000000", "1"), ("SUM", "MIN"))
#: What an alarm may say that is not taken.
_NOT_TAKEN: dict[str, dict[str, Any]] = {
    "more than a day": {"EvaluationPeriods": 289, "Period": 300},
    "a percentile of nothing known": {"Statistic": "p99"},
    "on a metric that nothing sends": {"MetricName": "NoSuchMetric", "Namespace": "AWS/Nothing"},
}
#: Thresholds from here on are tried at ten times their value as well.
_LARGE = 1000


@operator
def blunt_alarm(template: Template) -> Iterator[Edit]:
    """An alarm that cannot go off any more, or not in time."""
    for resource, place, key, value in places.properties(template):
        if type_of(template, resource) == ALARM and key in _BLUNT:
            weaker = _BLUNT[key]
            if key == "ComparisonOperator" and value == "LessThanThreshold":
                weaker = "GreaterThanThreshold"
            yield Edit(resource, place, weaker, str(weaker))
            if key == "Threshold" and isinstance(value, int) and value >= _LARGE:
                yield Edit(resource, place, 10 * value, "ten times as much")
        elif type_of(template, resource) == ALARM and key in ("TreatMissingData", "AlarmDescription"):
            yield Edit(resource, place, ABSENT, "removed")
            if key == "AlarmDescription" and isinstance(value, str):
                happened, _, rest = value.partition(". ")
                said, marker, runbook = rest.partition("Runbook: ")
                yield Edit(resource, place, f"{happened}. {said}".strip(), "without the runbook")
                yield Edit(resource, place, f"{happened}. {marker}{runbook}", "without what it does to whom")
        elif key == "Dimensions":
            for index in range(len(value)):
                at = (*place, index, "Value")
                yield Edit(resource, at, "somebody-else", "somebody else's")
        if key == "EvaluationPeriods" and isinstance(value, int):
            at = (*place[:-1], "DatapointsToAlarm")
            yield Edit(resource, at, value + 1, "more points than periods")


@operator
def blunt_expression(template: Template) -> Iterator[Edit]:
    """Metric math that comes to something else, or to nothing."""
    for resource, place, key, value in places.properties(template):
        if key != "Expression" or not isinstance(value, str):
            continue
        queries = get(template, place[:-2])
        ids = [str(each["Id"]) for each in queries if each.get("Id") and "MetricStat" in each]
        changes = [
            re.sub(r"FILL\((.+?), 0\)", r"\1", value, count=1),
            value.replace(", 0)", ", 1)", 1),
            f"0 * ({value})",
            f"({value}) + 1000000000",
            f"RATE({value})",
            *(value.replace(sign, other) for sign, other in _SIGNS),
            *(re.sub(rf"\b{one}\b", other, value) for one in ids for other in ids if one != other),
        ]
        for changed_to in dict.fromkeys(changes):
            if changed_to != value:
                yield Edit(resource, place, changed_to, changed_to)


@operator
def add_alarm(template: Template) -> Iterator[Edit]:
    """One more alarm, that CloudWatch refuses, that nobody can work out, or on something that there is not."""
    for name, body in template["Resources"].items():
        if body["Type"] != ALARM or "Metrics" in body["Properties"]:
            continue
        for change, stated in _NOT_TAKEN.items():
            at = ("Resources", "OneMoreAlarm", "Properties")
            properties = {**body["Properties"], "AlarmName": {"Fn::Sub": "one-more-${Environment}"}, **stated}
            yield Edit("OneMoreAlarm", at[:2], {"Type": ALARM, "Properties": properties}, f"{change}, like {name}")
        return


@operator
def detach_destination(template: Template) -> Iterator[Edit]:
    """Whoever should hear of it, or keep it, is not told."""
    for resource, place, key, value in places.properties(template):
        if key in DESTINATIONS:
            yield Edit(resource, place, ABSENT, "removed")
            if isinstance(value, list):
                yield Edit(resource, place, [], "nobody")
            if key == "AlarmActions" and isinstance(value, list):
                foreign = "arn:aws:sns:us-east-1:999999999999:other"
                at = (*place, len(value))
                yield Edit(resource, at, foreign, f"and {foreign}")
        elif key == "AlarmDescription":
            at = (*place[:-1], "ActionsEnabled")
            yield Edit(resource, at, False, "false")
