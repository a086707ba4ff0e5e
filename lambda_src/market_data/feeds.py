"""Determines the feed of raw bytes: the only check before a record is stored."""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from market_data.errors import Reason, RejectedRecord
from market_data.jsontext import MAX_NESTING, is_nested_too_deep, why_unreadable

FEEDS: Final = ("trade", "order_book", "market_depth")
UNKNOWN: Final = "unknown"
MAX_RECORD_BYTES: Final = 900_000
#: First bytes of a record aggregated by the Kinesis Producer Library.
KPL_MAGIC: Final = b"\xf3\x89\x9a\xc2"

_ABSENT: Final = Raw(b"")
_AS_WRITTEN: Final = {f'"{feed}"'.encode(): feed for feed in FEEDS}


class _Head(Struct, gc=False):
    """The fields that decide the feed: `type`, or the five fields of the original format."""

    type: Raw = _ABSENT
    symbol: Raw = _ABSENT
    price: Raw = _ABSENT
    volume: Raw = _ABSENT
    timestamp: Raw = _ABSENT
    exchange: Raw = _ABSENT


_HEAD: Final = msgspec.json.Decoder(_Head)
_ANY: Final = msgspec.json.Decoder(Raw)


def feed_of(raw: bytes) -> str:
    """The feed of a record, or "unknown". Raises RejectedRecord only for what is not one JSON value.

    Accepted bytes are UTF-8 JSON nested at most 64 deep, so they can be embedded in a line of JSON unchanged.
    """
    if len(raw) > MAX_RECORD_BYTES:
        raise too_large(raw, len(raw))
    try:
        # msgspec does not check that skipped values are UTF-8.
        if not raw.isascii():
            raw.decode()
        head = _HEAD.decode(raw)
    except msgspec.ValidationError:
        return _feed_of_other(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _undecodable(raw, error) from None
    if is_nested_too_deep(raw):
        raise RejectedRecord(Reason.NESTING_TOO_DEEP, f"deeper than {MAX_NESTING}")
    written = bytes(head.type)
    if written:
        return _AS_WRITTEN.get(written) or _feed_named(written)
    if head.symbol and head.price and head.volume and head.timestamp and head.exchange:
        return "trade"
    return UNKNOWN


def _feed_of_other(raw: bytes) -> str:
    """The feed of a value that is not an object; msgspec stopped at its first byte, so check the rest."""
    try:
        _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _undecodable(raw, error) from None
    if is_nested_too_deep(raw):
        raise RejectedRecord(Reason.NESTING_TOO_DEEP, f"deeper than {MAX_NESTING}")
    return UNKNOWN


def _feed_named(written: bytes) -> str:
    """The feed of a `type` that contains escapes or is not a string."""
    if not written.startswith(b'"'):
        return UNKNOWN
    name = msgspec.json.decode(written, type=str)
    return name if name in FEEDS else UNKNOWN


def too_large(start: bytes, size: int) -> RejectedRecord:
    """The rejection of a record of more than `MAX_RECORD_BYTES` bytes, of which its start is enough."""
    if start.startswith(KPL_MAGIC):
        return RejectedRecord(Reason.KPL_AGGREGATE)
    return RejectedRecord(Reason.TOO_LARGE, f"{size:,} bytes")


def _undecodable(raw: bytes, error: Exception) -> RejectedRecord:
    if raw.startswith(KPL_MAGIC):
        return RejectedRecord(Reason.KPL_AGGREGATE)
    return why_unreadable(raw) or RejectedRecord(Reason.NOT_JSON, str(error))
