"""Base of the venues' readers: strips the recorder's frame around messages."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from harness.replay.errors import LineError
from harness.replay.framing import Received, unframed
from harness.replay.source_records import Skipped


class Framed(ABC):
    """Reads one file of a venue's messages. One instance per file, so it may keep session state."""

    name: ClassVar[str]

    @classmethod
    def recognises(cls, line: bytes) -> bool:
        """Whether this line's message identifies the venue."""
        try:
            frame = unframed(line)
            return isinstance(frame, Received) and cls.identifies(frame)
        except LineError:
            return False

    @classmethod
    @abstractmethod
    def identifies(cls, message: Received) -> bool:
        """Whether this message identifies the venue; may raise LineError instead of returning False."""

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """The records in a line, or Skipped."""
        frame = unframed(line)
        if isinstance(frame, Skipped):
            yield frame
        else:
            yield from self.message(frame)

    @abstractmethod
    def message(self, message: Received) -> Iterator[bytes | Skipped]:
        """The records in a message, or Skipped. Raises LineError if it is not this venue's."""
