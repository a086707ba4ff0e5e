"""Exact JSON parsing: numbers as written, duplicate keys rejected, depth and memory bounded."""

import json
import re
from typing import Any, Final

from market_data.errors import Reason, RejectedRecord
from market_data.numerals import Numeral, to_numeral

MAX_NESTING: Final = 64

#: Objects are dicts, arrays lists, numbers `Numeral`, the rest what the json module makes of it.
Tree = dict[str, Any] | list[Any] | Numeral | str | bool | None

_NOT_SKELETON: Final = bytes(set(range(256)) - set(b'[]{}"'))
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def is_nested_too_deep(raw: bytes) -> bool:
    """Whether arrays and objects are nested deeper than allowed. The text need not be JSON."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_NESTING:
        return False
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Only quotes and brackets remain; two adjacent quotes enclose nothing.
    skeleton = raw.translate(None, _NOT_SKELETON).replace(b'""', b"")
    brackets = b"".join(skeleton.split(b'"')[::2])
    # Each pass removes the innermost level everywhere: enough for books and for most other records.
    left = brackets
    for _ in range(8):
        left = left.replace(b"{}", b"").replace(b"[]", b"")
        if not left:
            return False
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_NESTING:
            return True
    return False


def why_unreadable(raw: bytes) -> RejectedRecord | None:
    """Why the bytes are not one JSON value, or None if they are. For bytes that the fast parser rejected."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return RejectedRecord(Reason.NOT_UTF8, f"byte {error.start}")
    if is_nested_too_deep(raw):
        return RejectedRecord(Reason.NESTING_TOO_DEEP, f"deeper than {MAX_NESTING}")
    try:
        # Literals stay strings: Python takes quadratic time to parse a number of a million digits.
        tree = json.loads(
            text, object_pairs_hook=_flat, parse_int=str, parse_float=str, parse_constant=_refuse_constant
        )
    except RejectedRecord as rejected:
        return rejected
    except json.JSONDecodeError as error:
        return RejectedRecord(Reason.NOT_JSON, f"{error.msg} at character {error.pos}")
    if any(map(_SURROGATE.search, _texts(tree))):
        return RejectedRecord(Reason.LONE_SURROGATE)
    return None


def read_exactly(raw: bytes) -> Tree:
    """Parse bytes known to be JSON. Raises RejectedRecord for ambiguous or dangerous content."""
    tree: Tree = json.loads(
        raw.decode(),
        object_pairs_hook=_without_duplicates,
        parse_int=to_numeral,
        parse_float=to_numeral,
        parse_constant=_refuse_constant,
    )
    for text in _texts(tree):
        if _CONTROL.search(text):
            raise RejectedRecord(Reason.CONTROL_CHARACTER, ascii(text[:64]))
    return tree


def _refuse_constant(name: str) -> None:
    raise RejectedRecord(Reason.NON_FINITE_NUMBER, name)


def _flat(pairs: list[tuple[str, Any]]) -> list[Any]:
    """Keys and values in one list, so that duplicate keys lose nothing."""
    return [part for pair in pairs for part in pair]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RejectedRecord(Reason.DUPLICATE_KEY, ascii(key[:64]))
            seen.add(key)
    return built


def _texts(tree: Any) -> list[str]:
    """Every key and string of a tree, unordered. Iterative, because the tree is untrusted."""
    found: list[str] = []
    todo = [tree]
    while todo:
        value = todo.pop()
        if type(value) is str:
            found.append(value)
        elif type(value) is dict:
            found.extend(value)
            todo.extend(value.values())
        elif type(value) is list:
            todo.extend(value)
    return found
