"""The records of raw and quarantine objects. Objects of the same bytes are read once."""

from market_data.envelope import decode_quarantine_line, decode_raw_line

from .lines import lines_of, make_room
from .stream import Position

_raw: dict[bytes, dict[Position, bytes]] = {}
_quarantined: dict[bytes, dict[Position, bytes]] = {}


def raw(body: bytes) -> dict[Position, bytes]:
    """The records of a raw object."""
    if body not in _raw:
        make_room(_raw)
        records = [decode_raw_line(line) for line in lines_of(body)]
        _raw[body] = {Position(record.shard, record.seq): record.data for record in records}
    return _raw[body]


def quarantined(body: bytes) -> dict[Position, bytes]:
    """The records of a quarantine object."""
    if body not in _quarantined:
        make_room(_quarantined)
        records = [decode_quarantine_line(line).record for line in lines_of(body)]
        _quarantined[body] = {Position(record.shard, record.seq): record.data for record in records}
    return _quarantined[body]
