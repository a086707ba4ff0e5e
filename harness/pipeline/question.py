"""A question a person would ask of the Parquet: what was each symbol's volume-weighted average price?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

#: Digits kept in products and sums: 20 + 30 of a price, as many of a volume, and room for adding up.
PRECISION = 120


@dataclass(frozen=True)
class Traded:
    """One symbol on one exchange: number of trades, volume, and volume-weighted average price (None: no volume)."""

    exchange: str
    symbol: str
    trades: int
    volume: Decimal
    average_price: Decimal | None


def volume_weighted_prices(trades: Iterable[tuple[str, str, str, str]]) -> list[Traded]:
    """Answer for each (exchange, symbol) of `trades` (exchange, symbol, price, volume as text), most traded first.

    The average is rounded to 8 decimals, once, at the end.
    """
    counts: dict[tuple[str, str], int] = {}
    volumes: dict[tuple[str, str], Decimal] = {}
    turnovers: dict[tuple[str, str], Decimal] = {}
    with localcontext(prec=PRECISION):
        for exchange, symbol, price_text, volume_text in trades:
            key = (exchange, symbol)
            volume = Decimal(volume_text)
            counts[key] = counts.get(key, 0) + 1
            volumes[key] = volumes.get(key, Decimal(0)) + volume
            turnovers[key] = turnovers.get(key, Decimal(0)) + Decimal(price_text) * volume
        answers = [
            Traded(
                exchange=exchange,
                symbol=symbol,
                trades=count,
                volume=volumes[exchange, symbol],
                average_price=(turnovers[exchange, symbol] / volumes[exchange, symbol]).quantize(Decimal("1e-8"))
                if volumes[exchange, symbol]
                else None,
            )
            for (exchange, symbol), count in counts.items()
        ]
    return sorted(answers, key=lambda answer: (-answer.trades, answer.exchange, answer.symbol))
