"""Markdown for GitHub: text, links and tables."""

import re
import textwrap
from collections.abc import Iterable

WIDTH = 120
_CODE = re.compile(r"(`[^`|]+`)")
_MARKS = re.compile(r"([\\*<\[\]|$`]|(?<!\w)_|_(?!\w))")
#: Line starts that Markdown treats as a list or heading.
_START = re.compile(r"^(?:[-+#>]|\d+[.)])(?=\s)", re.MULTILINE)


def escaped(text: str) -> str:
    """Text with Markdown characters escaped; code spans are kept."""
    return "".join(part if _CODE.fullmatch(part) else _MARKS.sub(r"\\\1", part) for part in _CODE.split(text))


def paragraph(text: str, indent: str = "", start: str = "") -> str:
    """Text wrapped to WIDTH; `start` begins the first line, `indent` all others."""
    joined = " ".join(text.split())
    lines = textwrap.fill(
        joined, WIDTH, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return start + joined if _START.search(lines.partition("\n")[2]) else lines


def sentence(text: str) -> str:
    """Text with a capital first letter."""
    return text[:1].upper() + text[1:]


def code(text: str) -> str:
    """Text as a code span, also valid in a table."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"


def anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    cells = list(head)
    lines = [f"| {' | '.join(line)} |" for line in (cells, *rows)]
    return "\n".join((lines[0], "|---" * len(cells) + "|", *lines[1:]))


def sections(*parts: str) -> str:
    """Join the non-empty paragraphs, headings and tables to a page."""
    return "\n\n".join(part for part in parts if part) + "\n"


def count(number: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
