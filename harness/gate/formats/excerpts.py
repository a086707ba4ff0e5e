"""The lines of a template that a finding is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.gate.verdicts import dotted
from harness.render.source import Place, Source

#: So many lines of a value are shown: what a reader needs to recognise it.
MOST = 5
#: Characters of a line that are read: a template may be one line.
LONGEST = 300


@dataclass(frozen=True)
class Excerpt:
    """Lines of a template, the number of the first, and whether the value ends with the last."""

    first: int
    lines: Sequence[str]
    is_whole: bool


class Excerpts:
    """The lines of one template, by the places of findings."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # Where a line ends for YAML, it ends for Python; the other way round, YAML refuses the character.
        self._lines = [line[:LONGEST] for line in source.text.expandtabs(4).splitlines()]

    @cached_property
    def _places(self) -> dict[int, list[Place]]:
        """The places that begin on each line."""
        found: dict[int, list[Place]] = {}
        for place, line in self._source.lines.items():
            found.setdefault(line, []).append(place)
        return found

    def of(self, line: int, path: str) -> Excerpt:
        """The lines from this one on that hold the value at `path`; those around it, if it is one line.

        `path` is as in a finding, so it may lead to what is not in the template; then the value around it is meant.
        """
        around = [place for place in self._places.get(line, ()) if _leads_to(dotted(place), path)]
        place = max(around, key=len, default=None)
        last = line
        # One line more than are shown: that one may be blank, or a comment on the next value.
        while place is not None and last <= line + MOST and self._continues(line, place, last + 1):
            last += 1
        while last > line and self._lines[last - 1].strip()[:1] in ("", "#"):
            last -= 1
        if last == line:
            return Excerpt(max(line - 1, 1), self._lines[max(line - 2, 0) : line + 1], is_whole=True)
        return Excerpt(line, self._lines[line - 1 : min(last, line - 1 + MOST)], is_whole=last - line < MOST)

    def _continues(self, line: int, place: Place, number: int) -> bool:
        """Whether a value goes on at a line: nothing else begins there, and no bracket around it ends there."""
        if number > len(self._lines) or any(each[: len(place)] != place for each in self._places.get(number, ())):
            return False
        text = self._lines[number - 1]
        return text.strip()[:1] not in ("}", "]") or _indentation(text) >= _indentation(self._lines[line - 1])


def _leads_to(place: str, path: str) -> bool:
    return not place or path == place or path.startswith((f"{place}.", f"{place}["))


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
