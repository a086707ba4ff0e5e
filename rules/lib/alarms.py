"""CloudWatch alarms: what one watches, and what has to happen until it fires.

Whether an alarm does what is needed is tried out, not read off: `harness.alarms` works out its state over numbers that
show the need, for alarms on one metric and on metric math alike.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.alarms.definition import OF_ONE_METRIC, Alarm, read, reads
from harness.alarms.errors import AlarmError
from harness.alarms.evaluation import history
from harness.alarms.reading import STANDARD, Reading
from harness.alarms.series import Metric, Numbers
from harness.alarms.states import State
from harness.render.dumping import as_key
from harness.render.resources import Resource, Stack, at, items
from rules.lib.cached import cached_by_part
from rules.lib.iam import Path
from rules.lib.numbers import whole

__all__ = [
    "ALARM", "COMPOSITE", "FIRST", "LASTING", "TOPIC", "Course", "Metric", "Need", "Silence", "called",
    "called_topics", "courses_missed", "metric", "unalarmed", "watched",
]  # fmt: skip

ALARM = "AWS::CloudWatch::Alarm"
#: An alarm on other alarms; it calls somebody like any other.
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
TOPIC = "AWS::SNS::Topic"

#: What decides an alarm's state.
_DECIDES = (
    *OF_ONE_METRIC, "ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods", "Metrics", "Threshold",
    "TreatMissingData",
)  # fmt: skip
#: Under which readings of the documentation an alarm has to do what it is for.
_READINGS = (
    STANDARD,
    Reading(missing_is_zero=False),
    # If both were so, nothing could bring an alarm on DynamoDB back.
    Reading(fills_the_empty=False, ignores_for_dynamodb=False),
)


@dataclass(frozen=True)
class Need:
    """When an alarm has to fire: at the number `at`, but not at `quiet_at`, within so many minutes.

    With `once`, one number has to be enough. With `each`, `at` is what happens in that many seconds: an alarm whose
    periods are shorter sees accordingly less. When the numbers cease it must not be in ALARM forever.
    """

    statistic: str
    unit: str
    at: float
    minutes: int
    quiet_at: float = 0
    once: bool = False
    each: int | None = None


@dataclass(frozen=True)
class Silence:
    """What stops must be alarmed: a number at least every `every` minutes is healthy, none for `minutes` is not.

    `late` is how many minutes later the alarm may come: an alarm that looks back for days is evaluated once an hour.
    """

    every: int
    minutes: int
    late: int = 0
    statistic: str = "Sum"
    unit: str = "Count"
    value: float = 1


@dataclass(frozen=True)
class Course:
    """What several metrics do from minute 0 on, and before it; and whether an alarm has to fire in so many minutes.

    `before` and `after` are rows of (metric, every how many minutes, at which of them, value). Before is how it is when
    all is well. Without `minutes` the alarm has to stay quiet.
    """

    says: str
    before: tuple[tuple[Metric, int, int, float], ...]
    after: tuple[tuple[Metric, int, int, float], ...]
    minutes: int | None


#: The first of what should never happen.
FIRST = Need("Sum", "Count", at=1, minutes=5, once=True)
#: What sorts itself out now and then, and is a failure once it goes on for a quarter of an hour.
LASTING = Need("Sum", "Count", at=1, minutes=15, each=300)
#: How long what is well is looked at, in minutes: courses repeat themselves every hour.
_WATCHED = 130
#: In how many minutes an alarm has to be over when its cause is.
_OVER = 30


def watched(alarm: Resource) -> list[tuple[Path, Metric]]:
    """The metrics an alarm reads and where they stand: its own, or those of its metric math."""
    return _watched(alarm.body)


@cached_by_part
def _watched(body: Mapping[str, Any]) -> list[tuple[Path, Metric]]:
    stated = body.get("Properties")
    properties = stated if isinstance(stated, dict) else {}
    queries = properties.get("Metrics")
    if queries is None:
        return [(("Properties",), metric(properties))]
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


def unalarmed(stack: Stack, metric: Metric, need: Need | Silence, besides: Collection[str] = ()) -> str:
    """Why no alarm notifies anyone of what `metric` shows; empty if at least one does all that is needed.

    An alarm that calls topics of `besides` only is not enough.
    """
    reasons = []
    for name, alarm in _watching(stack, {metric}):
        short = _shortcomings(_decides(alarm), metric, need)
        if besides and not set(called(alarm)) - set(besides):
            short = (*short, "calls no other topic")
        if not short:
            return ""
        reasons.append(f"{name} {'; '.join(short)}")
    return "; ".join(reasons) or f"no alarm watches {metric}"


def courses_missed(stack: Stack, metrics: Collection[Metric], courses: Sequence[Course]) -> str:
    """Why no alarm does right by all courses; empty if one does. Asked are those that watch one of the metrics."""
    reasons = []
    for name, alarm in _watching(stack, metrics):
        if not (missed := _missed(_decides(alarm), tuple(courses))):
            return ""
        reasons.append(f"{name} {'; '.join(missed)}")
    return "; ".join(reasons) or "no alarm watches it"


def _watching(stack: Stack, metrics: Collection[Metric]) -> list[tuple[str, Resource]]:
    """The alarms that watch one of these metrics, those on the fewest first: they are most likely to be meant."""
    found = [
        (name, each) for name, each in stack.of(ALARM).items() if any(metric in metrics for _, metric in watched(each))
    ]
    return sorted(found, key=lambda named: len(watched(named[1])))


def called(alarm: Resource) -> list[str]:
    """Whom an alarm calls when it fires."""
    return [str(each) for each in items(alarm.properties.get("AlarmActions"))]


def called_topics(stack: Stack) -> dict[str, Resource]:
    """The topics of the template that an alarm calls."""
    arns = {arn for alarm in stack.of(ALARM, COMPOSITE).values() for arn in called(alarm)}
    return {name: topic for name, topic in stack.of(TOPIC).items() if topic.ref in arns}


def _decides(alarm: Resource) -> str:
    """What decides an alarm's state, as text: the same for most mutants, which are then judged once."""
    return as_key({key: value for key, value in alarm.properties.items() if key in _DECIDES})


@lru_cache(maxsize=8192)
def _read(decides: str) -> Alarm | str:
    properties: Mapping[str, Any] = json.loads(decides)
    try:
        return read(properties)
    except AlarmError as error:
        return str(error)


@lru_cache(maxsize=8192)
def _shortcomings(decides: str, metric: Metric, need: Need | Silence) -> tuple[str, ...]:
    alarm = _read(decides)
    if isinstance(alarm, str):
        return (f"cannot be judged: {alarm}",)
    sources = [each for each in alarm.sources if each.metric == metric and each.id in reads(alarm)]
    if not sources:
        return ("does not use it",)
    if any(each.statistic != need.statistic for each in sources):
        return (f"does not look at the {need.statistic}",)
    if foreign := [each.unit for each in sources if each.unit not in ("", need.unit)]:
        return (f"filters by the unit {foreign[0]}, in which there is no data",)
    found: list[str] = []
    for reading in _READINGS:
        if isinstance(need, Silence):
            found.extend(_tried_silence(alarm, metric, need, reading))
        else:
            found.extend(_tried_need(alarm, metric, need, reading))
    return tuple(dict.fromkeys(found))


def _tried_need(alarm: Alarm, metric: Metric, need: Need, reading: Reading) -> Iterator[str]:
    back, end = _range(alarm, reading), need.minutes
    # What is counted is spread; what is measured is so all the time.
    step = (need.each or 60) // 60
    rest = 0 if need.statistic == "Sum" else need.quiet_at
    quiet = Numbers()
    quiet.put(metric, range(-back, end + 1), rest)
    quiet.put(metric, range(-back, end + 1, step), need.quiet_at)
    if State.ALARM in _states(alarm, quiet, 0, end, reading):
        yield f"fires at {whole(need.quiet_at)}"
    bad = Numbers()
    times = [0] if need.once else range(0, end + 1, step)
    bad.put(metric, times, need.at)
    bad.put(metric, [each for each in range(-back, end + _OVER + 1) if each not in times], rest)
    states = _states(alarm, bad, 0, end + _OVER, reading)
    if State.ALARM not in states[: end + 1]:
        seconds = f" in {whole(need.each)} seconds" if need.each else ""
        yield f"does not fire at {whole(need.at)}{seconds} within {whole(end)} minutes"
    if states[-1] is State.ALARM:
        yield f"is still in ALARM {whole(_OVER)} minutes after the end, so the next incident notifies nobody"
    if _states(alarm, Numbers(), 0, 1, reading, State.ALARM)[-1] is State.ALARM:
        yield "stays in ALARM when there is no data"


def _tried_silence(alarm: Alarm, metric: Metric, need: Silence, reading: Reading) -> Iterator[str]:
    back = _range(alarm, reading)
    last = max(_WATCHED, 2 * need.every)
    well = Numbers()
    well.put(metric, range(-need.every * (back // need.every + 1), last + 1, need.every), need.value)
    if State.ALARM in _states(alarm, well, 0, last, reading):
        yield f"fires although there is data every {whole(need.every)} minutes"
    stopped = Numbers()
    stopped.put(metric, range(-need.every * (back // need.every + 1), 1, need.every), need.value)
    end = need.minutes + need.late
    # The last number is in minute 0, which is over at 1.
    # If FILL left a metric empty, an alarm would look back further and be late, and nothing could be done about it.
    if reading.fills_the_empty and State.ALARM not in _states(alarm, stopped, 1, end + 1, reading):
        yield f"does not fire when there has been no data for {whole(end)} minutes"
    if State.ALARM not in _states(alarm, Numbers(), 0, 60, reading):
        yield "does not fire if there has never been any data"


@lru_cache(maxsize=4096)
def _missed(decides: str, courses: tuple[Course, ...]) -> tuple[str, ...]:
    alarm = _read(decides)
    if isinstance(alarm, str):
        return (f"cannot be judged: {alarm}",)
    found = []
    for course in courses:
        for reading in _READINGS:
            back = _range(alarm, reading)
            end = _WATCHED if course.minutes is None else course.minutes
            numbers = Numbers()
            for rows, start, stop in ((course.before, -back, 0), (course.after, 0, end + 1)):
                for each, every, first, value in rows:
                    minutes = [minute for minute in range(start, stop) if minute % every == first]
                    numbers.put(each, minutes, value)
                    # It is reported in parts, and there is always one with nothing in it.
                    numbers.put(each, minutes, 0)
            states = _states(alarm, numbers, 0, end, reading)
            fired = State.ALARM in states
            if fired == (course.minutes is None) or (course.minutes is not None and states[-1] is not State.ALARM):
                what = (
                    "fires although" if course.minutes is None else f"does not fire within {course.minutes} minutes if"
                )
                found.append(f"{what} {course.says}")
    return tuple(dict.fromkeys(found))


def _states(
    alarm: Alarm, numbers: Numbers, start: int, end: int, reading: Reading, state: State = State.INSUFFICIENT_DATA
) -> list[State]:
    end = max(end, start + 60) if alarm.spans_days else end
    return [found for _, found in history(alarm, numbers, start, end, reading=reading, state=state)]


def _range(alarm: Alarm, reading: Reading) -> int:
    """For how many minutes an alarm looks back."""
    return (alarm.periods + reading.extra) * alarm.minutes
