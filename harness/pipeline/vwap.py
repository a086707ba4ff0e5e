"""The volume-weighted average price (VWAP) of each symbol in the Parquet."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

#: Digits kept in products and sums: 20 + 30 of a price, as many of a volume, and room for adding up.
PRECISION = 120
PLACES = Decimal("1e-8")


@dataclass(frozen=True)
class SymbolTotals:
    """One symbol: its exchanges, number of trades, volume, and volume-weighted average price (None: no volume)."""

    symbol: str
    exchanges: tuple[str, ...]
    trades: int
    volume: Decimal
    #: Of price times volume, exact.
    turnover: Decimal
    average_price: Decimal | None


@dataclass
class _Sums:
    exchanges: set[str] = field(default_factory=set)
    trades: int = 0
    volume: Decimal = Decimal(0)
    turnover: Decimal = Decimal(0)


def vwap_by_symbol(trades: Iterable[tuple[str, str, str, str]]) -> list[SymbolTotals]:
    """Totals of each symbol in `trades` (exchange, symbol, price, volume as text), most trades first.

    Trades of a symbol count together over all exchanges, as on the consolidated tape. The average is
    rounded to 8 decimals, once, at the end.
    """
    sums: dict[str, _Sums] = defaultdict(_Sums)
    with localcontext(prec=PRECISION):
        for exchange, symbol, price_text, volume_text in trades:
            of_symbol = sums[symbol]
            volume = Decimal(volume_text)
            of_symbol.exchanges.add(exchange)
            of_symbol.trades += 1
            of_symbol.volume += volume
            of_symbol.turnover += Decimal(price_text) * volume
        totals = [
            SymbolTotals(
                symbol=symbol,
                exchanges=tuple(sorted(of_symbol.exchanges)),
                trades=of_symbol.trades,
                volume=of_symbol.volume,
                turnover=of_symbol.turnover,
                average_price=(of_symbol.turnover / of_symbol.volume).quantize(PLACES) if of_symbol.volume else None,
            )
            for symbol, of_symbol in sums.items()
        ]
    return sorted(totals, key=lambda each: (-each.trades, each.symbol))
