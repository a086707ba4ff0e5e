"""Bad records, each with its expected rejection reason. None contains a line end."""

import hashlib
import json
from collections.abc import Callable

from harness.replay.market import Fields, Market, encoded
from market_data import MAX_RECORD_BYTES, Reason
from market_data.feeds import KPL_MAGIC

Spoiled = tuple[bytes, Reason]
Spoil = Callable[[Market], Spoiled]


def _trade(market: Market) -> Fields:
    """A typed trade with every field that is changed below, on an exchange with positive prices only."""
    instrument = market.positive_only[int(market.rng.random() * len(market.positive_only))]
    fields = {"type": '"trade"', "price": '"1.50"', "volume": '"100"', "side": '"buy"', "trade_id": '"1"'}
    return fields | {k: v for k, v in market.trade(instrument).items() if k not in ("conditions", "extra")}


def _with(reason: Reason, **fields: str) -> Spoil:
    return lambda market: (encoded(_trade(market) | fields), reason)


def _without(*names: str, reason: Reason = Reason.MISSING_FIELD) -> Spoil:
    return lambda market: (encoded({k: v for k, v in _trade(market).items() if k not in names}), reason)


def _book(reason: Reason, **fields: str) -> Spoil:
    book = {"type": '"order_book"', "book": '"L3"', "event": '"update"', "bids": "[]", "asks": "[]"}
    return lambda market: (encoded(book | _head(market) | fields), reason)


def _depth(reason: Reason, **fields: str) -> Spoil:
    depth = {"type": '"market_depth"', "depth": "1", "bids": "[]", "asks": '[{"price":"5","volume":"1"}]'}
    return lambda market: (encoded(depth | _head(market) | fields), reason)


def _head(market: Market) -> Fields:
    trade = _trade(market)
    return {name: trade[name] for name in ("symbol", "exchange", "timestamp")}


def _bytes(reason: Reason, spoil: Callable[[bytes], bytes]) -> Spoil:
    return lambda market: (spoil(encoded(_trade(market))), reason)


#: Kinesis's maximum record size, including the partition key.
_LONGEST = 1024 * 1024
#: Length of the partition key of a record without an instrument: a digest.
_DIGEST_KEY = 32


def _aggregate(market: Market, size: int) -> bytes:
    """A Kinesis Producer Library aggregate: magic number, AggregatedRecord in protobuf, MD5 of that."""
    packed = bytearray().join(_field(1, f"key-{number}".encode()) for number in range(3))
    while True:
        index = _varint(int(market.rng.random() * 3))
        packed += _field(3, b"\x08" + index + _field(3, encoded(_trade(market))))
        if len(packed) < size:
            continue
        aggregate = KPL_MAGIC + packed + hashlib.md5(packed, usedforsecurity=False).digest()
        # If the digest contains a newline byte, add a record to change it.
        if b"\n" not in aggregate:
            return aggregate


def _field(number: int, content: bytes) -> bytes:
    tag = _varint(number << 3 | 2)
    # The library writes the tag of field 1 as 0x0A, a newline, which would split the line. A varint may have
    # leading zeros: to protobuf this is the same. (tests/hostile.py has an aggregate with the byte itself.)
    return (b"\x8a\x00" if tag == b"\n" else tag) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])


def _kpl(market: Market) -> Spoiled:
    return _aggregate(market, 500), Reason.KPL_AGGREGATE


def _large_kpl(market: Market) -> Spoiled:
    return _aggregate(market, 1_000_000), Reason.KPL_AGGREGATE


def _only(reason: Reason, raw: bytes) -> Spoil:
    return lambda _: (raw, reason)


#: Bad records no larger than a valid one, with every reason for which that is possible.
CHEAP: tuple[Spoil, ...] = (
    _kpl,
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xff', 1)),
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xe2\x82', 1)),
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xed\xa0\x80', 1)),
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xc0\xaf', 1)),
    _bytes(Reason.NOT_UTF8, lambda raw: raw[:-1] + b',"extra":{"note":"cr\xe9dit"}}'),
    _bytes(Reason.NOT_UTF8, lambda raw: raw.decode().encode("utf-16")),
    _only(Reason.NOT_UTF8, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"),
    _only(Reason.NOT_UTF8, b"\xf3\x89\x9a"),
    _bytes(Reason.NOT_JSON, lambda raw: raw[: len(raw) // 2]),
    _bytes(Reason.NOT_JSON, lambda raw: raw[:-1] + b",}"),
    _bytes(Reason.NOT_JSON, lambda raw: raw + raw),
    _bytes(Reason.NOT_JSON, lambda raw: b"\xef\xbb\xbf" + raw),
    _bytes(Reason.NOT_JSON, lambda raw: raw.replace(b'"', b"'")),
    _bytes(Reason.NOT_JSON, lambda _: b" "),
    _bytes(Reason.NOT_JSON, lambda raw: b"\x00" + raw),
    _bytes(Reason.NOT_JSON, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\t', 1)),
    _bytes(Reason.NOT_JSON, lambda raw: raw + b"//"),
    _only(Reason.NOT_JSON, b"IBM,182.10,300,2024-03-04T14:30:00Z,XNYS"),
    _only(Reason.NOT_JSON, b"8=FIX.4.4\x019=65\x0135=W\x0155=IBM\x0110=128\x01"),
    _only(Reason.NOT_JSON, b"<trade symbol='IBM'/>"),
    _with(Reason.NOT_JSON, price="01"),
    _with(Reason.NOT_JSON, price="0x10"),
    _bytes(Reason.NESTING_TOO_DEEP, lambda raw: raw[:-1] + b',"extra":' + b'{"a":' * 65 + b"1" + b"}" * 66),
    _with(Reason.NESTING_TOO_DEEP, extra='{"a":' * 64 + "1" + "}" * 64),
    _with(Reason.NESTING_TOO_DEEP, extra='{"a":' + '["]",' * 63 + "1" + "]" * 63 + "}"),
    _with(Reason.NESTING_TOO_DEEP, extra='{"\\\\":[' * 32 + r'"\\\"]}"' + "]}" * 32),
    _with(Reason.NON_FINITE_NUMBER, price="NaN"),
    _with(Reason.NON_FINITE_NUMBER, volume="-Infinity"),
    _with(Reason.NON_FINITE_NUMBER, extra='{"a":[1,Infinity]}'),
    _depth(Reason.NON_FINITE_NUMBER, asks='[{"price":NaN,"volume":"1"}]'),
    _with(Reason.LONE_SURROGATE, symbol='"IBM\\ud800"'),
    _with(Reason.LONE_SURROGATE, extra='{"\\udc00":1}'),
    _bytes(Reason.NOT_AN_OBJECT, lambda raw: b"[" + raw + b"]"),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b'"IBM 182.10 300"'),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b"null"),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b"182.10"),
    _only(Reason.NOT_AN_OBJECT, b"-0.0"),
    _only(Reason.NOT_AN_OBJECT, b"true"),
    _only(Reason.NOT_AN_OBJECT, b'""'),
    _only(Reason.NOT_AN_OBJECT, b"[" * 64 + b"]" * 64),
    _bytes(Reason.DUPLICATE_KEY, lambda raw: raw[:-1] + b',"price":"999999"}'),
    _with(Reason.DUPLICATE_KEY, extra='{"a":1,"a":2}'),
    _with(Reason.DUPLICATE_KEY, extra='{"a":[[{"b":{"c":1,"d":2,"c":1}}]]}'),
    _bytes(Reason.DUPLICATE_KEY, lambda raw: raw[:-1] + rb',"\u0070rice":"999999"}'),
    _bytes(Reason.DUPLICATE_KEY, lambda raw: raw[:-1] + b',"type":"order_book"}'),
    _book(Reason.DUPLICATE_KEY, bids='[{"price":"5","volume":"1"},{"price":"4","volume":"1","price":"4"}]'),
    _depth(Reason.DUPLICATE_KEY, bids=r'[{"price":"4","volume":"1","volum\u0065":"1"}]'),
    _with(Reason.CONTROL_CHARACTER, conditions='["\\u0007"]'),
    _with(Reason.CONTROL_CHARACTER, extra='{"note":"one\\u000atwo"}'),
    _with(Reason.CONTROL_CHARACTER, symbol='"IBM\\u0000"'),
    _with(Reason.CONTROL_CHARACTER, extra='{"a":"\x7f"}'),
    _with(Reason.CONTROL_CHARACTER, extra='{"\x85":1}'),
    _with(Reason.UNKNOWN_FEED, type='"quote"'),
    _with(Reason.UNKNOWN_FEED, type="5"),
    _with(Reason.UNKNOWN_FEED, type='"Trade"'),
    _with(Reason.UNKNOWN_FEED, type='"../trade"'),
    _with(Reason.UNKNOWN_FEED, type="null"),
    _only(Reason.UNKNOWN_FEED, b"{}"),
    _without("type", "volume", reason=Reason.UNKNOWN_FEED),
    _with(Reason.UNKNOWN_FIELD, pirce='"182.10"'),
    _without("price"),
    _without("exchange"),
    _depth(Reason.MISSING_FIELD, bids='[{"price":"4"}]'),
    _with(Reason.WRONG_TYPE, price="true"),
    _with(Reason.WRONG_TYPE, volume="null"),
    _with(Reason.WRONG_TYPE, symbol="5"),
    _with(Reason.WRONG_TYPE, timestamp="1709562600"),
    _book(Reason.WRONG_TYPE, bids="{}"),
    _with(Reason.BAD_SYMBOL, symbol='""'),
    _with(Reason.BAD_SYMBOL, symbol='"IBM "'),
    _with(Reason.BAD_SYMBOL, symbol='"' + "X" * 65 + '"'),
    _with(Reason.BAD_SYMBOL, symbol='"\u0410APL"'),  # a Cyrillic A
    _with(Reason.BAD_SYMBOL, symbol='"IBM\u202e"'),  # what follows is shown from right to left
    _with(Reason.BAD_SYMBOL, symbol=r'"\ud83d\ude00"'),
    _with(Reason.BAD_EXCHANGE, exchange='"xnys"'),
    _with(Reason.BAD_EXCHANGE, exchange='"../../etc"'),
    _with(Reason.BAD_IDENTIFIER, trade_id='""'),
    _with(Reason.BAD_IDENTIFIER, trade_id='"' + "9" * 129 + '"'),
    _with(Reason.BAD_NUMBER, price='"1_000"'),
    _with(Reason.BAD_NUMBER, price='"1,5"'),
    _with(Reason.BAD_NUMBER, price='" 1"'),
    _with(Reason.BAD_NUMBER, price='"+1"'),
    _with(Reason.BAD_NUMBER, price='"01"'),
    _with(Reason.BAD_NUMBER, price='"\u0661\u0662"'),  # Arabic digits, which Python's Decimal reads
    _with(Reason.BAD_NUMBER, volume='"NaN"'),
    _with(Reason.BAD_NUMBER, volume='"\uff11"'),  # a full-width 1
    _with(Reason.BAD_NUMBER, price='""'),
    _with(Reason.BAD_NUMBER, price='"0x10"'),
    _with(Reason.BAD_NUMBER, volume='"1e"'),
    _with(Reason.TOO_MANY_DIGITS, price="1" + "0" * 20),
    _with(Reason.TOO_MANY_DIGITS, price='"0.' + "1" * 31 + '"'),
    _with(Reason.TOO_MANY_DIGITS, volume='"1e999999"'),
    _with(Reason.TOO_MANY_DIGITS, volume="1e-999999"),
    _with(Reason.TOO_MANY_DIGITS, price="1e999999"),
    _with(Reason.TOO_MANY_DIGITS, volume="0e999999"),
    _with(Reason.TOO_MANY_DIGITS, price='"1e99999999999999999999"'),
    _with(Reason.TOO_MANY_DIGITS, price="9" * 5_000),
    _with(Reason.TOO_MANY_DIGITS, trade_id="9" * 101),
    _with(Reason.TOO_MANY_DIGITS, extra='{"a":1e999999}'),
    _only(Reason.TOO_MANY_DIGITS, b"1e999999"),
    _with(Reason.PRICE_NOT_POSITIVE, price='"0"'),
    _with(Reason.PRICE_NOT_POSITIVE, price="-0.01"),
    _depth(Reason.PRICE_NOT_POSITIVE, bids='[{"price":"-4","volume":"1"}]'),
    _with(Reason.VOLUME_NEGATIVE, volume='"-1"'),
    _with(Reason.BAD_TIMESTAMP, timestamp='"yesterday"'),
    _with(Reason.BAD_TIMESTAMP, timestamp='"1709562600"'),
    _with(Reason.BAD_TIMESTAMP, timestamp='"2024-03-04T14:30:00.0123456789Z"'),
    _with(Reason.NO_TIME_ZONE, timestamp='"2024-03-04T14:30:00.123"'),
    _with(Reason.IMPOSSIBLE_DATE, timestamp='"2023-02-29T14:30:00Z"'),
    _with(Reason.IMPOSSIBLE_DATE, timestamp='"2024-03-04T24:30:00Z"'),
    _with(Reason.IMPOSSIBLE_DATE, timestamp='"2016-12-31T23:59:60Z"'),
    _with(Reason.IMPOSSIBLE_DATE, timestamp='"9999-12-31T23:59:59Z"'),
    _with(Reason.IMPOSSIBLE_DATE, receive_timestamp='"2024-03-04T14:30:00+24:00"'),
    _book(Reason.BAD_LEVEL, bids='[{"volume":"5"}]'),
    _book(Reason.BAD_VALUE, book='"L4"'),
    _depth(Reason.BAD_VALUE, depth="0"),
    _depth(Reason.BAD_VALUE, depth="10001"),
    _book(Reason.BAD_VALUE, asks='[{"price":"5","order_count":2147483648}]'),
    _with(Reason.BAD_VALUE, side='"long"'),
    _with(Reason.TOO_LONG, conditions="[" + ",".join(['"@"'] * 65) + "]"),
    _with(Reason.TOO_LONG, conditions='["' + "@" * 65 + '"]'),
)


def _padded(fields: Fields, size: int) -> bytes:
    room = size - len(encoded(fields | {"extra": '{"padding":""}'}))
    return encoded(fields | {"extra": '{"padding":"' + "x" * room + '"}'})


def _one_byte_too_long(market: Market) -> Spoiled:
    return _padded(_trade(market), MAX_RECORD_BYTES + 1), Reason.TOO_LARGE


def _as_long_as_can_be(market: Market) -> Spoiled:
    fields = _trade(market)
    key = f"{json.loads(fields['exchange'])}:{json.loads(fields['symbol'])}"
    return _padded(fields, _LONGEST - len(key)), Reason.TOO_LARGE


_LEVEL = '{"price":"5","volume":"1"}'
#: `extra` with 800,000 bytes of text or keys before the error.
_TEXT = '{"text":"' + "x" * 800_000
_KEYS = "{" + ",".join([f'"k{number}":{number}' for number in range(55_000)])

#: Bad records of a hundred kilobytes or more.
EXPENSIVE: tuple[Spoil, ...] = (
    _book(Reason.TOO_MANY_LEVELS, bids="[" + ",".join(['{"price":"5"}'] * 10_001) + "]"),
    _one_byte_too_long,
    _with(Reason.TOO_MANY_DIGITS, price="1" + "0" * 800_000),
    _only(Reason.NESTING_TOO_DEEP, b"[" * 100_000 + b"]" * 100_000),
    _as_long_as_can_be,
    _only(Reason.TOO_LARGE, b"x" * (_LONGEST - _DIGEST_KEY)),
    _with(Reason.TOO_LARGE, price="9" * 1_000_000),
    _large_kpl,
    _only(Reason.NESTING_TOO_DEEP, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _with(Reason.NESTING_TOO_DEEP, extra='{"a":[' * 50_000 + "1" + "]}" * 50_000),
    _only(Reason.NESTING_TOO_DEEP, b"[" * MAX_RECORD_BYTES),
    _depth(Reason.TOO_MANY_LEVELS, asks="[" + ",".join([_LEVEL] * 10_001) + "]"),
    _with(Reason.TOO_MANY_DIGITS, volume='"0.' + "0" * 800_000 + '1"'),
    _with(Reason.TOO_MANY_DIGITS, price="1e" + "9" * 800_000),
    _with(Reason.BAD_NUMBER, price='"1.' + "9" * 800_000 + 'x"'),
    _with(Reason.DUPLICATE_KEY, extra=_KEYS + ',"k0":0}'),
    _with(Reason.NON_FINITE_NUMBER, extra=_KEYS + ',"a":NaN}'),
    _with(Reason.CONTROL_CHARACTER, extra=_TEXT + r'\u0007"}'),
    _with(Reason.LONE_SURROGATE, extra=_TEXT + r'\ud800"}'),
    _bytes(Reason.NOT_UTF8, lambda raw: raw[:-1] + b',"extra":' + _TEXT.encode() + b'\xff"}}'),
    _bytes(Reason.NOT_JSON, lambda raw: raw[:-1] + b',"extra":' + _TEXT.encode()),
    _with(Reason.BAD_SYMBOL, symbol='"' + "A" * 800_000 + '"'),
    _with(Reason.UNKNOWN_FIELD, **{"f" * 800_000: "1"}),
)
