"""The expected counts of each capture and how they were derived, for the reader tests and the stack tests."""

import re
from typing import NamedTuple


class Expected(NamedTuple):
    """The expected counts of a capture.

    `trades`, `books` and `depths` are numbers of records, `skipped` and `session` lines that are none, by kind.
    `derivation` is how they were counted without any reader: for each feed, and each kind of skipped message, an
    expression that matches the capture's text once a record.
    """

    format: str
    lines: int
    trades: int
    books: int
    depths: int
    derivation: dict[str, bytes]
    skipped: dict[str, int] = {}  # noqa: RUF012 - never changed
    session: dict[str, int] = {}  # noqa: RUF012 - never changed

    @property
    def records(self) -> int:
        """All records."""
        return self.trades + self.books + self.depths

    @property
    def by_feed(self) -> dict[str, int]:
        """In the form of the summary's `records_by_feed`."""
        return {"trade": self.trades, "order_book": self.books, "market_depth": self.depths, "unknown": 0}


def counted_in(text: bytes, expected: Expected) -> dict[str, int]:
    """Records of each feed and skipped messages of each kind in a capture's text, or in a part of it."""
    # Messages that the recorder sent look like those that it received.
    received = b"".join(line for line in text.splitlines(keepends=True) if b" <- " not in line[:80])
    return {
        kind: len(re.findall(expression, received, re.MULTILINE)) for kind, expression in expected.derivation.items()
    }


_NUMBER = rb"-?[\d.]+(?:e-?\d+)?"
#: Databento: an order (rtype 160) that is not a trade is a book update; a non-trade with levels is a depth.
_DATABENTO = {
    "trade": rb'"action":"T"',
    "order_book": rb'^(?!.*"levels")(?=.*"rtype":160\b)(?=.*"action":"[ACFMRN]")',
    "market_depth": rb'^(?=.*"levels")(?=.*"action":"[ACFMRN]")',
}

EXPECTED = {
    "binance_spot_btcusdt_20240808.txt.gz": Expected(
        "binance",
        20_000,
        3_589,
        1_982,  # 1,981 depthUpdate and the book by REST
        14_429,
        {
            "trade": rb'"e":"trade"',
            "order_book": rb'"e":"depthUpdate"|\d \{"lastUpdateId"',
            "market_depth": rb"@bookTicker",
        },
    ),
    "binance_usdm_btcusdt_20240808.txt.gz": Expected(
        "binance",
        15_000,
        2_394,
        1_099,  # 1,098 depthUpdate and the book by REST
        11_507,
        {
            "trade": rb'"e":"trade"',
            "order_book": rb'"e":"depthUpdate"|\d \{"lastUpdateId"',
            "market_depth": rb"@bookTicker",
        },
    ),
    "bitfinex_ws_20210417.txt.gz": Expected(
        "bitfinex",
        1_718,
        210,  # seven snapshots of 30; nothing was traded during the capture
        1_600,  # seven snapshots, and 1,593 updates: [channel,[price,count,amount],sequence]
        21,
        {
            "trade": rb"\[\d+,\d{13},%b,%b\]" % (_NUMBER, _NUMBER),
            "order_book": rb"^[\d.]+: \[\d+,\[(?:\[%b,\d+,%b\],?)+\],\d+\]$|^[\d.]+: \[\d+,\[%b,\d+,%b\],\d+\]$"
            % (_NUMBER, _NUMBER, _NUMBER, _NUMBER),
            "market_depth": rb"^[\d.]+: \[\d+,\[(?:%b,){9}%b\],\d+\]$" % (_NUMBER, _NUMBER),
            "info": rb'"event":"info"',
            "conf": rb': \{"event":"conf"',
            "subscribed": rb'"event":"subscribed"',
            "heartbeat": rb'\[\d+,"hb",\d+\]',
        },
        {"info": 1, "conf": 1, "subscribed": 21, "heartbeat": 42},
        {"connected": 1, "sent": 22, "blank": 2},
    ),
    "bitmex_ws_20210722.txt.gz": Expected(
        "bitmex",
        2_124,
        27,  # rows, of 17 messages
        1_979,  # messages; each is about one symbol
        436,  # rows, of 93 messages
        {
            "trade": rb'"trdMatchID":"[0-9a-f]{8}-',
            "order_book": rb'^.*"table":"orderBookL2"',
            "market_depth": rb'"bidPrice":\d',
            "info": rb'\{"info":',
            "subscribe": rb'\{"success":true,"subscribe":',
        },
        {"info": 1, "subscribe": 30},
        {"connected": 1, "sent": 3},
    ),
    "bitstamp_http_20220105.txt.gz": Expected(
        "bitstamp", 11, 0, 10, 0, {"order_book": rb"/api/v2/order_book/\w+ -> "}, session={"blank": 1}
    ),
    "bitstamp_l3_20150501_a.txt.gz": Expected(
        "bitstamp",
        28_000,
        306,
        25_203,  # 12,429 created + 334 changed + 12,440 deleted
        2_491,  # the channel's name is order_book; it has the 20 best levels
        {
            "trade": rb"^\d+ trade ",
            "order_book": rb"^\d+ order_(?:created|changed|deleted) ",
            "market_depth": rb"^\d+ order_book ",
        },
    ),
    "bitstamp_ws_20220105.txt.gz": Expected(
        "bitstamp",
        768,
        10,
        717,
        0,
        {
            "trade": rb'"event":"trade"',
            "order_book": rb'"channel":"diff_order_book_\w+","event":"data"',
            "bts:subscription_succeeded": rb"bts:subscription_succeeded",
        },
        {"bts:subscription_succeeded": 20},
        {"connected": 1, "sent": 20},
    ),
    "cme_es_mbo_20231225_a.ndjson.gz": Expected(
        "databento",
        30_000,
        1_033,
        28_967,  # A 16,245 + C 5,939 + F 1,888 + M 4,895
        0,
        _DATABENTO,
    ),
    "cme_es_mbp10_20231225_derived.ndjson.gz": Expected("databento", 6_000, 0, 0, 6_000, _DATABENTO),
    "cme_es_mbp1_20240701.ndjson.gz": Expected(
        "databento",
        2_288,
        120,
        0,
        2_168,  # A 1,061 + C 989 + M 118
        _DATABENTO,
    ),
    "cme_es_trades_20240701.ndjson.gz": Expected("databento", 120, 120, 0, 0, _DATABENTO),
    "coinbase_ws_20210417.txt.gz": Expected(
        "coinbase",
        9_952,
        107,  # 97 match + 10 last_match
        9_729,  # 10 snapshot + 9,719 l2update
        107,
        {
            "trade": rb'\{"type":"(?:match|last_match)"',
            "order_book": rb'\{"type":"(?:snapshot|l2update)"',
            "market_depth": rb'\{"type":"ticker"',
            "subscriptions": rb'\{"type":"subscriptions"',
        },
        {"subscriptions": 3},
        {"connected": 1, "sent": 3, "blank": 2},
    ),
    # Four of each schema of each dataset. Trades: trades and tbbo of four datasets, and IFEU's mbo, mbp-1 and mbp-10.
    # Books: mbo of two. Depths: mbp-1 of three, mbp-10 of two. The rest: statistics of two, status, imbalance of one.
    "databento_venue_samples.ndjson.gz": Expected(
        "databento",
        88,
        44,
        8,
        20,
        {
            **_DATABENTO,
            "trade": rb'"action":"T"(?!.*"schema":"(?:statistics|status|imbalance)")',
            "statistics": rb'"schema":"statistics"',
            "status": rb'"schema":"status"',
            "imbalance": rb'"schema":"imbalance"',
        },
        {"statistics": 8, "status": 4, "imbalance": 4},
    ),
    "deribit_combo_ticker_20220909.ndjson.gz": Expected("deribit", 2, 0, 0, 2, {"market_depth": rb'"ticker\.'}),
    "deribit_ws_20210722.txt.gz": Expected(
        "deribit",
        139,
        0,
        46,
        89,
        {
            "order_book": rb'"params":\{"channel":"book\.',
            "market_depth": rb'"params":\{"channel":"ticker\.',
            "response": rb'"result":\[',
        },
        {"response": 1},
        {"connected": 1, "sent": 1, "blank": 1},
    ),
    "hyperliquid_btc_20250126.txt.gz": Expected(
        "hyperliquid",
        55,
        64,  # rows, of nine messages
        0,
        46,
        {"trade": rb'"tid":\d+', "market_depth": rb'"channel":"l2Book"'},
    ),
    "kraken_ws_20210417.txt.gz": Expected(
        "kraken",
        4_325,
        0,
        4_279,  # 10 snapshots; 4,269 updates, one of them in two objects
        0,
        {
            "order_book": rb',"book-1000","[A-Z/]+"\]$',
            "heartbeat": rb'"event":"heartbeat"',
            "subscriptionStatus": rb'"event":"subscriptionStatus"',
            "systemStatus": rb'"event":"systemStatus"',
        },
        {"heartbeat": 31, "subscriptionStatus": 10, "systemStatus": 1},
        {"connected": 1, "sent": 1, "blank": 2},
    ),
    "us_equity_ibm_quotes_20131008.ndjson.gz": Expected(
        "lean", 40_000, 0, 0, 40_000, {"market_depth": rb'"bid_price"'}
    ),
    "us_equity_ibm_trades_20131008.ndjson.gz": Expected("lean", 33_381, 33_381, 0, 0, {"trade": rb'"price"'}),
}
