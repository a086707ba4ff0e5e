"""The lines of validated objects. Objects of the same bytes are read once. Standard library only, for Spark's tests."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .stream import Position


class Line(NamedTuple):
    """A validated line, as far as the job's counts need it."""

    position: Position
    symbol: str


_validated: dict[bytes, tuple[Line, ...]] = {}
LIMIT = 20_000


def validated(body: bytes) -> tuple[Line, ...]:
    """The lines of a validated object. Raises ValueError, EOFError or KeyError if it cannot be read."""
    if body not in _validated:
        make_room(_validated)
        _validated[body] = tuple(_validated_lines(body))
    return _validated[body]


def positions(body: bytes | None) -> set[Position] | None:
    """The positions of a validated object; None if it is not there, or cannot be read."""
    if not body:
        return None
    try:
        return {line.position for line in validated(body)} or None
    except (ValueError, EOFError, OSError, KeyError):
        return None


def _validated_lines(body: bytes) -> Iterator[Line]:
    for text in lines_of(body):
        sent = json.loads(text)
        yield Line(Position(sent["shard"], sent["seq"]), sent["record"]["symbol"])


def lines_of(body: bytes) -> list[bytes]:
    """The lines of a gzipped object; none of an empty one."""
    return gzip.decompress(body).splitlines(keepends=True) if body else []


def make_room(cache: dict[bytes, Any]) -> None:
    """Empty a cache that has grown too large."""
    if len(cache) > LIMIT:
        cache.clear()
