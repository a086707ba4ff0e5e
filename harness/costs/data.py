"""Reads prices.yaml: prices with their sources, assumptions, free types, options. Numbers are Decimal throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from harness.render.source import plain

PRICES = Path(__file__).with_name("prices.yaml")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """A price in USD. `tiers` are (up to this amount, price there); the last has no end."""

    service: str
    unit: str
    tiers: tuple[tuple[Decimal | None, Decimal], ...]
    page: str
    read: str

    def cost(self, amount: Decimal) -> Decimal:
        """What an amount costs, to the cent."""
        total, below = Decimal(0), Decimal(0)
        for end, price in self.tiers:
            top = amount if end is None else min(amount, end)
            total += max(top - below, Decimal(0)) * price
            below = top
        return total.quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Data:
    """The whole file. `assumptions` and `workers` (DPUs of a type) are numbers; `raw` is as read."""

    prices: Mapping[str, Price]
    assumptions: Mapping[str, Decimal]
    workers: Mapping[str, Decimal]
    free: Mapping[str, str]
    raw: Mapping[str, Any]


@cache
def load(path: Path = PRICES) -> Data:
    """Read the file."""
    raw = plain(path.read_text())
    return Data(
        {name: _price(each) for name, each in raw["prices"].items()},
        {name: Decimal(each["value"]) for name, each in raw["assumptions"].items()},
        {name: Decimal(each) for name, each in raw["workers"].items()},
        raw["free"],
        raw,
    )


def _price(each: Mapping[str, Any]) -> Price:
    stated = each.get("tiers") or [[None, each["price"]]]
    tiers = tuple((None if end is None else Decimal(end), Decimal(price)) for end, price in stated)
    return Price(each["service"], each["unit"], tiers, each["page"], each["read"])
