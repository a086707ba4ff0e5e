"""M out of N, and what missing numbers mean: the state of one alarm at one moment.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class State(Enum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


#: What TreatMissingData takes. Without it, an alarm treats missing data as `missing`.
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def state_of(points: Sequence[bool | None], needed: int, to_alarm: int, treatment: str, current: State) -> State:
    """The state an alarm goes to.

    `points` are the periods of the evaluation range, the oldest first: whether each is breaching, or None if it has
    no number. `needed` of them are evaluated, and `to_alarm` have to be breaching.
    """
    real = [each for each in points if each is not None]
    if len(real) >= needed:
        # The newest numbers there are, also from further back; what missing data means is not asked.
        return _by_count(sum(real[-needed:]), to_alarm)
    breaching = sum(real)
    if treatment == "breaching":
        # As few of the missing as are needed to have enough.
        return _by_count(breaching + needed - len(real), to_alarm)
    if treatment == "notBreaching" or breaching >= to_alarm:
        return _by_count(breaching, to_alarm)
    if not all(real):
        return State.OK
    if treatment == "ignore":
        return current
    # All numbers there are breach, and they are fewer than an alarm needs. A fresh one may be followed by a good one;
    # one that is as old as `to_alarm` periods is enough ("premature alarm state").
    age = len(points) - points.index(True) if real else 0
    return State.ALARM if age >= to_alarm else State.INSUFFICIENT_DATA


def _by_count(breaching: int, to_alarm: int) -> State:
    return State.ALARM if breaching >= to_alarm else State.OK
