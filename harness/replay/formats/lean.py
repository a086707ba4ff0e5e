"""Lean's tick rows as JSON lines: US equity trades and quotes of the tapes, and futures."""

from collections.abc import Iterator
from typing import Any, ClassVar

from harness.replay.errors import LineError
from harness.replay.messages import Message
from harness.replay.numerals import from_new_york, is_nothing, point_inserted
from harness.replay.records import Head, record
from harness.replay.source_records import Skipped
from harness.replay.venues import EQUITY_EXCHANGES, FUTURES_EXCHANGES, tape_exchange

_TRADE = ("price", "size")
_QUOTE = ("bid_price", "bid_size", "ask_price", "ask_size")


class Lean:
    """One record per row: a trade or a side of a quote. Times are New York wall-clock times."""

    name: ClassVar[str] = "lean"

    @staticmethod
    def recognises(line: bytes) -> bool:
        """A row with Lean's own columns `date` and `ms`, and those of a trade or a quote."""
        if line[:1] != b"{":
            return False
        try:
            row = Message(line)
        except LineError:
            return False
        has = row.fields.keys()
        return has >= {"date", "ms", "symbol", "exchange"} and (has >= set(_TRADE) or has >= set(_QUOTE))

    def read(self, line: bytes) -> Iterator[bytes | Skipped]:
        """One trade, or one market depth of one level."""
        row = Message(line)
        is_quote = "bid_price" in row
        code = row.text("exchange")
        values = {name: row.text(name) for name in (_QUOTE if is_quote else _TRADE)}
        exchange, prices_are_scaled = _exchange(code, [v for k, v in values.items() if k.endswith("price")])
        head = Head(row.text("symbol"), exchange, from_new_york(row.text("date"), row.text("ms")), received=None)
        body: dict[str, Any]
        if is_quote:
            body = {"depth": 1, **{f"{side}s": _side(values, side, prices_are_scaled) for side in ("bid", "ask")}}
        else:
            body = {"price": _price(values["price"], prices_are_scaled), "volume": values["size"]}
        conditions = row.optional("conditions")
        # Q and T are both NASDAQ: the letter itself is kept.
        extra = {"exchange_code": code, **row.fields}
        feed = "market_depth" if is_quote else "trade"
        yield record(feed, head, **body, conditions=[conditions] if conditions else None, extra=extra)


def _exchange(code: str, prices: list[str]) -> tuple[str, bool]:
    """The exchange, and whether prices are whole numbers of 1/10,000 USD, as Lean writes them for equities."""
    if code in EQUITY_EXCHANGES:
        return EQUITY_EXCHANGES[code], True
    if code in FUTURES_EXCHANGES:
        return FUTURES_EXCHANGES[code], False
    if len(code) == 1 and code.isascii() and code.isalnum():
        return tape_exchange(code.upper()), True
    if any("." in price for price in prices):
        return code.upper(), False
    # 48000 could be 4.80 or 48,000: guessing could silently produce a wrong price.
    raise LineError(f"the exchange {code[:40]!r} does not determine whether prices are in 1/10,000 USD")


def _price(digits: str, is_scaled: bool) -> str:
    return point_inserted(digits, 4) if is_scaled else digits


def _side(values: dict[str, str], side: str, is_scaled: bool) -> list[dict[str, str]]:
    price, size = values[f"{side}_price"], values[f"{side}_size"]
    if is_nothing(price) and is_nothing(size):
        return []  # the row is for the other side
    return [{"price": _price(price, is_scaled), "volume": size}]
