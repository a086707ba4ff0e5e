"""The generated tables of docs/data.md: columns, flags, and which formats fill what."""

from harness.markdown import code
from harness.replay.fills import FILLS
from market_data.flagging import FLAGS
from pipeline_store.columns import (
    FIELDS,
    PARTITION_KEYS,
    RAW_COLUMNS,
    RAW_PARTITION_KEYS,
    SEQUENCE_FLAGS,
    Column,
    Kind,
    columns,
    columns_of_levels,
)  # fmt: skip

_EVERY = set.intersection(*({each.name for each in columns(feed)} for feed in FIELDS))


def _table(rows: list[Column]) -> str:
    lines = [
        f"| {code(each.name)} | {code(_short(each.type))} | {'yes' if each.nullable else 'no'} | {each.comment} | "
        f"{code(each.example) if each.example else ''} |"
        for each in rows
    ]
    return "\n".join(("| column | type | may be null | meaning | example |", "|---|---|---|---|---|", *lines))


def _short(type_: str) -> str:
    return "array<struct>" if type_.startswith("array<struct") else type_


def _common() -> str:
    return _table([each for each in columns("trade") if each.name in _EVERY])


def _own(feed: str) -> str:
    return _table([each for each in columns(feed) if each.name not in _EVERY])


def _levels(feed: str) -> str:
    return _table(columns_of_levels(next(each for each in FIELDS[feed] if each.kind is Kind.LEVELS)))


def _flags() -> str:
    return "\n".join(f"- `{flag}`: {meaning}" for flag, meaning in {**FLAGS, **SEQUENCE_FLAGS}.items())


def _fills() -> str:
    rows = [f"| `{name}` | {', '.join(sorted(formats))} |" for name, formats in FILLS.items()]
    return "\n".join(("| field | filled from |", "|---|---|", *rows))


PARTS = {
    "columns": _common,
    "trade": lambda: _own("trade"),
    "order_book": lambda: _own("order_book"),
    "order_book_levels": lambda: _levels("order_book"),
    "market_depth": lambda: _own("market_depth"),
    "market_depth_levels": lambda: _levels("market_depth"),
    "partition_keys": lambda: _table([*PARTITION_KEYS]),
    "raw_columns": lambda: _table([*RAW_COLUMNS, *RAW_PARTITION_KEYS]),
    "flags": _flags,
    "fills": _fills,
}
