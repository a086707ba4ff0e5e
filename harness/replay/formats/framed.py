"""What the readers of venues' own messages share: any recorder's frame around them. No venue is named here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from harness.replay.errors import LineError
from harness.replay.framing import Received, unframed
from harness.replay.source_records import Skipped


class Framed(ABC):
    """Reads one file of a venue's messages; made anew for each, so it may remember what a session has said."""

    name: ClassVar[str]

    @classmethod
    def recognises(cls, line: bytes) -> bool:
        """Whether a message in this line can only be this venue's."""
        try:
            frame = unframed(line)
            return isinstance(frame, Received) and cls.tells(frame)
        except LineError:
            return False

    @classmethod
    @abstractmethod
    def tells(cls, message: Received) -> bool:
        """Whether this message can only be this venue's; may raise LineError for: it is not."""

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """The records in a line, or what it is instead."""
        frame = unframed(line)
        if isinstance(frame, Skipped):
            yield frame
        else:
            yield from self.message(frame)

    @abstractmethod
    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """The records in a message, or what it is instead. Raises LineError where it is not this venue's."""
