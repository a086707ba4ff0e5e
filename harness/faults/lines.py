"""What is in stored objects: positions, by object. Objects of the same bytes are read once."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from market_data.envelope import decode_quarantine_line, decode_raw_line

from .stream import Position


class Line(NamedTuple):
    """A validated line, as far as the job's counts need it."""

    position: Position
    symbol: str


_raw: dict[bytes, dict[Position, bytes]] = {}
_quarantined: dict[bytes, dict[Position, bytes]] = {}
_validated: dict[bytes, tuple[Line, ...]] = {}
_LIMIT = 20_000


def raw(body: bytes) -> dict[Position, bytes]:
    """The records of a raw object."""
    if body not in _raw:
        _room(_raw)
        records = [decode_raw_line(line) for line in _lines(body)]
        _raw[body] = {Position(record.shard, record.seq): record.data for record in records}
    return _raw[body]


def quarantined(body: bytes) -> dict[Position, bytes]:
    """The records of a quarantine object."""
    if body not in _quarantined:
        _room(_quarantined)
        records = [decode_quarantine_line(line).record for line in _lines(body)]
        _quarantined[body] = {Position(record.shard, record.seq): record.data for record in records}
    return _quarantined[body]


def validated(body: bytes) -> tuple[Line, ...]:
    """The lines of a validated object. Raises ValueError, EOFError or KeyError if it cannot be read."""
    if body not in _validated:
        _room(_validated)
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
    for text in _lines(body):
        sent = json.loads(text)
        yield Line(Position(sent["shard"], sent["seq"]), sent["record"]["symbol"])


def _lines(body: bytes) -> list[bytes]:
    return gzip.decompress(body).splitlines(keepends=True) if body else []


def _room(cache: dict[bytes, Any]) -> None:
    if len(cache) > _LIMIT:
        cache.clear()
