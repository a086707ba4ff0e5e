"""Reads one message for the reader tests. Their messages follow the venues' documentation. No tests."""

import json
from typing import Any

from harness.replay.formats import FORMATS
from market_data import parse

#: cryptofeed's frame, and its time.
FRAME = "1600000000.1234567: "
RECEIVED = "2020-09-13T12:26:40.1234567Z"


def read(name: str, message: Any, frame: str = FRAME) -> list[Any]:
    """A new reader's output for one message."""
    return session(name, message, frame=frame)[0]


def session(name: str, *messages: Any, frame: str = FRAME) -> list[list[Any]]:
    """One reader's output for each message, as Python values; every record must satisfy the contract."""
    reader = FORMATS[name]()
    return [_told(list(reader.read(_line(message, frame)))) for message in messages]


def _line(message: Any, frame: str) -> bytes:
    return frame.encode() + (message if isinstance(message, bytes) else json.dumps(message).encode())


def _told(outcomes: list[Any]) -> list[Any]:
    for outcome in outcomes:
        if isinstance(outcome, bytes):
            parse(outcome)
    return [json.loads(o, parse_float=str) if isinstance(o, bytes) else o for o in outcomes]
