"""Maps the contract's fields to Parquet columns. Tests compare them with the contract and the template's tables."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """How a field of a validated record is stored."""

    TEXT = "text"
    TEXTS = "list of texts"
    INTEGER = "integer"
    #: A decimal number sent as a string: stored as a double to calculate with, as a decimal, and as sent.
    NUMERAL = "numeral"
    #: An RFC 3339 time: stored as sent, as nanoseconds, and as a SQL timestamp.
    TIME = "time"
    LEVELS = "levels"


class Field(NamedTuple):
    """One field of a record."""

    name: str
    kind: Kind
    required: bool = False
    #: Fields of an entry, if the field is a list of levels.
    levels: tuple[Field, ...] = ()


_COMMON = (
    Field("symbol", Kind.TEXT, required=True),
    Field("exchange", Kind.TEXT, required=True),
    Field("timestamp", Kind.TIME, required=True),
    Field("receive_timestamp", Kind.TIME),
    Field("sequence", Kind.TEXT),
    Field("previous_sequence", Kind.TEXT),
    Field("first_sequence", Kind.TEXT),
    Field("conditions", Kind.TEXTS),
    Field("checksum", Kind.TEXT),
    # The producer's object, as the text that was sent.
    Field("extra", Kind.TEXT),
)
_BOOK_LEVEL = (
    Field("price", Kind.NUMERAL),
    Field("volume", Kind.NUMERAL),
    Field("order_id", Kind.TEXT),
    Field("level_id", Kind.TEXT),
    Field("action", Kind.TEXT),
    Field("order_count", Kind.INTEGER),
)
_DEPTH_LEVEL = (
    Field("price", Kind.NUMERAL, required=True),
    Field("volume", Kind.NUMERAL, required=True),
    Field("order_count", Kind.INTEGER),
)

FIELDS: dict[str, tuple[Field, ...]] = {
    "trade": (
        *_COMMON,
        Field("price", Kind.NUMERAL, required=True),
        Field("volume", Kind.NUMERAL, required=True),
        Field("side", Kind.TEXT),
        Field("trade_id", Kind.TEXT),
    ),
    "order_book": (
        *_COMMON,
        Field("book", Kind.TEXT, required=True),
        Field("event", Kind.TEXT, required=True),
        Field("bids", Kind.LEVELS, required=True, levels=_BOOK_LEVEL),
        Field("asks", Kind.LEVELS, required=True, levels=_BOOK_LEVEL),
    ),
    "market_depth": (
        *_COMMON,
        Field("depth", Kind.INTEGER, required=True),
        Field("bids", Kind.LEVELS, required=True, levels=_DEPTH_LEVEL),
        Field("asks", Kind.LEVELS, required=True, levels=_DEPTH_LEVEL),
    ),
}

#: Stream position, which identifies a record: real feeds repeat identical lines.
POSITION = ("shard_id", "sequence_number")
#: Exact, but a product of two overflows, in some engines silently: for calculations there is the double. The contract
#: allows 20 integer digits, which leaves 18 for the fraction.
DECIMAL = "decimal(38,18)"


def parquet_columns(feed: str) -> list[tuple[str, str]]:
    """The feed's columns as (name, type), in type names that Spark and Glue share."""
    stored = [column for each in FIELDS[feed] for column in _stored(each)]
    return [
        ("shard_id", "string"),
        ("sequence_number", "string"),
        ("arrival_ns", "bigint"),
        *stored,
        ("flags", "array<string>"),
        ("raw_key", "string"),
    ]


def line_schema(feed: str) -> str:
    """The complete schema of a validated line; nothing is inferred from the data."""
    record = ",".join(f"{name}:{type_}" for each in FIELDS[feed] for name, type_ in _sent(each))
    head = "v int, shard string, seq string, arrival string, arrival_ns bigint, flags array<string>"
    return f"{head}, record struct<type:string,{record}>"


def line_names(feed: str) -> list[str]:
    """The names of all fields of a validated line, at every level."""
    return sorted({*re.findall(r"(\w+)[: ]", line_schema(feed))})


def _sent(each: Field) -> list[tuple[str, str]]:
    match each.kind:
        case Kind.TEXT | Kind.NUMERAL:
            return [(each.name, "string")]
        case Kind.TEXTS:
            return [(each.name, "array<string>")]
        case Kind.INTEGER:
            return [(each.name, "bigint")]
        case Kind.TIME:
            return [(each.name, "string"), (f"{each.name}_ns", "bigint")]
        case Kind.LEVELS:
            entry = ",".join(f"{name}:{type_}" for inner in each.levels for name, type_ in _sent(inner))
            return [(each.name, f"array<struct<{entry}>>")]


def _stored(each: Field) -> list[tuple[str, str]]:
    match each.kind:
        case Kind.NUMERAL:
            return [(each.name, "double"), (f"{each.name}_exact", DECIMAL), (f"{each.name}_text", "string")]
        case Kind.TIME:
            return [*_sent(each), (f"{each.name}_us", "timestamp")]
        case Kind.LEVELS:
            entry = ",".join(f"{name}:{type_}" for inner in each.levels for name, type_ in _stored(inner))
            return [(each.name, f"array<struct<{entry}>>")]
        case _:
            return _sent(each)
