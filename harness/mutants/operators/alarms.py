"""Who is told, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import ALARM, DESTINATIONS, Edit, Template, operator, type_of

#: Key -> a value with which an alarm says nothing, or says it much later.
_BLUNT: dict[str, Any] = {
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 100,
    "MetricName": "NoSuchMetric",
    "Namespace": "AWS/Nothing",
    "Period": 86400,
    "Statistic": "Minimum",
    "Threshold": 1_000_000_000,
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
        elif key == "Dimensions":
            at = (*place, 0, "Value")
            yield Edit(resource, at, "somebody-else", "somebody else's")


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
