"""Untrusted text as printable ASCII: a record must not be able to control the reader's terminal."""

import re
from typing import NamedTuple

#: Fits a usual trade; --json and --raw show all of a book.
EXCERPT_WIDTH = 300

_UNPRINTABLE = re.compile(r"[^ -~]")


class Excerpt(NamedTuple):
    """The shown start of a record, and how many of its bytes that is."""

    text: str
    size: int


def excerpt(data: bytes, width: int = EXCERPT_WIDTH) -> Excerpt:
    r"""As much of `data` as fits into `width` characters as a Python bytes literal.

    This is unambiguous: spaces at the ends are visible, and byte 1b differs from the four characters `\x1b`.
    """
    size = min(len(data), width)
    while len(text := repr(data[:size])) > width and size:
        size -= 1
    return Excerpt(text, size)


def printable(text: str) -> str:
    """`text` with everything but printable ASCII escaped. Backslashes stay, so that a detail's escapes are readable."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
