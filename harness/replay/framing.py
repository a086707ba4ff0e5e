"""Parses recorders' line formats: direction, time of receipt, and message.

A venue's messages do not depend on the recorder, so every reader accepts every line format.
"""

import re
from dataclasses import dataclass

from harness.replay.errors import LineError
from harness.replay.numerals import from_unix_milliseconds, from_unix_nanoseconds, from_unix_seconds
from harness.replay.source_records import Skipped

#: cryptofeed's raw captures: `SECONDS: MESSAGE`.
_IN_SECONDS = re.compile(rb"(\d+(?:\.\d+)?): (.*)", re.DOTALL)
#: The same recorder's session: `URL <-> SECONDS` when it connected, `URL <- SECONDS: TEXT` for what it sent,
#: `URL -> SECONDS: TEXT` for an answer by HTTP, which is a message of the venue too.
_SESSION = re.compile(rb"(\S+) (<->|<-|->) (\d+(?:\.\d+)?)(?:: (.*))?\s*", re.DOTALL)
#: hftbacktest's collectors: `NANOSECONDS MESSAGE`.
_IN_NANOSECONDS = re.compile(rb"(\d{19}) (.*)", re.DOTALL)
#: Logs of Bitstamp's Pusher channels: `MILLISECONDS EVENT MESSAGE`.
_WITH_EVENT = re.compile(rb"(\d{13}) ([a-z_]+) (.*)", re.DOTALL)

_SESSION_KINDS = {b"<->": Skipped("connected", is_message=False), b"<-": Skipped("sent", is_message=False)}


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the venue.

    `at` is when the recorder got it (RFC 3339, UTC, as many fraction digits as it wrote), `url` what an answer by HTTP
    answers to, `event` the name that a recorder wrote in front of the message; None where the line does not tell.
    """

    body: bytes
    at: str | None = None
    url: str | None = None
    event: str | None = None


def unframed(line: bytes) -> Received | Skipped:
    """Parse a line; `Skipped` for the recorder's own lines. Raises LineError for an unknown line format."""
    if line[:1] in (b"{", b"["):
        return Received(line)
    if message := _IN_SECONDS.fullmatch(line):
        return Received(message[2], from_unix_seconds(message[1].decode()))
    if message := _IN_NANOSECONDS.fullmatch(line):
        return Received(message[2], from_unix_nanoseconds(message[1].decode()))
    if message := _WITH_EVENT.fullmatch(line):
        return Received(message[3], from_unix_milliseconds(message[1].decode()), event=message[2].decode())
    if session := _SESSION.fullmatch(line):
        url, direction, seconds, text = session.groups()
        if skipped := _SESSION_KINDS.get(direction):
            return skipped
        return Received(text or b"", from_unix_seconds(seconds.decode()), url=url.decode(errors="replace"))
    raise LineError("neither a message of a venue nor a line of its recorder")
