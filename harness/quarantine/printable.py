"""Whatever came from outside, as printable ASCII: a record must not be able to command the terminal of who reads it."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Room for an ordinary trade as a whole; whoever wants all of a book takes --json or --raw.
EXCERPT_WIDTH = 300

_UNPRINTABLE = re.compile(r"[^ -~]")


class Excerpt(NamedTuple):
    """The beginning of a record as it is shown, and how many of its bytes that is."""

    text: str
    size: int


def excerpt(data: bytes, width: int = EXCERPT_WIDTH) -> Excerpt:
    r"""As much of `data` as fits into `width` characters as a Python bytes literal.

    That is exact: blanks at the ends can be seen, and the byte 1b looks different from the four characters `\x1b`.
    """
    size = min(len(data), width)
    while len(text := repr(data[:size])) > width and size:
        size -= 1
    return Excerpt(text, size)


def printable(text: str) -> str:
    """`text` with everything but printable ASCII escaped. Backslashes stay: a detail's own escapes are to be read."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
