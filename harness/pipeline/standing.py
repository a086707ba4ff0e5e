"""Which trades stand: neither cancelled nor replaced by a correction. What docs/queries say in SQL, in Python."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Trade(NamedTuple):
    """A row of the trades' Parquet: numbers as the text that was sent."""

    exchange: str
    symbol: str
    price_text: str
    volume_text: str
    trade_id: str | None
    action: str | None
    references: str | None
    sequence_number: str
    shard_id: str

    @property
    def position(self) -> tuple[int, str, str]:
        """Orders an instrument's messages; sequence numbers have no leading zeros."""
        return len(self.sequence_number), self.sequence_number, self.shard_id

    @property
    def about(self) -> tuple[str, str, str | None]:
        """The trade that it is, or that it amends."""
        return self.exchange, self.symbol, self.references or self.trade_id


def standing(amendments: Iterable[Trade], trades: Iterable[Trade]) -> Iterator[Trade]:
    """Yield those of `trades` that stand. `amendments` has all of them that amend another one.

    The last amendment of a trade decides: after a correction only that stands, after a cancellation nothing does.
    """
    last: dict[tuple[str, str, str | None], Trade] = {}
    for amendment in amendments:
        known = last.setdefault(amendment.about, amendment)
        last[amendment.about] = max(known, amendment, key=lambda each: each.position)
    for trade in trades:
        deciding = last.get(trade.about)
        if trade.references is None:
            # Two trades of one id are two trades, as real feeds repeat lines.
            if deciding is None or trade.trade_id is None:
                yield trade
        elif trade.action == "correct" and deciding is not None and trade.position == deciding.position:
            yield trade
