"""A venue's JSON message, taken apart field by field; whatever no reader asked for is left over for `extra`."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from harness.replay.errors import LineError

_T = TypeVar("_T")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Message:
    """A JSON object whose values are still the bytes that the venue sent."""

    def __init__(self, body: bytes | msgspec.Raw) -> None:
        try:
            # Raw values are checked for JSON's grammar, but not for UTF-8.
            bytes(body).decode()
            self.fields = _FIELDS.decode(body)
        except UnicodeDecodeError as exc:
            raise LineError(f"not UTF-8 at byte {exc.start}") from exc
        except (msgspec.DecodeError, RecursionError) as exc:
            raise LineError(f"not a JSON object: {exc}") from exc

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def peek(self, name: str) -> str | None:
        """The field's text, left where it is; None where it is absent, null, or not a text or number."""
        raw = self.fields.get(name)
        return None if raw is None else scalar(raw)

    def optional(self, name: str) -> str | None:
        """The field's text, taken out; None where it is absent or null."""
        raw = self.fields.pop(name, None)
        if raw is None or bytes(raw) == b"null":
            return None
        text = scalar(raw)
        if text is None:
            raise LineError(f"{name!r} is neither text nor number")
        return text

    def text(self, name: str) -> str:
        """The field's text, taken out. A numeral is the same text whether the venue quotes it or not."""
        value = self.optional(name)
        if value is None:
            raise LineError(f"{name!r} is missing")
        return value

    def take(self, name: str, decoder: msgspec.json.Decoder[_T]) -> _T:
        """The field, taken out, as whatever `decoder` makes of it."""
        raw = self.fields.pop(name, None)
        if raw is None:
            raise LineError(f"{name!r} is missing")
        try:
            return decoder.decode(raw)
        except msgspec.DecodeError as exc:
            raise LineError(f"{name!r}: {exc}") from exc


def scalar(raw: msgspec.Raw) -> str | None:
    """The text of a JSON string or number, digit by digit; None for anything else."""
    token = bytes(raw)
    if token[:1] == b'"':
        try:
            return token[1:-1].decode() if b"\\" not in token else _TEXT.decode(token)
        except msgspec.DecodeError as exc:
            raise LineError(f"a text that is no text: {exc}") from exc
    return token.decode() if token[:1] in b"-0123456789" and token else None


def numeral(raw: msgspec.Raw) -> str:
    """The text of a value that has to be a JSON string or number."""
    text = scalar(raw)
    if text is None:
        raise LineError(f"{bytes(raw)[:40]!r} is neither text nor number")
    return text


def encode(record: dict[str, Any]) -> bytes:
    """A record's JSON. Fields that are None are left out, and so is an `extra` with nothing in it."""
    return msgspec.json.encode({k: v for k, v in record.items() if v is not None and not (k == "extra" and not v)})
