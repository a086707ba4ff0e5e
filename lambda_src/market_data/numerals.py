"""Decimal numbers, checked as text before conversion. No number becomes a float."""

import re
from decimal import Decimal
from typing import Final

from market_data.errors import Reason, RejectedRecord

MAX_INTEGER_DIGITS: Final = 20
MAX_FRACTION_DIGITS: Final = 30
#: Within the digit limits a number has at most 52 characters, plus an exponent. Longer ones are abuse.
MAX_NUMERAL_LENGTH: Final = 100
#: Numbers in `extra` are stored unparsed; beyond this exponent, readers that use doubles would get 0 or infinity.
MAX_EXTRA_EXPONENT: Final = 300

NUMERAL_PATTERN: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_NUMERAL: Final = re.compile(NUMERAL_PATTERN)
_EXPONENT: Final = re.compile(r"[eE][+-]?0*([0-9]*)")


class Numeral(str):
    """A JSON number's literal. A plain `str` in the same place is a JSON string."""

    __slots__ = ()


def to_numeral(literal: str) -> Numeral:
    """Keep a JSON number's literal. Raises RejectedRecord if it is too long or its exponent too large."""
    if len(literal) > MAX_NUMERAL_LENGTH:
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, f"a number of {len(literal):,} characters")
    exponent = _EXPONENT.search(literal)
    if exponent and (len(exponent[1]) > 3 or int(exponent[1] or "0") > MAX_EXTRA_EXPONENT):
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, literal)
    return Numeral(literal)


def to_decimal(literal: str) -> Decimal:
    """Convert a number, sent as a number or a string, to an exact decimal. Raises RejectedRecord."""
    if _NUMERAL.fullmatch(literal) is None:
        raise RejectedRecord(Reason.BAD_NUMBER, ascii(literal[:64]))
    value = Decimal(to_numeral(literal))
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # the grammar has neither NaN nor Infinity
    if len(digits) + exponent > MAX_INTEGER_DIGITS or -exponent > MAX_FRACTION_DIGITS:
        raise RejectedRecord(Reason.TOO_MANY_DIGITS, ascii(literal))
    return value


def without_exponent(value: Decimal) -> str:
    """Format a decimal without an exponent, with all its digits: 1E-7 as 0.0000001."""
    return format(value, "f")
