"""A question a person would ask of the Parquet: what was each symbol's volume-weighted average price?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

#: Digits kept in products and sums: 20 + 30 of a price, as many of a volume, and room for adding up.
PRECISION = 120
PLACES = Decimal("1e-8")


@dataclass(frozen=True)
class Traded:
    """One symbol: where it traded, number of trades, volume, and volume-weighted average price (None: no volume)."""

    symbol: str
    exchanges: tuple[str, ...]
    trades: int
    volume: Decimal
    average_price: Decimal | None


@dataclass
class _Sums:
    exchanges: set[str] = field(default_factory=set)
    trades: int = 0
    volume: Decimal = Decimal(0)
    turnover: Decimal = Decimal(0)


def volume_weighted_prices(trades: Iterable[tuple[str, str, str, str]]) -> list[Traded]:
    """Answer for each symbol of `trades` (exchange, symbol, price, volume as text), most traded first.

    A symbol is taken over all exchanges, as the tape does. The average is rounded to 8 decimals, once, at the end.
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
        answers = [
            Traded(
                symbol=symbol,
                exchanges=tuple(sorted(of_symbol.exchanges)),
                trades=of_symbol.trades,
                volume=of_symbol.volume,
                average_price=(of_symbol.turnover / of_symbol.volume).quantize(PLACES) if of_symbol.volume else None,
            )
            for symbol, of_symbol in sums.items()
        ]
    return sorted(answers, key=lambda answer: (-answer.trades, answer.symbol))
