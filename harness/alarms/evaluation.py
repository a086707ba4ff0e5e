"""Evaluates an alarm over time.

"If the period is one minute or longer, an alarm is evaluated every minute", over the periods that end then. One that
looks back for more than a day is evaluated once an hour, over the hours that are over.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.alarms.definition import Alarm, evaluated
from harness.alarms.reading import STANDARD, Reading
from harness.alarms.series import Numbers
from harness.alarms.states import State, state_of

_HOUR = 60


def history(
    alarm: Alarm,
    numbers: Numbers,
    start: int,
    end: int,
    *,
    reading: Reading = STANDARD,
    state: State = State.INSUFFICIENT_DATA,
    every: int = 1,
) -> Iterator[tuple[int, State]]:
    """The state at the end of each minute from `start` up to `end` at which the alarm is evaluated.

    `state` is the state before; a new alarm is INSUFFICIENT_DATA. A larger `every` is faster,
    but sees changes later.
    """
    for minute in range(start, end + 1, every):
        if alarm.spans_days and minute % _HOUR:
            continue
        state = state_at(alarm, numbers, minute, state, reading)
        yield minute, state


def state_at(alarm: Alarm, numbers: Numbers, minute: int, current: State, reading: Reading = STANDARD) -> State:
    """The state of an alarm after its evaluation at the start of a minute."""
    points = [None if value is None else alarm.breaches(value) for value in values_at(alarm, numbers, minute, reading)]
    return state_of(points, alarm.periods, alarm.to_alarm, _treatment(alarm, reading), current)


def values_at(alarm: Alarm, numbers: Numbers, minute: int, reading: Reading = STANDARD) -> tuple[float | None, ...]:
    """The watched value in each period of the evaluation range, oldest first."""
    length = alarm.periods + reading.extra
    rows = {}
    for source in alarm.sources:
        starts = [minute - (length - index) * alarm.minutes for index in range(length)]
        rows[source.id] = tuple(
            # Later data does not exist yet.
            numbers.between(source.metric, start, min(start + alarm.minutes, minute - reading.delay), source.statistic)
            for start in starts
        )
    found: tuple[float | None, ...] = evaluated(alarm, rows, length, reading)[alarm.watched]
    return found


def _treatment(alarm: Alarm, reading: Reading) -> str:
    if reading.ignores_for_dynamodb and any(each.metric.namespace == "AWS/DynamoDB" for each in alarm.sources):
        return "ignore"
    return alarm.treatment
