"""NDJSON in the contract's format, passed through byte for byte, including bad lines."""

from collections.abc import Iterator
from typing import ClassVar

from harness.replay.errors import LineError
from harness.replay.messages import Message
from harness.replay.source_records import Skipped

_TYPES = frozenset({"trade", "order_book", "market_depth"})
_ORIGINAL_FIELDS = ("symbol", "price", "volume", "timestamp", "exchange")


class Canonical:
    """The contract's own lines, unchecked: the pipeline validates them."""

    name: ClassVar[str] = "canonical"

    @staticmethod
    def recognises(line: bytes) -> bool:
        """A record with one of the contract's types, or one without type that has the original's five fields."""
        if line[:1] != b"{":
            return False
        try:
            message = Message(line)
            if "type" in message:
                return "symbol" in message and message.peek("type") in _TYPES
        except LineError:
            return False
        return all(name in message for name in _ORIGINAL_FIELDS)

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """The line itself, unchecked."""
        yield line
