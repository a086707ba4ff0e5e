"""Fast path of `parse` for the usual form of a valid record; every other record goes to `parse_exactly`.

It returns a record only where `parse_exactly` would return the same one, which a property test checks.
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
# Unlike a union, a single tagged type accepts records without the tag, as in the original format.
_ORIGINAL: Final = msgspec.json.Decoder(Trade)

#: Printable ASCII except the backslash: one line, no escapes, and each quote starts or ends a string.
_UNESCAPED: Final = bytes(set(range(0x20, 0x7F)) - set(b"\\"))

# A key, at any depth, whose value needs the exact parser. Possessive `?+` and `}+` do not backtrack, so a failed
# look-ahead is not tried again one character earlier. Groups are not possessive: before Python 3.11.5, a failing one
# keeps its match, and `"1."` would be a number. Invalid text after the digits, such as `"1,"`, is left to msgspec.
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
#: Of a trade. Rare, and valid only together: left to the exact parser.
_AMENDING: Final = frozenset({"action", "references"})
#: Well below the longest accepted number.
_SHORT: Final = 10**90

_HUGE_NUMERAL: Final = re.compile(rb"[0-9]{40}|[0-9][eE][+-]?[0-9]{3}")


def read_common(raw: bytes) -> Record | None:
    """Return the record if the fast path can read it, else None; None does not mean invalid."""
    if len(raw) > MAX_RECORD_BYTES or raw.translate(None, _UNESCAPED) or (b" " in raw and b" :" in raw):
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
    # Exactly one key per field: a duplicate key would make more. A string that starts with a colon counts as a key too;
    # such a record only takes the exact path.
    fields = _count_fields(record, raw)
    return record if fields and fields + tagged == raw.count(b'":') else None


def _count_fields(record: Record, raw: bytes) -> int:
    """Count the record's fields at all depths and turn ids into strings; 0 if a value needs the exact parser."""
    count = 0
    for name, value in zip(record.__struct_fields__, msgspec.structs.astuple(record), strict=True):
        if value is UNSET:
            continue
        count += 1
        if name in _IDENTIFIERS:
            if type(value) is int:
                # Minus zero would lose its sign, and Python limits the digits of a printed integer.
                if not value or not -_SHORT < value < _SHORT:
                    return 0
                msgspec.structs.force_setattr(record, name, str(value))
            elif _IDENTIFIER.fullmatch(value) is None:
                return 0
        elif name in _AMENDING:
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
    """Count the keys in the JSON of `extra`; None for a possible duplicate, a huge number or deep nesting."""
    if extra.count(b"{") + extra.count(b"[") >= MAX_NESTING or not extra.startswith(b"{"):
        return None
    between_quotes = extra.split(b'"')
    if _HUGE_NUMERAL.search(b"".join(between_quotes[::2])):
        return None
    quoted = zip(between_quotes[1::2], between_quotes[2::2], strict=True)
    keys = [text for text, after in quoted if after.startswith(b":")]
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
