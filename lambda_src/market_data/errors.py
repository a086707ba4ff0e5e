"""Why a record is rejected: one code per cause, with one line that explains it."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Rejection code of a record; `meaning` explains it to people."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        """Create a member that equals its code and carries its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # Not readable as JSON: `feed_of` and `parse` reject it with the same code.
    KPL_AGGREGATE = (
        "kpl_aggregate",
        "the Kinesis Producer Library packed several records into one; send them unaggregated",
    )
    TOO_LARGE = "too_large", "the record is larger than 900,000 bytes"
    NOT_UTF8 = "not_utf8", "the record is not valid UTF-8"
    NESTING_TOO_DEEP = "nesting_too_deep", "arrays and objects are nested more than 64 levels deep"
    NON_FINITE_NUMBER = "non_finite_number", "NaN, Infinity or -Infinity, which are not valid JSON"
    NOT_JSON = "not_json", "invalid JSON, more than one JSON value, or a byte order mark"
    LONE_SURROGATE = "lone_surrogate", "a string holds an escaped half of a surrogate pair"

    # Valid JSON, but ambiguous or dangerous at any depth.
    NOT_AN_OBJECT = "not_an_object", "the JSON value is not an object"
    DUPLICATE_KEY = "duplicate_key", "a key appears twice in one object, so its value is ambiguous"
    CONTROL_CHARACTER = "control_character", "a string holds a control character (U+0000-001F, 007F-009F)"

    # Not a record of this contract.
    UNKNOWN_FEED = (
        "unknown_feed",
        "`type` is not a known feed, or is missing while one of the original five fields is missing too",
    )
    UNKNOWN_FIELD = "unknown_field", "the contract has no such field; put additional data in `extra`"
    MISSING_FIELD = "missing_field", "a required field is missing"
    WRONG_TYPE = ("wrong_type", "the value has the wrong JSON type; omit a field instead of sending null")

    # Invalid values.
    BAD_SYMBOL = "bad_symbol", "not 1-64 printable ASCII characters, or a space at either end"
    BAD_EXCHANGE = "bad_exchange", "not 1-32 characters of A-Z, 0-9, dot, underscore and hyphen"
    BAD_IDENTIFIER = "bad_identifier", "an id is not 1-128 printable ASCII characters, or has a space at either end"
    BAD_NUMBER = "bad_number", "the string is not a JSON number"
    TOO_MANY_DIGITS = "too_many_digits", "more than 20 integer or 30 fraction digits when written without an exponent"
    PRICE_NOT_POSITIVE = "price_not_positive", "a price of zero or below on an exchange that does not allow it"
    VOLUME_NEGATIVE = "volume_negative", "a volume has a minus sign"
    BAD_TIMESTAMP = "bad_timestamp", "not an RFC 3339 time with up to 9 fraction digits"
    NO_TIME_ZONE = "no_time_zone", "the time has no zone; end it with Z or an offset such as -05:00"
    IMPOSSIBLE_DATE = "impossible_date", "no such day or time, a leap second, or outside the range of int64 nanoseconds"
    TOO_MANY_LEVELS = "too_many_levels", "a side of the book has more than 10,000 levels"
    BAD_LEVEL = "bad_level", "a book entry has no price, order_id or level_id"
    BAD_VALUE = "bad_value", "not one of the allowed values, or a count out of range"
    TOO_LONG = "too_long", "a list, or a string in it, is longer than allowed"


class RejectedRecord(Exception):
    """The record violates the contract: quarantine it, do not retry."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
