"""Parses and validates the properties of an `AWS::CloudWatch::Alarm`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.alarms.errors import AlarmError, UnreadableAlarm
from harness.alarms.expressions import Node, Rows, names, needs_metrics, parse, work_out
from harness.alarms.reading import STANDARD
from harness.alarms.series import Metric
from harness.alarms.states import TREATMENTS

BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
#: Properties of an alarm on one metric, which exclude `Metrics`.
OF_ONE_METRIC = ("Dimensions", "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Unit")
MAXIMUM_METRICS = 10
MAXIMUM_EXPRESSIONS = 10
HOUR, DAY, WEEK = 3600, 86_400, 604_800


@dataclass(frozen=True)
class Source:
    """A metric that an alarm reads: its id, and its statistic and period."""

    id: str
    metric: Metric
    statistic: str
    period: int
    unit: str = ""


@dataclass(frozen=True)
class Alarm:
    """An alarm: the watched value, the threshold, and M out of N periods."""

    sources: tuple[Source, ...]
    #: Id -> expression, in order of dependency.
    expressions: Mapping[str, Node]
    watched: str
    period: int
    periods: int
    to_alarm: int
    comparison: str
    threshold: float
    treatment: str

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return BREACHES[self.comparison](value, self.threshold)

    @property
    def spans_days(self) -> bool:
        """Whether it evaluates more than a day: CloudWatch does so once an hour."""
        return self.period * self.periods > DAY

    @property
    def minutes(self) -> int:
        """The length of a period in minutes."""
        return self.period // 60


def read(properties: Mapping[str, Any]) -> Alarm:
    """Parse an alarm. Raises AlarmError if something is missing or CloudWatch would reject it."""
    periods = _whole(properties.get("EvaluationPeriods"), "EvaluationPeriods")
    to_alarm = _whole(properties.get("DatapointsToAlarm", periods), "DatapointsToAlarm")
    if to_alarm > periods:
        raise UnreadableAlarm(f"DatapointsToAlarm ({to_alarm}) is more than EvaluationPeriods ({periods})")
    comparison = properties.get("ComparisonOperator")
    if not isinstance(comparison, str) or comparison not in BREACHES:
        raise UnreadableAlarm(f"the operator {comparison or '(none)'} cannot be evaluated")
    treatment = properties.get("TreatMissingData", "missing")
    if treatment not in TREATMENTS:
        raise UnreadableAlarm(f"TreatMissingData {treatment} is unknown to CloudWatch")
    if properties.get("Metrics") is None:
        sources: tuple[Source, ...] = (_source("m1", properties, properties.get("Statistic")),)
        expressions: Mapping[str, Node] = {}
        watched = "m1"
    else:
        sources, expressions, watched = _queries(properties)
    period = sources[0].period
    _hold_limit(period, periods)
    beyond = _threshold(properties)
    alarm = Alarm(sources, expressions, watched, period, periods, to_alarm, comparison, beyond, str(treatment))
    _try_out(alarm)
    return alarm


def refusals(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield why CloudWatch would reject an alarm or its behaviour is unknown; nothing if it is valid."""
    try:
        read(properties)
    except AlarmError as error:
        yield str(error)


def _hold_limit(period: int, periods: int) -> None:
    longest = WEEK if period >= HOUR else DAY
    if period * periods > longest:
        raise UnreadableAlarm(
            f"{periods} periods of {period} seconds are {period * periods} seconds; CloudWatch looks back for "
            f"{longest} at most with periods of {'an hour or more' if period >= HOUR else 'less than an hour'}"
        )


def _queries(properties: Mapping[str, Any]) -> tuple[tuple[Source, ...], Mapping[str, Node], str]:
    queries = properties["Metrics"]
    if not isinstance(queries, list) or not queries or not all(isinstance(each, dict) for each in queries):
        raise UnreadableAlarm("Metrics is not a list of metrics and expressions")
    if beside := [name for name in OF_ONE_METRIC if name in properties]:
        raise UnreadableAlarm(f"{', '.join(beside)} cannot be combined with Metrics")
    sources, unordered = [], {}
    returned = []
    seen: set[str] = set()
    for query in queries:
        name = query.get("Id")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][A-Za-z0-9_]{0,254}", name) or name in seen:
            raise UnreadableAlarm(f"the id {name or '(none)'} is not a unique name that starts in lower case")
        seen.add(name)
        if ("Expression" in query) == ("MetricStat" in query):
            raise UnreadableAlarm(f"{name} must be either a metric or an expression")
        # Without ReturnData the default is true.
        if _true(query.get("ReturnData", True)):
            returned.append(name)
        if "Expression" in query:
            if not isinstance(query["Expression"], str):
                raise UnreadableAlarm(f"the expression of {name} is not a string")
            unordered[name] = parse(query["Expression"])
        else:
            stat = query["MetricStat"]
            if not isinstance(stat, dict) or not isinstance(stat.get("Metric"), dict):
                raise UnreadableAlarm(f"{name} names no metric")
            sources.append(_source(name, {**stat["Metric"], **stat}, stat.get("Stat")))
    if len(sources) > MAXIMUM_METRICS or len(unordered) > MAXIMUM_EXPRESSIONS:
        raise UnreadableAlarm(
            f"it has {len(sources)} metrics and {len(unordered)} expressions; CloudWatch takes {MAXIMUM_METRICS} and "
            f"{MAXIMUM_EXPRESSIONS}"
        )
    if not sources:
        raise UnreadableAlarm("it reads no metric")
    if len({each.period for each in sources}) > 1:
        raise UnreadableAlarm("its metrics have different periods")
    if len(returned) != 1:
        raise UnreadableAlarm(f"{len(returned)} of its metrics and expressions return data; exactly one must")
    return tuple(sources), _ordered(unordered, {each.id for each in sources}), returned[0]


def _ordered(unordered: Mapping[str, Node], metrics: set[str]) -> Mapping[str, Node]:
    found: dict[str, Node] = {}
    waiting = dict(unordered)
    while waiting:
        ready = [name for name, node in waiting.items() if names(node) <= metrics | set(found)]
        if not ready:
            missing = sorted(set().union(*map(names, waiting.values())) - metrics - set(unordered))
            reason = f"there is no metric or expression {', '.join(missing)}" if missing else "they form a cycle"
            raise UnreadableAlarm(f"the expressions cannot be evaluated: {reason}")
        for name in ready:
            found[name] = waiting.pop(name)
    return found


def _source(name: str, stated: Mapping[str, Any], statistic: Any) -> Source:
    if statistic not in STATISTICS:
        raise UnreadableAlarm(f"the statistic {statistic or '(none)'} cannot be evaluated")
    period = _whole(stated.get("Period"), "Period")
    # 10, 20 and 30 seconds are for high-resolution metrics, which the pipeline has none of.
    if period % 60:
        raise UnreadableAlarm(f"a period of {period} seconds is not a whole number of minutes")
    dimensions = stated.get("Dimensions")
    return Source(
        name,
        Metric(
            str(stated.get("Namespace") or ""),
            str(stated.get("MetricName") or ""),
            {
                str(each.get("Name") or ""): str(each.get("Value") or "")
                for each in (dimensions if isinstance(dimensions, list) else [])
                if isinstance(each, dict)
            },
        ),
        str(statistic),
        period,
        str(stated.get("Unit") or ""),
    )


def _try_out(alarm: Alarm) -> None:
    """Evaluate every expression once without data, so that an unknown function raises here."""
    length = 2
    rows: dict[str, tuple[float | None, ...]] = {each.id: (None,) * length for each in alarm.sources}
    values = evaluated(alarm, rows, length)
    if not isinstance(values.get(alarm.watched), tuple):
        raise UnreadableAlarm(f"{alarm.watched} is not a single series, which is what an alarm can watch")


def evaluated(alarm: Alarm, rows: Mapping[str, tuple[float | None, ...]], length: int, reading: Any = STANDARD) -> Any:
    """The values of every id of an alarm over a row of periods, from its metrics' values."""
    by_id: dict[str, Any] = dict(rows)
    metrics = tuple(each.id for each in alarm.sources)
    periods = {each.id: each.period for each in alarm.sources}
    for name, node in alarm.expressions.items():
        by_id[name] = work_out(node, Rows(by_id, metrics, periods, length, reading))
    return by_id


def reads(alarm: Alarm) -> frozenset[str]:
    """The ids of the metrics that the watched value depends on."""
    metrics = {each.id for each in alarm.sources}
    found: set[str] = set()
    pending = [alarm.watched]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        if name in alarm.expressions:
            node = alarm.expressions[name]
            pending.extend(names(node) | (metrics if needs_metrics(node) else set()))
    return frozenset(found & metrics)


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _threshold(properties: Mapping[str, Any]) -> float:
    value = _number(properties.get("Threshold"))
    if value is None:
        raise UnreadableAlarm("it has no numeric threshold")
    return value


def _whole(value: Any, what: str) -> int:
    found = _number(value)
    if found is None or found < 1 or found != int(found):
        raise UnreadableAlarm(f"{what} is no whole number from 1 on")
    return int(found)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return float(value) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", str(value)) else None
