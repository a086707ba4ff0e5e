"""Text, links and tables as GitHub shows them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

WIDTH = 120
_CODE = re.compile(r"(`[^`|]+`)")
_MARKS = re.compile(r"([\\*<\[\]|$`]|(?<!\w)_|_(?!\w))")
#: What Markdown would take for the beginning of something at a line's start.
_START = re.compile(r"^(?:[-+#>]|\d+[.)])(?=\s)", re.MULTILINE)


def plain(text: str) -> str:
    """A text that stands for itself, whatever Markdown makes of its characters; only code in it stays code."""
    return "".join(part if _CODE.fullmatch(part) else _MARKS.sub(r"\\\1", part) for part in _CODE.split(text))


def paragraph(text: str, indent: str = "", start: str = "") -> str:
    """A text in lines as long as those of the other documents; `start` begins the first, `indent` all the others."""
    joined = " ".join(text.split())
    lines = textwrap.fill(
        joined, WIDTH, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return start + joined if _START.search(lines.partition("\n")[2]) else lines


def sentence(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def code(text: str) -> str:
    """A text as code, also within a table."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    cells = list(head)
    lines = [f"| {' | '.join(line)} |" for line in (cells, *rows)]
    return "\n".join((lines[0], "|---" * len(cells) + "|", *lines[1:]))


def sections(*parts: str) -> str:
    """Paragraphs, headings and tables, the empty ones left out, as one page."""
    return "\n\n".join(part for part in parts if part) + "\n"


def count(number: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
