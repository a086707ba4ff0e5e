"""IAM's patterns as automata, and the finitely many classes that they divide all texts into, each with a witness.

Two texts are of one class if the same patterns fit them, so that no policy can tell them apart. Asking each question
once per class answers it for every text. https://en.wikipedia.org/wiki/Powerset_construction
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from harness.access.refused import Refused

#: More states than this are not walked through: the template's patterns take some thousands.
MAXIMUM_STATES = 200_000
#: Stand for a `*` and a `?` that mean themselves; private-use characters, which no policy contains.
_MEANT = str.maketrans("*?", "\ue000\ue001")
_WRITTEN = str.maketrans("\ue000\ue001", "*?")
#: What a witness is made of where any character does.
_READABLE = "xyzwvutsrqponmlkjihgfedcba0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.=+@,~ "


@dataclass(frozen=True)
class Element:
    """One character out of `only` (None: any), but none of `but`; any number of them if it `repeats`."""

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()
    repeats: bool = False


#: A set of at least so many characters, such as the digits, is a large one.
_MANY = 10
#: A regular expression with more stars takes too long to say no.
_MAXIMUM_STARS = 3
DIGIT = Element(frozenset("0123456789"))
#: One character or more.
ANY_TEXT = (Element(), Element(repeats=True))


@dataclass(frozen=True, eq=False)
class Glob:
    """A pattern: `text` is how it is written, `elements` are what it means. Equal ones are one object."""

    text: str
    elements: tuple[Element, ...]

    def fits(self, text: str) -> bool:
        """Whether a text fits."""
        if self._regex:
            return self._regex.fullmatch(text) is not None
        state = self._settled(1)
        for each in text:
            taken = state & self.taking(each)
            state = self._settled((taken & ~self.repeating) << 1 | taken & self.repeating)
        return bool(state >> len(self.elements))

    def _settled(self, state: int) -> int:
        """With the places that are reached without a character."""
        while (reached := state | (state & self.repeating) << 1) != state:
            state = reached
        return state

    @cached_property
    def _regex(self) -> re.Pattern[str] | None:
        """The same as a regular expression; none for a pattern of many stars, as its time is exponential in them."""
        if self.repeating.bit_count() > _MAXIMUM_STARS:
            return None
        return re.compile("".join(map(_as_regex, self.elements)), re.DOTALL)

    @cached_property
    def repeating(self) -> int:
        """A bit for each element that repeats."""
        return _set(each.repeats for each in self.elements)

    @cached_property
    def endless(self) -> int:
        """A bit for each element that may be any text at all."""
        return _set(each.repeats and each.only is None and not each.but for each in self.elements)

    @cached_property
    def told(self) -> tuple[frozenset[str], ...]:
        """Per place, the last one after all elements, the characters that it tells from others."""
        return (*(each.only or each.but for each in self.elements), frozenset())

    @cached_property
    def telling(self) -> int:
        """A bit for each element that tells characters apart."""
        return _set(map(bool, self.told))

    def taking(self, character: str) -> int:
        """A bit for each element that may be this character."""
        others, named, excepted = self._taking
        return others & ~excepted.get(character, 0) | named.get(character, 0)

    @cached_property
    def _taking(self) -> tuple[int, dict[str, int], dict[str, int]]:
        """The elements that may be any character, those that name it, and those that except it."""
        others, named, excepted = 0, dict[str, int](), dict[str, int]()
        for place, each in enumerate(self.elements):
            if each.only is None:
                others |= 1 << place
            for character in each.but if each.only is None else each.only - each.but:
                of_character = excepted if each.only is None else named
                of_character[character] = of_character.get(character, 0) | 1 << place
        return others, named, excepted


def _as_regex(element: Element) -> str:
    if element.only is not None:
        one = f"[{''.join(map(re.escape, sorted(element.only)))}]"
    else:
        one = f"[^{''.join(map(re.escape, sorted(element.but)))}]" if element.but else "."
    return one + "*" * element.repeats


def meant(text: str) -> str:
    """The pattern for just this text: its `*` and `?` mean themselves."""
    return text.translate(_MEANT)


def literal(text: str, *, ignore_case: bool = False) -> tuple[Element, ...]:
    """The elements that only this text fits, in any case if `ignore_case`."""
    return tuple(
        Element(frozenset({each, each.lower(), each.upper()} if ignore_case else each))
        for each in text.translate(_WRITTEN)
    )


def wild(text: str, but: str = "", *, ignore_case: bool = False) -> tuple[Element, ...]:
    """The elements of a pattern with `*` and `?`, which stand for no character of `but`."""
    found: list[Element] = []
    for each in re.findall(r"\*+|\?|[^*?]+", text, re.DOTALL):
        if each[0] in "*?":
            found.append(Element(but=frozenset(but), repeats=each[0] == "*"))
        else:
            found.extend(literal(each, ignore_case=ignore_case))
    return tuple(found)


@cache
def like(text: str) -> Glob:
    """A pattern of a `Resource` element or of StringLike."""
    return Glob(text, wild(text))


@cache
def exact(text: str, *, ignore_case: bool = False) -> Glob:
    """A value of StringEquals, which has no wildcards, or of StringEqualsIgnoreCase."""
    return Glob(text, literal(text, ignore_case=ignore_case))


@cache
def action(text: str) -> Glob:
    """A pattern of an `Action` element: case does not matter."""
    return Glob(text, wild(text, ignore_case=True))


@cache
def arn(text: str) -> Glob:
    """A pattern of the Arn operators, which compare each of six parts by itself; ValueError if it has fewer.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    *parts, last = text.split(":", 5)
    if len(parts) < 5:
        raise ValueError("an ARN has six parts")
    colon = literal(":")
    return Glob(text, tuple(each for part in parts for each in (*wild(part, ":"), *colon)) + wild(last))


def some(but: str = "") -> tuple[Element, ...]:
    """The elements of one character or more, none of these."""
    one = Element(but=frozenset(but))
    return one, Element(but=one.but, repeats=True)


def form(text: str, names: Mapping[str, tuple[Element, ...]]) -> Glob:
    """What texts may look like: each name in `text` stands for its elements, the rest for itself."""
    parts = re.split(f"({'|'.join(map(re.escape, names))})", text) if names else [text]
    return Glob(text, tuple(one for each in parts for one in names.get(each) or literal(each)))


def classes(globs: Iterable[Glob], within: Glob | None = None) -> dict[frozenset[Glob], str]:
    """Each set of globs that some text fits exactly, no other one, with a shortest such text; `within`: of this form.

    Raises Refused for patterns that would take too long.
    """
    return dict(_classes(frozenset(globs), within))


@cache
def _classes(globs: frozenset[Glob], within: Glob | None) -> dict[frozenset[Glob], str]:
    ordered = list(globs)
    machine = _Machine([*ordered, within] if within else ordered)
    required = machine.ends[-1] if within else 0
    found: dict[int, str] = {}
    for state, text in machine.reached(machine.whole[len(ordered) :]):
        if not required or state & required:
            found.setdefault(state & machine.accepting, text)
    return {
        frozenset(glob for glob, end in zip(ordered, machine.ends, strict=False) if matched & end): text
        for matched, text in found.items()
    }


def meet(globs: Iterable[Glob]) -> bool:
    """Whether some text fits all of these. Raises Refused for patterns that would take too long."""
    machine = _Machine([*globs])
    return any(all(map(state.__and__, machine.ends)) for state, _ in machine.reached(machine.whole))


class _Machine:
    """All patterns' automata side by side. A state is a number: a bit for each place that is reached in a pattern."""

    def __init__(self, globs: list[Glob]) -> None:
        self.start = self.accepting = self._repeating = self._telling = 0
        #: Per glob, the bits of its last place, and of all its places.
        self.ends: list[int] = []
        self.whole: list[int] = []
        #: Per place, the characters that it tells from others.
        self._told: list[frozenset[str]] = []
        #: Each with its first place.
        self._globs: list[tuple[Glob, int]] = []
        #: Per place at which a pattern may take any text at all: the places before it in the same pattern.
        self._before: dict[int, int] = {}
        for glob in globs:
            place = len(self._told)
            first = 1 << place
            self._globs.append((glob, place))
            self.start |= first
            self._repeating |= glob.repeating << place
            self._telling |= glob.telling << place
            for bit in _bits(glob.endless):
                self._before[bit << place] = (bit << place) - first
            self._told.extend(glob.told)
            self.ends.append(first << len(glob.elements))
            self.whole.append(2 * self.ends[-1] - first)
            self.accepting |= self.ends[-1]
        self._endless = sum(self._before)
        self._taking: dict[str, tuple[int, int]] = {}
        self.start = self._settled(self.start)

    def reached(self, alive: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Each state that leaves a place in each of `alive`, with a shortest text that leads to it, shortest first."""
        seen, queue = {self.start}, deque([(self.start, "")])
        while queue:
            state, text = queue.popleft()
            yield state, text
            for character in self.telling(state):
                following = self.after(state, character)
                if following in seen or not all(map(following.__and__, alive)):
                    continue
                if len(seen) >= MAXIMUM_STATES:
                    raise Refused((), f"{len(self.ends)} patterns have more than {MAXIMUM_STATES:,} states together")
                seen.add(following)
                queue.append((following, text + character))

    def telling(self, state: int) -> list[str]:
        """One character that stands for all that no live pattern tells apart, and those that some pattern does."""
        sets = {self._told[bit.bit_length() - 1] for bit in _bits(state & self._telling)}
        told = set[str]().union(*(each for each in sets if len(each) < _MANY))
        many = [each for each in sets if len(each) >= _MANY]
        every = told.union(*many)
        # Of one large set, such as the digits, those that nothing else tells apart are alike: one will do.
        told = {*told, *sorted(many[0] - told)[:1]} if len(many) == 1 else every
        other = next((each for each in _READABLE if each not in every), None)
        return [other or next(chr(each) for each in range(161, 0x10FFFF) if chr(each) not in every), *sorted(told)]

    def after(self, state: int, character: str) -> int:
        """The state after one more character."""
        if character not in self._taking:
            taking = sum(glob.taking(character) << first for glob, first in self._globs)
            self._taking[character] = taking & ~self._repeating, taking & self._repeating
        moves, stays = self._taking[character]
        return self._settled((state & moves) << 1 | state & stays)

    def _settled(self, state: int) -> int:
        """With the places that are reached without a character, and without those that no longer matter."""
        while (reached := state | (state & self._repeating) << 1) != state:
            state = reached
        # Whatever still fits from an earlier place fits from here too: the pattern may skip any text.
        for bit in _bits(state & self._endless):
            state &= ~self._before[bit]
        return state


def _set(which: Iterable[bool]) -> int:
    return sum(1 << place for place, each in enumerate(which) if each)


def _bits(state: int) -> Iterator[int]:
    while state:
        bit = state & -state
        yield bit
        state ^= bit
