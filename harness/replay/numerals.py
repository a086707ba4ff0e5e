"""Converts venues' numbers and times to the contract's forms, as text and without floats."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from harness.replay.errors import LineError

_INTEGER = re.compile(r"(-?)(\d{1,40})", re.ASCII)
_SECONDS = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?", re.ASCII)
_MILLISECONDS = re.compile(r"(\d{1,8})(?:\.(\d{1,6}))?", re.ASCII)
_DATE = re.compile(r"\d{8}", re.ASCII)
_NOTHING = re.compile(r"-?0+(?:\.0*)?(?:[eE][+-]?\d+)?", re.ASCII)
_NEW_YORK = ZoneInfo("America/New_York")
_DAY_MS = 24 * 60 * 60 * 1000


def point_inserted(digits: str, places: int) -> str:
    """`digits` as a whole number of 10**-places, every digit kept: ("1821000", 4) is "182.1000"."""
    match = _INTEGER.fullmatch(digits)
    if match is None:
        raise LineError(f"{digits[:40]!r} is not a whole number, as this format's prices must be")
    padded = match[2].zfill(places + 1)
    # A venue may pad with zeros; the contract allows no leading zeros.
    return f"{match[1]}{padded[:-places].lstrip('0') or '0'}.{padded[-places:]}"


def whole(digits: str) -> int:
    """A count, which is a JSON number in the contract."""
    match = _INTEGER.fullmatch(digits)
    if match is None:
        raise LineError(f"{digits[:40]!r} is not a whole number")
    return int(digits)


def is_nothing(digits: str | None) -> bool:
    """Whether a number is absent or zero, with any number of digits."""
    return digits is None or _NOTHING.fullmatch(digits) is not None


def unsigned(digits: str) -> tuple[str, bool]:
    """Split a number whose sign gives the side: its digits, and whether it was negative."""
    return digits.removeprefix("-"), digits.startswith("-")


def from_unix_seconds(text: str) -> str:
    """Seconds since 1970, with up to nine fraction digits, as RFC 3339 in UTC with the same fraction digits."""
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise LineError(f"{text[:40]!r} is not a time in seconds since 1970")
    return f"{_utc_second(int(match[1]))}{'.' + match[2] if match[2] else ''}Z"


def latest_of(times: Iterable[str]) -> str | None:
    """The latest of times in seconds since 1970, formatted by `from_unix_seconds`; None if there are none."""
    # The text of a second in UTC has a fixed length; only the fraction varies.
    return max(map(from_unix_seconds, times), key=lambda time: time.removesuffix("Z").partition("."), default=None)


def from_unix_milliseconds(text: str) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC with all three fraction digits."""
    return _from_unix(text, 3, "milliseconds")


def from_unix_microseconds(text: str) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC with all six fraction digits."""
    return _from_unix(text, 6, "microseconds")


def from_unix_nanoseconds(text: str) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC with all nine fraction digits."""
    return _from_unix(text, 9, "nanoseconds")


def _from_unix(text: str, places: int, unit: str) -> str:
    match = _INTEGER.fullmatch(text)
    if match is None or match[1]:
        raise LineError(f"{text[:40]!r} is not a time in {unit} since 1970")
    seconds, fraction = divmod(int(match[2]), 10**places)
    return f"{_utc_second(seconds)}.{fraction:0{places}d}Z"


def from_new_york(date: str, milliseconds: str) -> str:
    """New York wall-clock time, `milliseconds` after midnight on `date`, as RFC 3339 in UTC."""
    match = _MILLISECONDS.fullmatch(milliseconds)
    if match is None or int(match[1]) >= _DAY_MS:
        raise LineError(f"{milliseconds[:40]!r} is not a number of milliseconds since midnight")
    seconds, thousandths = divmod(int(match[1]), 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_utc_hour(date, hour)}:{minute:02d}:{second:02d}.{thousandths:03d}{match[2] or ''}Z"


@lru_cache(maxsize=4096)
def _utc_second(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError) as exc:
        raise LineError(f"{seconds} seconds since 1970 are no date") from exc


@lru_cache(maxsize=4096)
def _utc_hour(date: str, hour: int) -> str:
    # Since New York's clock follows a zone it has been changed by whole hours only: the hour decides the offset.
    if _DATE.fullmatch(date) is None:
        raise LineError(f"{date[:40]!r} is not a date as YYYYMMDD")
    try:
        midnight = datetime(int(date[:4]), int(date[4:6]), int(date[6:]), tzinfo=_NEW_YORK)
    except ValueError as exc:
        raise LineError(f"{date!r} is not a date") from exc
    return (midnight + timedelta(hours=hour)).astimezone(UTC).strftime("%Y-%m-%dT%H")
