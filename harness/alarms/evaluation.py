"""Evaluates an alarm over time.

"If the period is one minute or longer, an alarm is evaluated every minute", over the periods that end then. One that
looks back for more than a day is evaluated once an hour, over the hours that are over.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from collections.abc import Iterator

from harness.alarms.definition import Alarm, evaluated
from harness.alarms.reading import STANDARD, Reading
from harness.alarms.series import Numbers
from harness.alarms.states import State, state_of

_HOUR = 60
#: id of a source -> its value in each period.
Rows = dict[str, tuple[float | None, ...]]


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
    length = alarm.periods + reading.extra
    treatment = _treatment(alarm, reading)
    before: Rows | None = None
    points: list[bool | None] = []
    for minute in range(start, end + 1, every):
        if alarm.spans_days and minute % _HOUR:
            continue
        rows = _rows_at(alarm, numbers, minute, length, reading)
        # The rows rarely change, and comparing them is cheaper than evaluating expressions.
        if rows != before:
            values = evaluated(alarm, rows, length, reading)[alarm.watched]
            points = [None if value is None else alarm.breaches(value) for value in values]
            before = rows
        state = state_of(points, alarm.periods, alarm.to_alarm, treatment, state)
        yield minute, state


def _rows_at(alarm: Alarm, numbers: Numbers, minute: int, length: int, reading: Reading) -> Rows:
    """The value of each source in each period of the evaluation range, oldest first."""
    # Later data does not exist yet.
    there = minute - reading.delay
    step = alarm.minutes
    starts = range(minute - length * step, minute, step)
    return {
        source.id: numbers.series(source.metric).row(starts, step, there, source.statistic) for source in alarm.sources
    }


def _treatment(alarm: Alarm, reading: Reading) -> str:
    if reading.ignores_for_dynamodb and any(each.metric.namespace == "AWS/DynamoDB" for each in alarm.sources):
        return "ignore"
    return alarm.treatment
