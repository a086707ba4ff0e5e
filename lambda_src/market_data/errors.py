"""Why a record is refused: one code a cause, each with one line that says what it means."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """The code a refused record is filed under; `meaning` is the line to show a person."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        """Make the member equal to its code, and keep the meaning beside it."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # What cannot be read as JSON at all: `feed_of` refuses it, and so does `parse`, under the same code.
    KPL_AGGREGATE = (
        "kpl_aggregate",
        "several records packed into one by the Kinesis Producer Library; it is not unpacked",
    )
    TOO_LARGE = "too_large", "the record has more than 900,000 bytes"
    NOT_UTF8 = "not_utf8", "some byte of the record is not UTF-8"
    NESTING_TOO_DEEP = "nesting_too_deep", "arrays and objects are nested more than 64 deep"
    NON_FINITE_NUMBER = "non_finite_number", "a bare NaN, Infinity or -Infinity, which JSON does not have"
    NOT_JSON = "not_json", "the text is not JSON, or there is more than one value, or a byte order mark before it"
    LONE_SURROGATE = "lone_surrogate", "half of a surrogate pair is escaped in a text, which no encoding can carry"

    # What is JSON and yet ambiguous or dangerous, wherever in the record it stands.
    NOT_AN_OBJECT = "not_an_object", "the JSON value is not an object"
    DUPLICATE_KEY = "duplicate_key", "a key appears twice in one object, so that readers would disagree on its value"
    CONTROL_CHARACTER = "control_character", "a text holds a control character (U+0000-001F, 007F-009F), escaped or not"

    # What is no record of this contract.
    UNKNOWN_FEED = (
        "unknown_feed",
        "`type` names no known feed, or is missing and the original five fields are not all there",
    )
    UNKNOWN_FIELD = "unknown_field", "the contract has no such field; what has no field of its own belongs into `extra`"
    MISSING_FIELD = "missing_field", "a required field is not there"
    WRONG_TYPE = (
        "wrong_type",
        "the value is of another JSON type; a boolean is no number, and null is no way to leave out",
    )

    # What is wrong with a value.
    BAD_SYMBOL = "bad_symbol", "not 1-64 printable ASCII characters without a space at either end"
    BAD_EXCHANGE = "bad_exchange", "not 1-32 of A-Z, 0-9, dot, underscore and hyphen"
    BAD_IDENTIFIER = "bad_identifier", "an id is not 1-128 printable ASCII characters without a space at either end"
    BAD_NUMBER = "bad_number", "the text is not a JSON numeral"
    TOO_MANY_DIGITS = "too_many_digits", "the number has more than 20 integer or 30 fraction digits in plain notation"
    PRICE_NOT_POSITIVE = "price_not_positive", "a price of zero or below, on an exchange that does not trade there"
    VOLUME_NEGATIVE = "volume_negative", "a volume with a minus sign"
    BAD_TIMESTAMP = "bad_timestamp", "not an RFC 3339 time with up to 9 fraction digits"
    NO_TIME_ZONE = "no_time_zone", "the time has no zone; end it with Z or an offset such as -05:00"
    IMPOSSIBLE_DATE = (
        "impossible_date",
        "no such day or time, a leap second, or outside the years int64 nanoseconds hold",
    )
    TOO_MANY_LEVELS = "too_many_levels", "a side of the book has more than 10,000 levels"
    BAD_LEVEL = "bad_level", "an entry of a book has none of price, order_id and level_id"
    BAD_VALUE = "bad_value", "not one of the allowed words, or a count outside its range"
    TOO_LONG = "too_long", "a list or one of its texts is longer than allowed"


class RejectedRecord(Exception):
    """The record is wrong and stays wrong: quarantine it with its bytes, do not retry."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
