"""The state of an alarm at one moment: M out of N, with missing data treatment.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Sequence
from enum import Enum


class State(Enum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


#: Values of TreatMissingData; the default is `missing`.
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def state_of(points: Sequence[bool | None], needed: int, to_alarm: int, treatment: str, current: State) -> State:
    """The next state of an alarm.

    `points` are the periods of the evaluation range, oldest first: whether each breaches, or None if it has
    no data. `needed` of them are evaluated, and `to_alarm` must breach.
    """
    real = [each for each in points if each is not None]
    if len(real) >= needed:
        # The newest existing data points, even older ones; the treatment of missing data does not apply.
        return _by_count(sum(real[-needed:]), to_alarm)
    breaching = sum(real)
    if treatment == "breaching":
        # Missing points count only as far as needed.
        return _by_count(breaching + needed - len(real), to_alarm)
    if treatment == "notBreaching" or breaching >= to_alarm:
        return _by_count(breaching, to_alarm)
    if not all(real):
        return State.OK
    if treatment == "ignore":
        return current
    # All existing data points breach, but there are too few. A recent one may be followed by a good one;
    # one as old as `to_alarm` periods suffices ("premature alarm state").
    age = len(points) - points.index(True) if real else 0
    return State.ALARM if age >= to_alarm else State.INSUFFICIENT_DATA


def _by_count(breaching: int, to_alarm: int) -> State:
    return State.ALARM if breaching >= to_alarm else State.OK
