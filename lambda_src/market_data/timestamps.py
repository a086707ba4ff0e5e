"""Converts RFC 3339 times to whole nanoseconds, exactly: no floats, no clock."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from market_data.errors import Reason, RejectedRecord

TIMESTAMP_PATTERN: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SECOND: Final = 1_000_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_INT64: Final = range(-(2**63), 2**63)


# A feed repeats its times, and `canonical` converts again what `parse` has checked.
@lru_cache(maxsize=4096)
def to_nanoseconds(text: str) -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z. Raises RejectedRecord for anything but one exact instant."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise RejectedRecord(Reason.BAD_TIMESTAMP, ascii(text[:64]))
    minute, second, fraction, zone = match.groups()
    if zone is None:
        raise RejectedRecord(Reason.NO_TIME_ZONE, repr(text))
    if int(second) > 59:
        raise RejectedRecord(Reason.IMPOSSIBLE_DATE, repr(text))
    seconds = _minutes(minute) * 60 + int(second)
    if zone != "Z":
        seconds -= _offset(zone, text)
    nanoseconds = seconds * _SECOND + (int(fraction.ljust(9, "0")) if fraction else 0)
    if nanoseconds not in _INT64:
        raise RejectedRecord(Reason.IMPOSSIBLE_DATE, f"{text!r} is outside the range of int64 nanoseconds")
    return nanoseconds


@lru_cache(maxsize=1024)
def _minutes(text: str) -> int:
    """Whole minutes since the epoch of `YYYY-MM-DDThh:mm`, as if it were UTC."""
    hour, minute = int(text[11:13]), int(text[14:16])
    try:
        day = date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise RejectedRecord(Reason.IMPOSSIBLE_DATE, f"{text!r}: {error}") from None
    if hour > 23 or minute > 59:
        raise RejectedRecord(Reason.IMPOSSIBLE_DATE, repr(text))
    return (day * 24 + hour) * 60 + minute


def _offset(zone: str, text: str) -> int:
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise RejectedRecord(Reason.IMPOSSIBLE_DATE, repr(text))
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds
