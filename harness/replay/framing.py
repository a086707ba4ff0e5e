"""How recorders put messages into lines: who spoke, when it was received, and what it said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.replay.items import Skipped

_MESSAGE = re.compile(rb"(\d+(?:\.\d+)?): (.*)", re.DOTALL)
_SESSION = re.compile(rb"\S+ (<->|<-|->) \d+(?:\.\d+)?(?:: (.*))?\s*", re.DOTALL)
_KINDS = {b"<->": Skipped("connected", is_message=False), b"<-": Skipped("sent", is_message=False)}


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the venue and the seconds since 1970 at which the recorder got it, as text."""

    at: str
    body: bytes


def cryptofeed(line: bytes) -> Received | Skipped | None:
    """Take a line of cryptofeed's raw captures apart; None where it is none.

    `SECONDS: MESSAGE`; `URL <-> SECONDS` when it connected; `URL <- SECONDS: TEXT` for what it sent;
    `URL -> SECONDS: TEXT` for an answer by HTTP, which is a message of the venue too.
    """
    message = _MESSAGE.fullmatch(line)
    if message is not None:
        return Received(message[1].decode(), message[2])
    session = _SESSION.fullmatch(line)
    if session is None:
        return None
    return _KINDS.get(session[1]) or Skipped("http_answer")
