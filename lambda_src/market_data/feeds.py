"""Which feed raw bytes belong to: all that is asked of a record before it is stored."""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from market_data.errors import Reason, RejectedRecord
from market_data.jsontext import MAX_NESTING, is_nested_too_deep, why_unreadable

FEEDS: Final = ("trade", "order_book", "market_depth")
UNKNOWN: Final = "unknown"
MAX_RECORD_BYTES: Final = 900_000
#: The first bytes of every record that the Kinesis Producer Library has packed others into.
KPL_MAGIC: Final = b"\xf3\x89\x9a\xc2"

_ABSENT: Final = Raw(b"")
_AS_WRITTEN: Final = {f'"{feed}"'.encode(): feed for feed in FEEDS}


class _Head(Struct, gc=False):
    """What decides the feed: `type`, or the five fields of the original format. Nothing else is looked at."""

    type: Raw = _ABSENT
    symbol: Raw = _ABSENT
    price: Raw = _ABSENT
    volume: Raw = _ABSENT
    timestamp: Raw = _ABSENT
    exchange: Raw = _ABSENT


_HEAD: Final = msgspec.json.Decoder(_Head)
_ANY: Final = msgspec.json.Decoder(Raw)


def feed_of(raw: bytes) -> str:
    """Name the feed of a record, or "unknown"; refuse only what is not one JSON value.

    What passes is UTF-8 and JSON, nested at most 64 deep, so it can stand inside a line of JSON as it is.
    """
    if len(raw) > MAX_RECORD_BYTES:
        raise _too_large(raw)
    try:
        # msgspec does not look whether what it skips is UTF-8.
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
    """Not an object, says msgspec at the first byte: the rest may still be no JSON."""
    try:
        _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _undecodable(raw, error) from None
    if is_nested_too_deep(raw):
        raise RejectedRecord(Reason.NESTING_TOO_DEEP, f"deeper than {MAX_NESTING}")
    return UNKNOWN


def _feed_named(written: bytes) -> str:
    """Read a `type` that is not written the plain way: a text with escapes, or no text at all."""
    if not written.startswith(b'"'):
        return UNKNOWN
    name = msgspec.json.decode(written, type=str)
    return name if name in FEEDS else UNKNOWN


def _too_large(raw: bytes) -> RejectedRecord:
    if raw.startswith(KPL_MAGIC):
        return RejectedRecord(Reason.KPL_AGGREGATE)
    return RejectedRecord(Reason.TOO_LARGE, f"{len(raw):,} bytes")


def _undecodable(raw: bytes, error: Exception) -> RejectedRecord:
    if raw.startswith(KPL_MAGIC):
        return RejectedRecord(Reason.KPL_AGGREGATE)
    return why_unreadable(raw) or RejectedRecord(Reason.NOT_JSON, str(error))
