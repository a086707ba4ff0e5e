"""Records that are wrong on purpose, each with the one reason it has to be refused with. None holds a line end."""

from __future__ import annotations

from collections.abc import Callable

from harness.replay.market import Fields, Market, encoded
from market_data import MAX_RECORD_BYTES, Reason

Spoiled = tuple[bytes, Reason]
Spoil = Callable[[Market], Spoiled]


def _trade(market: Market) -> Fields:
    """A typed trade with every field that is spoiled below, on an exchange where prices are positive."""
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


def _kpl(market: Market) -> Spoiled:
    # The magic number of the Kinesis Producer Library, then what could be protobuf but for the byte that ends lines.
    return b"\xf3\x89\x9a\xc2" + market.rng.randbytes(120).replace(b"\n", b"\x0b"), Reason.KPL_AGGREGATE


#: Ways to be wrong that cost no more than a valid record; every reason that can be had so cheaply is among them.
CHEAP: tuple[Spoil, ...] = (
    _kpl,
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xff', 1)),
    _bytes(Reason.NOT_UTF8, lambda raw: raw.replace(b'"symbol":"', b'"symbol":"\xe2\x82', 1)),
    _bytes(Reason.NOT_JSON, lambda raw: raw[: len(raw) // 2]),
    _bytes(Reason.NOT_JSON, lambda raw: raw[:-1] + b",}"),
    _bytes(Reason.NOT_JSON, lambda raw: raw + raw),
    _bytes(Reason.NOT_JSON, lambda raw: b"\xef\xbb\xbf" + raw),
    _bytes(Reason.NOT_JSON, lambda raw: raw.replace(b'"', b"'")),
    _bytes(Reason.NOT_JSON, lambda _: b" "),
    _bytes(Reason.NESTING_TOO_DEEP, lambda raw: raw[:-1] + b',"extra":' + b'{"a":' * 65 + b"1" + b"}" * 66),
    _with(Reason.NON_FINITE_NUMBER, price="NaN"),
    _with(Reason.NON_FINITE_NUMBER, volume="-Infinity"),
    _with(Reason.LONE_SURROGATE, symbol='"IBM\\ud800"'),
    _bytes(Reason.NOT_AN_OBJECT, lambda raw: b"[" + raw + b"]"),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b'"IBM 182.10 300"'),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b"null"),
    _bytes(Reason.NOT_AN_OBJECT, lambda _: b"182.10"),
    _bytes(Reason.DUPLICATE_KEY, lambda raw: raw[:-1] + b',"price":"999999"}'),
    _with(Reason.DUPLICATE_KEY, extra='{"a":1,"a":2}'),
    _with(Reason.CONTROL_CHARACTER, conditions='["\\u0007"]'),
    _with(Reason.CONTROL_CHARACTER, extra='{"note":"one\\u000atwo"}'),
    _with(Reason.UNKNOWN_FEED, type='"quote"'),
    _with(Reason.UNKNOWN_FEED, type="5"),
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
    _with(Reason.TOO_MANY_DIGITS, price="1" + "0" * 20),
    _with(Reason.TOO_MANY_DIGITS, price='"0.' + "1" * 31 + '"'),
    _with(Reason.TOO_MANY_DIGITS, volume='"1e999999"'),
    _with(Reason.TOO_MANY_DIGITS, volume="1e-999999"),
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
    _book(Reason.BAD_LEVEL, bids='[{"volume":"5"}]'),
    _book(Reason.BAD_VALUE, book='"L4"'),
    _depth(Reason.BAD_VALUE, depth="0"),
    _with(Reason.BAD_VALUE, side='"long"'),
    _with(Reason.TOO_LONG, conditions="[" + ",".join(['"@"'] * 65) + "]"),
    _with(Reason.TOO_LONG, conditions='["' + "@" * 65 + '"]'),
)

#: Ways that need a hundred kilobytes or more.
EXPENSIVE: tuple[Spoil, ...] = (
    _book(Reason.TOO_MANY_LEVELS, bids="[" + ",".join(['{"price":"5"}'] * 10_001) + "]"),
    lambda market: (_padded(market, MAX_RECORD_BYTES + 1), Reason.TOO_LARGE),
    _with(Reason.TOO_MANY_DIGITS, price="1" + "0" * 800_000),
    _bytes(Reason.NESTING_TOO_DEEP, lambda _: b"[" * 100_000 + b"]" * 100_000),
)


def _padded(market: Market, size: int) -> bytes:
    raw = encoded(_trade(market))[:-1] + b',"extra":{"padding":"'
    return raw + b"x" * (size - len(raw) - 3) + b'"}}'
