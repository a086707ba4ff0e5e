"""Validation rules: what each field's value may be, and the reason code if it is not. Exact rather than fast."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, get_args

import msgspec
from msgspec import UNSET, Raw, Struct

from market_data.errors import Reason, RejectedRecord
from market_data.numerals import Numeral, to_decimal
from market_data.records import (
    EXCHANGE_PATTERN,
    IDENTIFIER_PATTERN,
    MAX_CONDITION_LENGTH,
    MAX_CONDITIONS,
    MAX_COUNT,
    MAX_LEVELS,
    RECORD_TYPES,
    SYMBOL_PATTERN,
    Action,
    Book,
    BookLevel,
    DepthLevel,
    Event,
    MarketDepth,
    OrderBook,
    Record,
    Side,
    Trade,
    TradeAction,
)
from market_data.timestamps import to_nanoseconds

Rule = Callable[[Any], Any]

ORIGINAL_FIELDS: Final = frozenset({"symbol", "price", "volume", "timestamp", "exchange"})
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_PRINTABLE: Final = re.compile(r"[ -~]+")


def build_record(fields: Mapping[str, Any], extra: Raw, allow_nonpositive: frozenset[str]) -> Record:
    """Build a record from an object's fields. Raises RejectedRecord. `extra` is that field's text as sent."""
    record_type = _type_of(fields)
    values = {name: value for name, value in fields.items() if name != "type"}
    built = _build(record_type, values)
    if "extra" in built:
        built["extra"] = extra
    record = record_type(**built)
    if isinstance(record, Trade):
        _check_references(record)
    if record.exchange not in allow_nonpositive:
        for where, price in _prices(record):
            if price <= 0:
                raise RejectedRecord(Reason.PRICE_NOT_POSITIVE, f"{where}: {price} on {record.exchange}")
    return record


def _type_of(fields: Mapping[str, Any]) -> type[Trade] | type[OrderBook] | type[MarketDepth]:
    if "type" not in fields:
        if fields.keys() >= ORIGINAL_FIELDS:
            return Trade
        raise RejectedRecord(Reason.UNKNOWN_FEED, "`type` is missing")
    name = fields["type"]
    if type(name) is not str or name not in RECORD_TYPES:
        raise RejectedRecord(Reason.UNKNOWN_FEED, f"type: {_shown(name)}")
    return RECORD_TYPES[name]


def _build(struct_type: type[Struct], fields: Mapping[str, Any]) -> dict[str, Any]:
    rules = RULES[struct_type]
    for name in fields:
        if name not in rules:
            raise RejectedRecord(Reason.UNKNOWN_FIELD, _shown(name))
    for name in _REQUIRED[struct_type]:
        if name not in fields:
            raise RejectedRecord(Reason.MISSING_FIELD, name)
    built = {}
    for name, value in fields.items():
        try:
            built[name] = rules[name](value)
        except RejectedRecord as rejected:
            raise _inside(name, rejected) from None
    return built


def _inside(where: str, rejected: RejectedRecord) -> RejectedRecord:
    """Prefix the detail with the value's place in the record: `bids[3]: price: ...`."""
    joint = "" if rejected.detail.startswith("[") else ": "
    return RejectedRecord(rejected.reason, f"{where}{joint}{rejected.detail}")


def _shown(value: Any) -> str:
    """An untrusted value for a message: at most 64 characters, ASCII only."""
    kinds: dict[type, str] = {dict: "an object", list: "an array", bool: "a boolean", type(None): "null"}
    if type(value) in kinds:
        return kinds[type(value)]
    return f"the number {value[:64]}" if type(value) is Numeral else ascii(value[:64])


def _wrong_type(value: Any, wanted: str) -> RejectedRecord:
    return RejectedRecord(Reason.WRONG_TYPE, f"{_shown(value)} is not {wanted}")


def _as_text(value: Any) -> str:
    if type(value) is not str:
        raise _wrong_type(value, "a string")
    return value


def _text_of(pattern: str, reason: Reason) -> Rule:
    compiled = re.compile(pattern)

    def rule(value: Any) -> str:
        text = _as_text(value)
        if compiled.fullmatch(text) is None:
            raise RejectedRecord(reason, _shown(text))
        return text

    return rule


def _word_of(words: Any) -> Rule:
    allowed = get_args(words)

    def rule(value: Any) -> str:
        text = _as_text(value)
        if text not in allowed:
            raise RejectedRecord(Reason.BAD_VALUE, f"{_shown(text)} is not one of {', '.join(allowed)}")
        return text

    return rule


def _integer_between(lowest: int, highest: int) -> Rule:
    def rule(value: Any) -> int:
        if type(value) is not Numeral or _INTEGER.fullmatch(value) is None:
            raise _wrong_type(value, "an integer")
        number = int(value)
        if not lowest <= number <= highest:
            raise RejectedRecord(Reason.BAD_VALUE, f"{value} is not between {lowest} and {highest}")
        return number

    return rule


_identifier_text: Final = _text_of(IDENTIFIER_PATTERN, Reason.BAD_IDENTIFIER)


def _identifier(value: Any) -> str:
    if type(value) is Numeral:
        if _INTEGER.fullmatch(value) is None:
            raise _wrong_type(value, "a string or an integer")
        return str(value)
    text: str = _identifier_text(value)
    return text


def _decimal(value: Any) -> Decimal:
    if type(value) is not Numeral and type(value) is not str:
        raise _wrong_type(value, "a number")
    return to_decimal(value)


def _volume(value: Any) -> Decimal:
    volume = _decimal(value)
    # Also rejects minus zero: no venue sends it on purpose.
    if value.startswith("-"):
        raise RejectedRecord(Reason.VOLUME_NEGATIVE, _shown(value))
    return volume


def _timestamp(value: Any) -> str:
    text = _as_text(value)
    to_nanoseconds(text)
    return text


def _condition(value: Any) -> str:
    text = _as_text(value)
    if len(text) > MAX_CONDITION_LENGTH:
        raise RejectedRecord(Reason.TOO_LONG, f"{len(text):,} characters")
    if _PRINTABLE.fullmatch(text) is None:
        raise RejectedRecord(Reason.BAD_VALUE, _shown(text))
    return text


def _tuple_of(rule: Rule, limit: int, too_many: Reason) -> Rule:
    def tuple_rule(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _wrong_type(value, "an array")
        if len(value) > limit:
            raise RejectedRecord(too_many, f"{len(value):,} entries")
        built = []
        for index, entry in enumerate(value):
            try:
                built.append(rule(entry))
            except RejectedRecord as rejected:
                raise _inside(f"[{index}]", rejected) from None
        return tuple(built)

    return tuple_rule


def _level_of(level_type: type[BookLevel] | type[DepthLevel]) -> Rule:
    def rule(value: Any) -> BookLevel | DepthLevel:
        if type(value) is not dict:
            raise _wrong_type(value, "an object")
        level = level_type(**_build(level_type, value))
        if isinstance(level, BookLevel) and not level.is_named:
            raise RejectedRecord(Reason.BAD_LEVEL, "has no price, order_id or level_id")
        return level

    return rule


def _extra(value: Any) -> Any:
    if type(value) is not dict:
        raise _wrong_type(value, "an object")
    return value


def _check_references(trade: Trade) -> None:
    """Which trade a cancellation or correction is about must be said, and no other trade is about one."""
    if trade.amends and trade.references is UNSET:
        raise RejectedRecord(Reason.MISSING_FIELD, f"references, of a trade with action {trade.action}")
    if not trade.amends and trade.references is not UNSET:
        raise RejectedRecord(Reason.BAD_VALUE, "references: only with the action cancel or correct")


def _prices(record: Record) -> Iterator[tuple[str, Decimal]]:
    if isinstance(record, Trade):
        yield "price", record.price
        return
    sides: dict[str, tuple[BookLevel | DepthLevel, ...]] = {"bids": record.bids, "asks": record.asks}
    for name, levels in sides.items():
        for index, level in enumerate(levels):
            if level.price is not UNSET:
                yield f"{name}[{index}].price", level.price


_COMMON: Final[dict[str, Rule]] = {
    "symbol": _text_of(SYMBOL_PATTERN, Reason.BAD_SYMBOL),
    "exchange": _text_of(EXCHANGE_PATTERN, Reason.BAD_EXCHANGE),
    "timestamp": _timestamp,
    "receive_timestamp": _timestamp,
    "sequence": _identifier,
    "previous_sequence": _identifier,
    "first_sequence": _identifier,
    "conditions": _tuple_of(_condition, MAX_CONDITIONS, Reason.TOO_LONG),
    "checksum": _identifier,
    "extra": _extra,
}
_COUNT: Final = _integer_between(0, MAX_COUNT)

#: One rule per field of each type; a test compares the names with the types.
RULES: Final[dict[type[Struct], dict[str, Rule]]] = {
    BookLevel: {
        "price": _decimal,
        "volume": _volume,
        "order_id": _identifier,
        "level_id": _identifier,
        "action": _word_of(Action),
        "order_count": _COUNT,
    },
    DepthLevel: {"price": _decimal, "volume": _volume, "order_count": _COUNT},
    Trade: {
        **_COMMON,
        "price": _decimal,
        "volume": _volume,
        "side": _word_of(Side),
        "trade_id": _identifier,
        "action": _word_of(TradeAction),
        "references": _identifier,
    },
    OrderBook: {
        **_COMMON,
        "book": _word_of(Book),
        "event": _word_of(Event),
        "bids": _tuple_of(_level_of(BookLevel), MAX_LEVELS, Reason.TOO_MANY_LEVELS),
        "asks": _tuple_of(_level_of(BookLevel), MAX_LEVELS, Reason.TOO_MANY_LEVELS),
    },
    MarketDepth: {
        **_COMMON,
        "depth": _integer_between(1, MAX_LEVELS),
        "bids": _tuple_of(_level_of(DepthLevel), MAX_LEVELS, Reason.TOO_MANY_LEVELS),
        "asks": _tuple_of(_level_of(DepthLevel), MAX_LEVELS, Reason.TOO_MANY_LEVELS),
    },
}
_REQUIRED: Final = {
    struct_type: tuple(field.name for field in msgspec.structs.fields(struct_type) if field.required)
    for struct_type in RULES
}
