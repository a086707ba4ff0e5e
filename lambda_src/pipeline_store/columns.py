"""What the lake's columns are and mean: the one place that the job, the tables and docs/data.md are held to.

Tests compare it with the contract (tests/unit/pipeline_store/test_columns.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
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
    #: For people who query: one line, without its kind. Glue keeps at most 255 characters of a column's comment
    #: (https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html).
    meaning: str
    example: str
    required: bool = False
    #: Fields of an entry, if the field is a list of levels.
    levels: tuple[Field, ...] = ()


_TIME = "2026-11-20T14:30:00.123"
_COMMON = (
    Field("symbol", Kind.TEXT, "Instrument, as the venue writes it", "ETH/BTC", required=True),
    Field("exchange", Kind.TEXT, "Venue: its ISO 10383 MIC, or its name in capitals", "XNAS", required=True),
    Field(
        "timestamp", Kind.TIME, "When it happened, by the venue's clock", "2026-11-20T14:30:00.123456Z", required=True
    ),
    Field("receive_timestamp", Kind.TIME, "When the producer received it", "2026-11-20T14:30:00.123999Z"),
    Field("sequence", Kind.TEXT, "The venue's number of this message", "1042"),
    Field("previous_sequence", Kind.TEXT, "The venue's number of the message before; else one is missing", "1041"),
    Field("first_sequence", Kind.TEXT, "First number, of a message that stands for several", "1040"),
    Field("conditions", Kind.TEXTS, "Sale or quote conditions, as the venue codes them", "['@', 'F']"),
    Field("checksum", Kind.TEXT, "The venue's checksum of the book after this message", "3310070434"),
    # The producer's object, as the text that was sent.
    Field("extra", Kind.TEXT, "What the producer sent beside these fields: a JSON object, as sent", '{"tape":"C"}'),
)
_ORDER_COUNT = Field("order_count", Kind.INTEGER, "Orders at the level", "3")
_BOOK_LEVEL = (
    Field("price", Kind.NUMERAL, "Price of the level or order", "154.10"),
    Field("volume", Kind.NUMERAL, "What is left there; 0 removes the level", "200"),
    Field("order_id", Kind.TEXT, "The order, in an L3 book", "981273645"),
    Field("level_id", Kind.TEXT, "The level, where a venue names levels by an id", "8799284800"),
    Field("action", Kind.TEXT, "What happens to it: set, new, change, delete or fill", "new"),
    _ORDER_COUNT,
)
_DEPTH_LEVEL = (
    Field("price", Kind.NUMERAL, "Price of the level", "154.10", required=True),
    Field("volume", Kind.NUMERAL, "Volume at the level", "200", required=True),
    _ORDER_COUNT,
)
_SIDES = {"bids": "buy", "asks": "sell"}

FIELDS: dict[str, tuple[Field, ...]] = {
    "trade": (
        *_COMMON,
        Field("price", Kind.NUMERAL, "Price of one unit, in the quote currency", "154.10", required=True),
        Field("volume", Kind.NUMERAL, "Units traded", "100", required=True),
        Field("side", Kind.TEXT, "The side that took liquidity: buy, sell or none", "buy"),
        Field("trade_id", Kind.TEXT, "The venue's id of the trade", "5011"),
        Field("action", Kind.TEXT, "cancel or correct, of an earlier trade; new or null: a trade", "correct"),
        Field("references", Kind.TEXT, "trade_id of the trade that it cancels or corrects", "5008"),
    ),
    "order_book": (
        *_COMMON,
        Field("book", Kind.TEXT, "L2 (levels) or L3 (orders)", "L2", required=True),
        Field("event", Kind.TEXT, "A snapshot (all of the book), an update or a clear", "update", required=True),
        *(
            Field(name, Kind.LEVELS, f"Entries of the {side} side, as sent", "", required=True, levels=_BOOK_LEVEL)
            for name, side in _SIDES.items()
        ),
    ),
    "market_depth": (
        *_COMMON,
        Field("depth", Kind.INTEGER, "Levels that the view has at most on each side", "1", required=True),
        *(
            Field(name, Kind.LEVELS, f"The {side} side, best price first", "", required=True, levels=_DEPTH_LEVEL)
            for name, side in _SIDES.items()
        ),
    ),
}


class Column(NamedTuple):
    """One column of a table: its Parquet type, in a name that Spark and Glue share, and what people read about it."""

    name: str
    type: str
    comment: str
    example: str = ""
    nullable: bool = False


#: Stream position, which identifies a record: real feeds repeat identical lines.
POSITION = ("shard_id", "sequence_number")
#: Exact, but a product of two overflows, in some engines silently: for calculations there is the double. The contract
#: allows 20 integer digits, which leaves 18 for the fraction.
DECIMAL = "decimal(38,18)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_FIRST = (
    Column("shard_id", "string", "Shard of the stream; identifies the record with sequence_number", "shardId-0001"),
    Column("sequence_number", "string", "Position in the shard: text, compare by length first", "4965…0001"),
    Column(
        "arrival_ns",
        "bigint",
        "When the stream took the record: ns since 1970, whole milliseconds",
        "1795185000250000000",
    ),
)
#: Marks of the job, which alone sees what stood before a message.
SEQUENCE_REPEATED, SEQUENCE_RESET, SEQUENCE_GAP = "sequence_repeated", "sequence_reset", "sequence_gap"
#: What each says, for docs/data.md.
SEQUENCE_FLAGS = {
    SEQUENCE_REPEATED: "`sequence` is that of the message before: it was sent again",
    SEQUENCE_RESET: "`sequence` is below that of the message before: the venue began again, or this one came late",
    SEQUENCE_GAP: "`previous_sequence` is not that of the message before; the column of this name has the difference",
}
_LAST = (
    Column(
        SEQUENCE_GAP,
        "bigint",
        "previous_sequence less the sequence of the message before, where it does not continue",
        "3",
        nullable=True,
    ),
    Column("flags", "array<string>", "What is suspicious about a valid record", "['crossed_book']"),
    Column("raw_key", "string", "Object in the raw bucket that has the record byte for byte", "market-data/feed=…"),
)
_ARRIVED = "of the arrival, UTC: not of the event"
#: Partition keys of the Parquet tables.
PARTITION_KEYS = (
    Column("date", "string", f"Day {_ARRIVED}", "2026-11-20"),
    Column("hour", "string", f"Hour {_ARRIVED}", "14"),
)
#: The table of raw objects.
RAW_COLUMNS = (
    Column("line", "string", "A record with its position and arrival: JSON with the message in data or data_base64"),
)
RAW_PARTITION_KEYS = (
    Column("feed", "string", "Feed, or unknown where the record does not name one", "trade"),
    *(Column(each, "string", f"{each.capitalize()} {_ARRIVED}") for each in ("year", "month", "day", "hour")),
)


def columns(feed: str) -> list[Column]:
    """The columns of the feed's Parquet files, in their order."""
    return [*_FIRST, *(column for each in FIELDS[feed] for column in _columns(each)), *_LAST]


def columns_of_levels(each: Field) -> list[Column]:
    """What an entry of this list has."""
    return [column for inner in each.levels for column in _columns(inner)]


def parquet_columns(feed: str) -> list[tuple[str, str]]:
    """The feed's columns as (name, type)."""
    return [(each.name, each.type) for each in columns(feed)]


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


def _columns(each: Field) -> list[Column]:
    return [Column(name, type_, comment, example, not each.required) for name, type_, comment, example in _stored(each)]


def _stored(each: Field) -> list[tuple[str, str, str, str]]:
    name, said = each.name, each.example
    match each.kind:
        case Kind.NUMERAL:
            return [
                (name, "double", f"{each.meaning}: the nearest double, to calculate with", repr(float(said))),
                (f"{name}_exact", DECIMAL, f"{name}, exact to 18 decimals: to compare and sum, not to multiply", said),
                (f"{name}_text", "string", f"{name} with every digit, as sent", said),
            ]
        case Kind.TIME:
            us = (datetime.fromisoformat(said) - _EPOCH) // timedelta(microseconds=1)
            return [
                (name, "string", f"{each.meaning}, as sent", said),
                (f"{name}_ns", "bigint", f"{name} in nanoseconds since 1970, UTC", str(us * 1000)),
                (
                    f"{name}_us",
                    "timestamp",
                    f"{name} in UTC, cut to microseconds",
                    said.removesuffix("Z").replace("T", " "),
                ),
            ]
        case Kind.LEVELS:
            entry = ",".join(f"{column.name}:{column.type}" for column in columns_of_levels(each))
            return [(name, f"array<struct<{entry}>>", each.meaning, said)]
        case _:
            ((_, type_),) = _sent(each)
            return [(name, type_, each.meaning, said)]
