"""Which format fills which of a record's optional fields, for docs/data.md. tests/captures/test_fields.py holds it."""

_ALL = frozenset(
    "binance bitfinex bitmex bitstamp coinbase databento deribit hyperliquid kraken lean".split()  # noqa: SIM905
)
#: The formats by field; a field of a level is `levels.` and its name. Only what real captures have is listed.
FILLS: dict[str, frozenset[str]] = {
    "checksum": frozenset({"kraken"}),
    "conditions": frozenset({"lean"}),
    "extra": _ALL,
    "first_sequence": frozenset({"binance"}),
    "levels.action": frozenset({"bitfinex", "bitmex", "bitstamp", "databento", "deribit"}),
    "levels.level_id": frozenset({"bitmex"}),
    "levels.order_count": frozenset({"bitfinex", "databento", "hyperliquid"}),
    "levels.order_id": frozenset({"bitstamp", "databento"}),
    "levels.price": _ALL,
    "levels.volume": _ALL,
    "previous_sequence": frozenset({"binance", "deribit"}),
    "receive_timestamp": _ALL - {"lean"},
    "sequence": frozenset({"binance", "bitfinex", "coinbase", "databento", "deribit"}),
    "side": _ALL - {"deribit", "kraken", "lean"},
    "trade_id": _ALL - {"databento", "deribit", "kraken", "lean"},
}
