"""Decimal numerals, checked as text before anything is expanded; no number becomes a float."""

import re
from decimal import Decimal
from typing import Final

from market_data.errors import Reason, RejectedRecord

MAX_INTEGER_DIGITS: Final = 20
MAX_FRACTION_DIGITS: Final = 30
#: Within the digit limits a numeral has 52 characters; an exponent may shift a few zeros. Beyond this it is an attack.
MAX_NUMERAL_LENGTH: Final = 100
#: Numbers inside `extra` are carried, not read; past this exponent a reader that uses doubles would see 0 or infinity.
MAX_EXTRA_EXPONENT: Final = 300

NUMERAL_PATTERN: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_NUMERAL: Final = re.compile(NUMERAL_PATTERN)
_EXPONENT: Final = re.compile(r"[eE][+-]?0*([0-9]*)")


class Numeral(str):
    """A JSON number as it was written; a plain `str` in the same place was a JSON text."""

    __slots__ = ()


def to_numeral(literal: str) -> Numeral:
    """Keep a JSON number's literal; refuse at once one that is absurd wherever it stands."""
    if len(literal) > MAX_NUMERAL_LENGTH:
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, f"a numeral of {len(literal):,} characters")
    exponent = _EXPONENT.search(literal)
    if exponent and (len(exponent[1]) > 3 or int(exponent[1] or "0") > MAX_EXTRA_EXPONENT):
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, literal)
    return Numeral(literal)


def to_decimal(literal: str) -> Decimal:
    """Turn a numeral, sent as number or as text, into the decimal it writes, with all its digits."""
    if _NUMERAL.fullmatch(literal) is None:
        raise RejectedRecord(Reason.BAD_NUMBER, ascii(literal[:64]))
    value = Decimal(to_numeral(literal))
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # the grammar has neither NaN nor Infinity
    if len(digits) + exponent > MAX_INTEGER_DIGITS or -exponent > MAX_FRACTION_DIGITS:
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, ascii(literal))
    return value


def plain(value: Decimal) -> str:
    """Write a decimal without an exponent, all its digits kept: 1E-7 as 0.0000001."""
    return format(value, "f")
