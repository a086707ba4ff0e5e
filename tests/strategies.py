"""Every Hypothesis strategy the suite uses. Tests import from here only.

A record is a plain dict of the contract's fields: numbers are `Decimal`, ids and times texts. How it is written as JSON
is drawn apart from it: `encode(record, style)`, or `raw_records()` for both at once. `hostile_*` must be refused: each
is drawn with the code of the reason.

Strategies that take arguments are cached: Hypothesis validates each new one, which takes longer than drawing from it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.hostile import (
    HOSTILE_AMENDMENTS,
    HOSTILE_BOOK_LEVELS,
    HOSTILE_BYTES,
    HOSTILE_DEPTH_LEVELS,
    HOSTILE_FIELDS,
    HOSTILE_MEMBERS,
    HOSTILE_NUMERALS,
    HOSTILE_PRICES,
    HOSTILE_SYMBOLS,
    HOSTILE_TIMESTAMPS,
    HOSTILE_VOLUMES,
    NOT_OBJECTS,
    NOT_UTF8,
    aggregate,
)

Record = dict[str, Any]

NON_POSITIVE_EXCHANGES = ("DERIBIT", "XCME", "XNYM", "IFEU")
ID_FIELDS = {
    "sequence",
    "previous_sequence",
    "first_sequence",
    "checksum",
    "trade_id",
    "references",
    "order_id",
    "level_id",
}
_REQUIRED_FIELDS = {"symbol", "price", "volume", "timestamp", "exchange", "book", "event", "depth", "bids", "asks"}


# ---------------------------------------------------------------- writing ----
class Verbatim(str):
    """A fragment of JSON, valid or not, that `encode` writes as it is."""


@dataclass(frozen=True)
class Style:
    """A style: one of many JSON encodings of the same record."""

    numbers_as_text: bool = True
    exponents: bool = False
    integer_ids: bool = False
    separators: tuple[str, str] = (",", ":")
    #: "none": UTF-8 as it is; "ascii": what is not ASCII as escapes; "all": every character of every text and key.
    escapes: str = "none"
    #: Rotates the keys of every object, so that no reader can rely on their order.
    rotation: int = 0
    #: Leave `type` out of a trade, as producers of the original format do.
    original: bool = False


COMPACT = Style()


def encode(record: Record, style: Style = COMPACT) -> bytes:
    """Write a record as JSON."""
    if style.original and record.get("type") == "trade":
        record = {name: value for name, value in record.items() if name != "type"}
    return _written(record, "", style).encode()


def _written(value: Any, name: str, style: Style) -> str:
    item, colon = style.separators
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, Decimal):
        literal = _numeral(value, style)
        return f'"{literal}"' if style.numbers_as_text else literal
    if isinstance(value, dict):
        turn = style.rotation % max(len(value), 1)
        keys = [*value][turn:] + [*value][:turn]
        pairs = (f"{_text(key, style)}{colon}{_written(value[key], key, style)}" for key in keys)
        return "{" + item.join(pairs) + "}"
    if isinstance(value, list):
        return "[" + item.join(_written(entry, "", style) for entry in value) + "]"
    if isinstance(value, str):
        is_integer = style.integer_ids and name in ID_FIELDS and value.lstrip("-").isdecimal()
        return value if is_integer and str(int(value)) == value else _text(value, style)
    return json.dumps(value)


def _numeral(value: Decimal, style: Style) -> str:
    if not style.exponents:
        return format(value, "f")
    sign, digits, exponent = value.as_tuple()
    return f"{'-' * sign}{''.join(map(str, digits))}e{exponent}"


def _text(text: str, style: Style) -> str:
    if style.escapes != "all":
        return json.dumps(text, ensure_ascii=style.escapes == "ascii")
    units = text.encode("utf-16-be")
    return '"' + "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)) + '"'


styles = st.builds(
    Style,
    numbers_as_text=st.booleans(),
    exponents=st.booleans(),
    integer_ids=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (",\n  ", " : "), (",", ":\t"), (" ,", ":  ")]),
    escapes=st.sampled_from(["none", "none", "ascii", "all"]),
    rotation=st.integers(0, 9),
    original=st.booleans(),
)


# ----------------------------------------------------------------- fields ----
def _printable(longest: int) -> st.SearchStrategy[str]:
    return st.from_regex(rf"[!-~](?:[ -~]{{0,{longest - 2}}}[!-~])?", fullmatch=True)


symbols = st.sampled_from(["IBM", "BTC-USD", "BRK B", "ESH4-ESM4", ":price", '"\\', "tBTC:USD!"]) | _printable(64)
#: Ends in a digit, unlike any exchange with zero or negative prices.
exchanges = st.sampled_from(["XNYS", "COINBASE", "IEX_D.1-A"]) | st.from_regex(
    r"[A-Z0-9._-]{0,31}[0-9]", fullmatch=True
)
identifiers = st.integers(-(10**40), 10**40).map(str) | st.sampled_from(["0", "-0", "007", "1e5"]) | _printable(128)
conditions = st.lists(st.from_regex(r"[ -~]{1,64}", fullmatch=True), max_size=4)
counts = st.integers(0, 2**31 - 1)


@st.composite
def decimals(draw: st.DrawFn, *, smallest: int = 0) -> Decimal:
    """Any decimal of up to 20 integer and 30 fraction digits, with trailing zeros; `smallest` counts last places."""
    exponent = draw(_exponents)
    return Decimal((0, tuple(map(int, str(draw(_digits(smallest, exponent))))), exponent))


_exponents = st.sampled_from([0, -2, -8, -30, 19]) | st.integers(-30, 19)


@cache
def _digits(smallest: int, exponent: int) -> st.SearchStrategy[int]:
    largest = 10 ** (20 - exponent) - 1
    return st.integers(smallest, min(largest, 10**6)) | st.integers(smallest, largest)


positive_prices = decimals(smallest=1)
volumes = decimals()
any_prices = st.builds(lambda value, sign: value.copy_negate() if sign else value, decimals(), st.booleans())


@st.composite
def timestamps(draw: st.DrawFn) -> str:
    """RFC 3339 with a zone, in the years that int64 nanoseconds hold."""
    moment = draw(_moments).replace(microsecond=0).isoformat()
    return f"{moment}{draw(_fractions)}{draw(_zones)}"


_moments = st.datetimes(datetime(1678, 1, 1), datetime(2262, 1, 1))  # noqa: DTZ001  the zone is drawn apart
_fractions = st.just("") | st.from_regex(r"\.[0-9]{1,9}", fullmatch=True)
_zones = st.just("Z") | st.from_regex(r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]", fullmatch=True)


_harmless_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | any_prices | _harmless_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_harmless_text, inner, max_size=3),
    max_leaves=6,
)
#: Names of the contract's fields on purpose: `extra` is separate from them.
extras = st.dictionaries(
    st.sampled_from(["price", "symbol", "type", "order_id"]) | _harmless_text, json_values, max_size=4
)

_OPTIONAL = {
    "receive_timestamp": timestamps(),
    "sequence": identifiers,
    "previous_sequence": identifiers,
    "first_sequence": identifiers,
    "conditions": conditions,
    "checksum": identifiers,
    "extra": extras,
}


def _at_venues(record_of: Any, *, ordinary: bool) -> st.SearchStrategy[Record]:
    """Records of one kind, by exchange and allowed prices."""
    usual = record_of(exchanges, positive_prices)
    return usual if ordinary else usual | record_of(st.sampled_from(NON_POSITIVE_EXCHANGES), any_prices)


def _record(
    feed: str, exchange: st.SearchStrategy[str], optional: Mapping[str, Any] = _OPTIONAL, **fields: Any
) -> st.SearchStrategy[Record]:
    common = {"type": st.just(feed), "symbol": symbols, "exchange": exchange, "timestamp": timestamps()}
    return st.fixed_dictionaries({**common, **fields}, optional=optional)


# ---------------------------------------------------------------- records ----
_amendments = st.fixed_dictionaries({"action": st.just("new")}) | st.fixed_dictionaries(
    {"action": st.sampled_from(["cancel", "correct"]), "references": identifiers}
)


@cache
def trades(*, ordinary: bool = False) -> st.SearchStrategy[Record]:
    """One valid trade; `ordinary`: of an exchange with positive prices only."""

    def trade(exchange: st.SearchStrategy[str], price: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Record]:
        optional = {**_OPTIONAL, "side": st.sampled_from(["buy", "sell", "none"]), "trade_id": identifiers}
        plain = _record("trade", exchange, optional, price=price, volume=volumes)
        return plain | st.builds(lambda record, more: record | more, plain, _amendments)

    return _at_venues(trade, ordinary=ordinary)


def book_levels(price: st.SearchStrategy[Decimal] = positive_prices) -> st.SearchStrategy[Record]:
    """An entry of a book, named by price, by order or by level."""
    names = {"price": price, "order_id": identifiers, "level_id": identifiers}
    optional = {
        "volume": volumes,
        "action": st.sampled_from(["set", "new", "change", "delete", "fill"]),
        "order_count": counts,
    }
    chosen = (("price",), ("price",), ("order_id",), ("level_id",), ("price", "order_id"))
    return st.one_of(
        *(st.fixed_dictionaries({name: names[name] for name in each}, optional=optional) for each in chosen)
    )


@cache
def order_books(*, ordinary: bool = False) -> st.SearchStrategy[Record]:
    """One valid message of an order book."""

    def book(exchange: st.SearchStrategy[str], price: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Record]:
        sides = st.lists(book_levels(price), max_size=4)
        kind, event = st.sampled_from(["L2", "L3"]), st.sampled_from(["snapshot", "update", "clear"])
        return _record("order_book", exchange, book=kind, event=event, bids=sides, asks=sides)

    return _at_venues(book, ordinary=ordinary)


@cache
def market_depths(*, ordinary: bool = False) -> st.SearchStrategy[Record]:
    """One valid view of the best levels of a book."""

    def depth(exchange: st.SearchStrategy[str], price: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Record]:
        level = st.fixed_dictionaries({"price": price, "volume": volumes}, optional={"order_count": counts})
        sides = st.lists(level, max_size=4)
        return _record("market_depth", exchange, depth=st.integers(1, 10_000), bids=sides, asks=sides)

    return _at_venues(depth, ordinary=ordinary)


@cache
def records(*, ordinary: bool = False) -> st.SearchStrategy[Record]:
    """One valid record of any feed."""
    feeds = (trades, order_books, market_depths)
    return st.one_of(*(feed(ordinary=ordinary) for feed in feeds))


@cache
def raw_records(record: st.SearchStrategy[Record] | None = None) -> st.SearchStrategy[bytes]:
    """One valid record as bytes, in any valid encoding."""
    return st.builds(encode, records() if record is None else record, styles)


# ---------------------------------------------------------------- hostile ----
def _because(reason: str | None, fragments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return fragments.map(lambda fragment: (fragment, reason))


_quoted_or_not = st.sampled_from(["{}", '"{}"'])
#: JSON in place of any price or volume.
hostile_numerals = st.sampled_from(HOSTILE_NUMERALS) | _because(
    "too_many_digits",
    st.builds(
        str.format,
        _quoted_or_not,
        st.integers(21, 20_000).map(lambda n: "7" * n)
        | st.integers(31, 20_000).map(lambda n: "0." + "0" * (n - 1) + "7")
        | st.builds("{}e{}".format, st.integers(1, 99), st.integers(20, 10**30) | st.integers(-(10**30), -33)),
    ),
)
#: JSON in place of a symbol.
hostile_symbols = st.sampled_from(HOSTILE_SYMBOLS) | _because(
    "bad_symbol",
    st.builds("{}{}".format, symbols, st.characters(min_codepoint=0xA0, exclude_categories=["Cs"])).map(json.dumps),
)
#: Texts, not JSON.
hostile_timestamps = (
    st.sampled_from(HOSTILE_TIMESTAMPS)
    | _because("no_time_zone", _moments.map(datetime.isoformat))
    | _because("bad_timestamp", st.from_regex(r"2024-03-04T14:30:00\.[0-9]{10,40}Z", fullmatch=True))
    | _because("impossible_date", st.from_regex(r"2023-02-(29|3[0-9])T14:30:00(\.[0-9]{1,9})?Z", fullmatch=True))
)
hostile_members = st.sampled_from(HOSTILE_MEMBERS)
hostile_bytes = st.sampled_from(HOSTILE_BYTES)


@st.composite
def hostile_json(draw: st.DrawFn) -> tuple[bytes, str]:
    """A valid record broken so that it is not JSON: truncated, continued, or with an extra comma."""
    raw = draw(raw_records())
    kind = draw(st.sampled_from(["cut", "continued", "comma", "mark"]))
    if kind == "cut":
        # Not within a character: that would be another reason.
        return raw.decode()[: draw(st.integers(0, len(raw.decode()) - 1))].encode(), "not_json"
    if kind == "continued":
        return raw + draw(st.sampled_from([b"{}", b",", b"]", b"}", b"//", b"\x00", b"1", b"null"])), "not_json"
    return (raw[:-1] + b",}" if kind == "comma" else b"\xef\xbb\xbf" + raw), "not_json"


@st.composite
def hostile_nestings(draw: st.DrawFn) -> tuple[bytes, str]:
    """Arrays and objects nested too deeply, by one level or many, with brackets in texts to confuse a counter."""
    levels = draw(st.lists(st.sampled_from([("[", "]"), ('{"a":', "}")]), min_size=1, max_size=8))
    depth = draw(st.sampled_from([65, 66, 500, 5_000, 20_000]))
    opening = [levels[n % len(levels)] for n in range(depth)]
    inside = draw(st.sampled_from(["1", '"]}"', r'"\"]"', '"' + "]" * 80 + '"']))
    text = "".join(before for before, _ in opening) + inside + "".join(after for _, after in reversed(opening))
    return text.encode(), "nesting_too_deep"


#: Several records that the Kinesis Producer Library has aggregated into one.
hostile_aggregates = _because("kpl_aggregate", st.lists(raw_records(), min_size=1, max_size=5).map(aggregate))
#: JSON, and no object.
hostile_scalars = _because(
    "not_an_object",
    st.sampled_from(NOT_OBJECTS) | st.lists(json_values, max_size=3).map(lambda value: encode_value(value)),
)


def encode_value(value: Any) -> bytes:
    """Write any JSON value."""
    return _written(value, "", COMPACT).encode()


_DEFECTS = ["number", "symbol", "time", "member", "field", "level", "missing", "twice", "utf8", "amendment"]
_ordinary_books = order_books(ordinary=True) | market_depths(ordinary=True)


@st.composite
def hostile_records(draw: st.DrawFn) -> tuple[bytes, str]:
    """A record with exactly one defect, as bytes, and the code of its rejection reason."""
    record = draw(records(ordinary=True))
    style = draw(styles)
    kind = draw(st.sampled_from(_DEFECTS))
    if kind == "number":
        places = [(record, "price"), (record, "volume")] if record["type"] == "trade" else _level_numbers(record)
        holder, name = draw(st.sampled_from(places))
        fragment, reason = draw(
            hostile_numerals | st.sampled_from(HOSTILE_VOLUMES if name == "volume" else HOSTILE_PRICES)
        )
        holder[name] = Verbatim(fragment)
    elif kind == "symbol":
        fragment, reason = draw(hostile_symbols)
        record["symbol"] = Verbatim(fragment)
    elif kind == "time":
        text, reason = draw(hostile_timestamps)
        record[draw(st.sampled_from(["timestamp", "receive_timestamp"]))] = text
    elif kind == "member":
        fragment, reason = draw(hostile_members)
        record["extra"] = Verbatim("{" + fragment + "}")
    elif kind == "field":
        name, fragment, reason = draw(st.sampled_from(HOSTILE_FIELDS))
        record[name] = Verbatim(fragment)
        style = replace(style, original=False)
    elif kind == "level":
        record = draw(_ordinary_books)
        levels = HOSTILE_BOOK_LEVELS if record["type"] == "order_book" else HOSTILE_DEPTH_LEVELS
        fragment, reason = draw(st.sampled_from(levels))
        record[draw(st.sampled_from(["bids", "asks"]))].append(Verbatim(fragment))
    elif kind == "amendment":
        record = draw(trades(ordinary=True))
        record = {name: value for name, value in record.items() if name not in {"action", "references"}}
        more, reason = draw(st.sampled_from(HOSTILE_AMENDMENTS))
        record |= more
    elif kind == "missing":
        required = [name for name in record if name in _REQUIRED_FIELDS]
        del record[draw(st.sampled_from(required))]
        reason = "missing_field"
        style = replace(style, original=False)
    elif kind == "twice":
        raw = encode(record, style)
        return raw[:-1] + b',"symbol":' + draw(st.sampled_from([b'"X"', b"1", b"{}"])) + b"}", "duplicate_key"
    else:
        record["extra"] = Verbatim('{"note":"@@here@@"}')
        return encode(record, style).replace(b"@@here@@", draw(st.sampled_from(NOT_UTF8))), "not_utf8"
    return encode(record, style), reason


def _level_numbers(record: Record) -> list[tuple[Record, str]]:
    if not record["bids"] + record["asks"]:
        record["bids"] = [{"price": Decimal(1), "volume": Decimal(1)}]
    return [(level, name) for level in record["bids"] + record["asks"] for name in ("price", "volume")]


#: Everything on the stream that must be quarantined.
hostile_inputs = st.one_of(
    hostile_records(), hostile_bytes, hostile_json(), hostile_nestings(), hostile_aggregates, hostile_scalars
)
#: Valid records (reason None) and hostile ones, in any order.
mixed_batches = st.lists(_because(None, raw_records()) | hostile_inputs, min_size=1, max_size=12)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A valid record with some bytes removed, repeated or replaced: mostly broken in unforeseen ways."""
    raw = draw(raw_records())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 12)))
        raw = raw[:start] + draw(st.just(b"") | st.just(raw[start:end] * 2) | _SPLICES) + raw[end:]
    return raw


_PIECES = (
    rb'" { } [ ] , : - 0 999999999999999999999999999999 e5 E-40 .0 \ \u0000 \ud800 null true NaN _ + "price":1 "a":1,'
)
_SPLICES = st.binary(max_size=3) | st.sampled_from(
    [*_PIECES.split(b" "), b" ", b"\n", b"\t", b"\xc3\xa9", b',"price":1']
)


# -------------------------------------------------------------------- IAM ----
#: Few characters, so that patterns and texts often meet.
iam_texts = st.text("aAb:/", max_size=8)
iam_patterns = st.text("aAb:/*?", max_size=7)
