"""A parameter's AllowedPattern, which is a regular expression of Java's, as one of Python's."""

import random
import re
from functools import cache

import rstr

from harness.render.errors import UnrenderableTemplate

#: Java's names of character classes, of ASCII.
_CLASSES = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7f", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0b\f\r",
}  # fmt: skip
#: And of Unicode, as far as they are ASCII. Beyond that a value is taken to match: no value that is may go unjudged.
_UNICODE = {
    "L": "a-zA-Z", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9", "Z": " ",
    "P": r"!-#%-*,-/:;?@\[-\]_{}", "S": r"$+<=>\^`|~",
    "IsAlphabetic": "a-zA-Z", "IsLetter": "a-zA-Z", "IsDigit": "0-9",
}  # fmt: skip
#: What is read as one: an escape, a class by its name, two characters that intersect, the beginning of a group's name.
_TOKEN = re.compile(r"\\[pP]\{\w+\}|\\.|\(\?<(?![=!])|&&|.", re.DOTALL)
_NAMED = re.compile(r"\\([pP])\{(\w+)\}")
#: Doubled, these may come to mean something else to Python.
_DOUBLED = ("-", "|", "~", "&")
_BEYOND_ASCII = r"\u0080-\U0010ffff"
#: What no regular expression may have, whoever reads it.
_BROKEN = ("unterminated", "missing )", "unbalanced", "bad escape (end")


def matches(pattern: str, value: str) -> bool:
    """Whether a value is allowed; any is by a pattern that Python cannot read. UnrenderableTemplate: nobody can."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def is_readable(pattern: str) -> bool:
    """Whether Python can read a pattern, and so find a value for it."""
    return _compiled(pattern) is not None


@cache
def made(pattern: str) -> list[str]:
    """Texts made from a pattern; it may allow some of them, all, or none."""
    translated = _translated(pattern, beyond="") or ""
    # Seeded by the pattern: the same template has the same scenarios each time. `rstr` knows no possessive `++`.
    generator, generous = rstr.Rstr(random.Random(pattern)), re.sub(r"(?<=[*+?}])\+", "", translated)
    try:
        return [generator.xeger(generous) for _ in range(20)]
    except (re.error, KeyError, ValueError):
        return []


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    translated = _translated(pattern, beyond=_BEYOND_ASCII)
    if translated is None:
        return None
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        if isinstance(error, re.error) and error.msg.startswith(_BROKEN):
            raise UnrenderableTemplate(f"AllowedPattern {pattern}: {error}") from error
        return None


def _translated(pattern: str, beyond: str) -> str | None:
    """The pattern as Python writes it; None where it says something that Python cannot."""
    tokens = [match[0] for match in _TOKEN.finditer(pattern)][::-1]
    result: list[str | None] = []
    while tokens:
        token = tokens.pop()
        if token == "[":
            result.append(_class(tokens, beyond))
        elif name := _NAMED.fullmatch(token):
            negated = "^" if name[1] == "P" else ""
            known = _named(name[2], "" if negated else beyond)
            result.append(f"[{negated}{known}]" if known else None)
        else:
            result.append({r"\z": r"\Z", "(?<": "(?P<", r"\Q": None}.get(token, token))
    return None if None in result else "".join(map(str, result))


def _class(tokens: list[str], beyond: str) -> str | None:
    """What is between brackets, taken off the end of the tokens that are left."""
    negated = "^" if tokens and tokens[-1] == "^" else ""
    if negated:
        tokens.pop()
    items: list[str] = []
    while tokens and (tokens[-1] != "]" or not items):
        items.append(tokens.pop())
    if "[" in items or "&&" in items:
        return None  # a union or an intersection of classes
    end = "]" if tokens else ""  # where there is none, Python says so
    if tokens:
        tokens.pop()
    result, range_end = "", -1
    for index, item in enumerate(items):
        beside = (items[index - 1 : index] or [""])[0], (items[index + 1 : index + 2] or [""])[0]
        if item == "-" and index not in (range_end, range_end + 1) and all(map(_may_bound, beside)):
            range_end = index + 1
        elif item in _DOUBLED:
            item = f"\\{item}"
        elif name := _NAMED.fullmatch(item):
            item = "" if name[1] == "P" else _named(name[2], "" if negated else beyond)
            if not item:
                return None
        result += item
    return f"[{negated}{result}{end}"


def _named(name: str, beyond: str) -> str:
    return _UNICODE[name] + beyond if name in _UNICODE else _CLASSES.get(name, "")


def _may_bound(item: str) -> bool:
    """Whether it can be either end of a range. A `-` beside a class of its own, or at the edge, is only a `-`."""
    return bool(item) and not re.match(r"\\[dDwWsShHvVpP]", item)
