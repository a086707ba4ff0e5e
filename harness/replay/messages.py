"""A venue's JSON message, read field by field; unread fields go to `extra`."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from harness.replay.errors import LineError

_T = TypeVar("_T")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUES = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Message:
    """A JSON object whose values are the raw bytes that the venue sent."""

    def __init__(self, body: bytes | msgspec.Raw) -> None:
        self.fields: dict[str, msgspec.Raw] = _decoded(body, _FIELDS, "object")

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def peek(self, name: str) -> str | None:
        """The field's text without removing it; None if it is absent, null, or not a string or number."""
        raw = self.fields.get(name)
        return None if raw is None else scalar(raw)

    def optional(self, name: str) -> str | None:
        """Remove the field and return its text; None if it is absent or null."""
        raw = self.fields.pop(name, None)
        if raw is None or bytes(raw) == b"null":
            return None
        text = scalar(raw)
        if text is None:
            raise LineError(f"{name!r} is neither a string nor a number")
        return text

    def text(self, name: str) -> str:
        """Remove the field and return its text. A number gives the same text whether quoted or not."""
        value = self.optional(name)
        if value is None:
            raise LineError(f"{name!r} is missing")
        return value

    def take(self, name: str, decoder: msgspec.json.Decoder[_T]) -> _T:
        """Remove the field and decode it."""
        raw = self.raw(name)
        try:
            return decoder.decode(raw)
        except msgspec.DecodeError as exc:
            raise LineError(f"{name!r}: {exc}") from exc

    def inside(self, name: str) -> Message:
        """Remove the field and return its object."""
        return Message(self.raw(name))

    def rows(self, name: str) -> list[Message]:
        """Remove the field and return its array's objects."""
        return [Message(row) for row in values(self.raw(name))]

    def entries(self, name: str) -> list[list[msgspec.Raw]]:
        """Remove the field and return its array's arrays; empty if it is null."""
        raw = self.raw(name)
        return [] if bytes(raw) == b"null" else [values(entry) for entry in values(raw)]

    def raw(self, name: str) -> msgspec.Raw:
        """Remove the field and return its raw bytes."""
        raw = self.fields.pop(name, None)
        if raw is None:
            raise LineError(f"{name!r} is missing")
        return raw

    def flag(self, name: str) -> bool:
        """Remove the field, which must be true or false."""
        raw = bytes(self.raw(name))
        if raw not in (b"true", b"false"):
            raise LineError(f"{name!r} is neither true nor false")
        return raw == b"true"


def values(body: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """The values of a JSON array as raw bytes."""
    found: list[msgspec.Raw] = _decoded(body, _VALUES, "array")
    return found


def _decoded(body: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[Any], wanted: str) -> Any:
    try:
        # msgspec checks raw values for JSON grammar, but not for UTF-8.
        bytes(body).decode()
        return decoder.decode(body)
    except UnicodeDecodeError as exc:
        raise LineError(f"not UTF-8 at byte {exc.start}") from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise LineError(f"not a JSON {wanted}: {exc}") from exc


def scalar(raw: msgspec.Raw) -> str | None:
    """The text of a JSON string or number, with all its digits; None for anything else."""
    token = bytes(raw)
    if token[:1] == b'"':
        try:
            return token[1:-1].decode() if b"\\" not in token else _TEXT.decode(token)
        except msgspec.DecodeError as exc:
            raise LineError(f"an invalid string: {exc}") from exc
    return token.decode() if token[:1] in b"-0123456789" and token else None


def numeral(raw: msgspec.Raw) -> str:
    """The text of a JSON string or number. Raises LineError."""
    text = scalar(raw)
    if text is None:
        raise LineError(f"{bytes(raw)[:40]!r} is neither a string nor a number")
    return text
