"""What producers send: records of every kind, each with an id of its own, so that a record put twice is noticed."""

from random import Random
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of record: its bytes with a place for the id, and how often it is sent."""

    name: str
    template: bytes
    weight: int


def _trade(symbol: str, exchange: str, price: str) -> bytes:
    return (
        f'{{"type":"trade","symbol":"{symbol}","exchange":"{exchange}","timestamp":"2026-11-22T22:04:46Z",'
        f'"price":"{price}","volume":"100","trade_id":"ID"}}'
    ).encode()


_BOOK = (
    b'{"type":"order_book","symbol":"BTC-USD","exchange":"COINBASE","timestamp":"2026-11-22T22:04:46Z","sequence":"ID",'
    b'"book":"L2","event":"update","bids":[{"price":"PRICE","volume":"1"}],"asks":[]}'
)
#: Two symbols in different files of two. `flips` are judged by the rules: DERIBIT may trade below zero, or not.
KINDS = (
    Kind("trade", _trade("IBM", "XNYS", "187.25"), 6),
    Kind("other trade", _trade("D", "XNYS", "50.1"), 4),
    Kind("order book", _BOOK.replace(b"PRICE", b"1.5"), 5),
    Kind("trade below zero", _trade("D", "DERIBIT", "-3"), 4),
    Kind("order book below zero", _BOOK.replace(b"PRICE", b"-1.5").replace(b"COINBASE", b"DERIBIT"), 3),
    Kind("trade of old code", _trade("NEW", "XNYS", "1"), 2),
    Kind("never valid", _trade("IBM", "XNYS", "-1"), 1),
    Kind("unknown feed", b'{"type":"weather","id":"ID"}', 1),
    Kind("no JSON", b'{"symbol":"ID', 1),
)
_WEIGHTS = [kind.weight for kind in KINDS]


def records(random: Random, first_id: int, count: int) -> list[bytes]:
    """So many records, with ids from `first_id`."""
    kinds = random.choices(KINDS, _WEIGHTS, k=count)
    return [kind.template.replace(b"ID", b"%d" % (first_id + number)) for number, kind in enumerate(kinds)]
