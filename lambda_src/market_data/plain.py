"""The shortcut of `parse`: reads what nearly every valid record looks like, and leaves all else to the exact way.

It may only ever answer "this record, without a doubt" or "I do not know". What it answers is what `parse_exactly`
would; a property test holds it to that.
"""

import re
from typing import Final

import msgspec
from msgspec import UNSET

from market_data.errors import RejectedRecord
from market_data.feeds import MAX_RECORD_BYTES
from market_data.jsontext import MAX_NESTING
from market_data.records import (
    EXCHANGE_PATTERN,
    IDENTIFIER_PATTERN,
    SYMBOL_PATTERN,
    BookLevel,
    DepthLevel,
    MarketDepth,
    OrderBook,
    Record,
    Trade,
)
from market_data.timestamps import to_nanoseconds

_RECORD: Final = msgspec.json.Decoder(Record)
# A single tagged type, unlike a union, may leave the tag out: the original format does.
_ORIGINAL: Final = msgspec.json.Decoder(Trade)

#: Printable ASCII but the backslash: one line, no escapes, and each quote begins or ends a text.
_PLAIN: Final = bytes(set(range(0x20, 0x7F)) - set(b"\\"))

# A key with a value that needs a closer look, wherever it stands. The possessive `?+` and `}+` never give back, so that
# a failed look-ahead is not tried again a character earlier. No group is possessive: before Python 3.11.5, one that
# fails keeps what it had taken, and `"1."` would be a number. What stands behind the digits may still be nonsense, such
# as `"1,"`; msgspec refuses that.
_END: Final = r'["},]'
_POSITIVE: Final = r"(?:[1-9][0-9]{0,19}+(?:\.[0-9]{1,30}+)?|0\.(?![0-9]{31})0*+[1-9][0-9]*+)"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,19}+)(?:\.[0-9]{1,30}+)?"
_DOUBTFUL_PRICE: Final = re.compile(rf'price": ?+(?!"?{_POSITIVE}{_END})'.encode())
_DOUBTFUL_VOLUME: Final = re.compile(rf'volume": ?+(?!"?{_NUMBER}{_END})'.encode())
_DOUBTFUL_LEVEL_ID: Final = {
    name: re.compile(rf'{name}": ?+(?!"[!#-~](?:[ !#-~]{{0,126}}[!#-~])?"|(?:0|-?[1-9][0-9]{{0,18}}+)[,}}])'.encode())
    for name in ("order_id", "level_id")
}

_SYMBOL: Final = re.compile(SYMBOL_PATTERN)
_EXCHANGE: Final = re.compile(EXCHANGE_PATTERN)
_IDENTIFIER: Final = re.compile(IDENTIFIER_PATTERN)
_IDENTIFIERS: Final = frozenset({"sequence", "previous_sequence", "first_sequence", "trade_id", "checksum"})
#: Well inside the longest numeral that is read at all.
_SHORT: Final = 10**90

_ABSURD_NUMERAL: Final = re.compile(rb"[0-9]{40}|[0-9][eE][+-]?[0-9]{3}")


def read_plain(raw: bytes) -> Record | None:
    """The record, where it is beyond doubt; None is no verdict at all."""
    if len(raw) > MAX_RECORD_BYTES or raw.translate(None, _PLAIN) or (b" " in raw and b" :" in raw):
        return None
    if _DOUBTFUL_PRICE.search(raw) or _DOUBTFUL_VOLUME.search(raw):
        return None
    tagged = b'"type"' in raw
    try:
        record: Record = _RECORD.decode(raw) if tagged else _ORIGINAL.decode(raw)
        to_nanoseconds(record.timestamp)
        if record.receive_timestamp is not UNSET:
            to_nanoseconds(record.receive_timestamp)
    except (msgspec.DecodeError, RejectedRecord, RecursionError):
        return None
    if _SYMBOL.fullmatch(record.symbol) is None or _EXCHANGE.fullmatch(record.exchange) is None:
        return None
    # As many keys as the record has fields: had it one of them twice, there would be more. A text that begins with a
    # colon counts as a key as well, which only makes for a needless doubt.
    fields = _count_fields(record, raw)
    return record if fields and fields + tagged == raw.count(b'":') else None


def _count_fields(record: Record, raw: bytes) -> int:
    """How many fields the record has in all, its ids made texts; 0 where some value leaves a doubt."""
    count = 0
    for name, value in zip(record.__struct_fields__, msgspec.structs.astuple(record), strict=True):
        if value is UNSET:
            continue
        count += 1
        if name in _IDENTIFIERS:
            if type(value) is int:
                # Minus zero would lose its sign, and Python refuses to write out an endless integer.
                if not value or not -_SHORT < value < _SHORT:
                    return 0
                msgspec.structs.force_setattr(record, name, str(value))
            elif _IDENTIFIER.fullmatch(value) is None:
                return 0
        elif name == "extra":
            inside = _count_keys(bytes(value))
            if inside is None:
                return 0
            count += inside
    if isinstance(record, OrderBook):
        levels = _count_book_fields(record.bids + record.asks, raw)
        return count + levels if levels is not None else 0
    if isinstance(record, MarketDepth):
        count += _count_depth_fields(record.bids + record.asks, raw)
    return count


def _count_keys(extra: bytes) -> int | None:
    """How many keys the JSON of `extra` has; None where one may be there twice, or its numbers or depth be absurd."""
    if extra.count(b"{") + extra.count(b"[") >= MAX_NESTING or not extra.startswith(b"{"):
        return None
    pieces = extra.split(b'"')
    if _ABSURD_NUMERAL.search(b"".join(pieces[::2])):
        return None
    keys = [text for text, after in zip(pieces[1::2], pieces[2::2], strict=True) if after.startswith(b":")]
    return len(keys) if len(set(keys)) == len(keys) else None


def _count_book_fields(levels: tuple[BookLevel, ...], raw: bytes) -> int | None:
    priced = sum([level.price is not UNSET for level in levels])
    count = priced + sum([level.volume is not UNSET for level in levels])
    for name, doubtful in _DOUBTFUL_LEVEL_ID.items():
        if name.encode() in raw:
            if doubtful.search(raw):
                return None
            count += _count_ids(levels, name)
    if b'"action":' in raw:
        count += sum([level.action is not UNSET for level in levels])
    if b'"order_count":' in raw:
        count += sum([level.order_count is not UNSET for level in levels])
    if priced != len(levels) and not all(level.is_named for level in levels):
        return None
    return count


def _count_ids(levels: tuple[BookLevel, ...], name: str) -> int:
    count = 0
    for level in levels:
        value = getattr(level, name)
        if value is not UNSET:
            count += 1
            if type(value) is int:
                msgspec.structs.force_setattr(level, name, str(value))
    return count


def _count_depth_fields(levels: tuple[DepthLevel, ...], raw: bytes) -> int:
    count = 2 * len(levels)
    if b'"order_count":' in raw:
        count += sum([level.order_count is not UNSET for level in levels])
    return count
