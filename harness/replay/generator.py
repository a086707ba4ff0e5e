"""Generates a mixed feed from a seed: mostly valid, some odd, bad or repeated. Same arguments, same bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from harness.replay.hostile import CHEAP, EXPENSIVE
from harness.replay.market import LARGE, ODDITIES, Market, encoded

#: One in so many bad records, and one in so many odd ones, is large, up to this number: a
#: million bad records must not be gigabytes.
LARGE_EVERY = 30
LARGE_AT_MOST = 50
#: Valid records that look invalid.
ODD_PER_MILLE = 10
#: Real feeds repeat lines; a pipeline that de-duplicates by content loses trades.
REPEATED_PER_MILLE = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A record, and its expected rejection reason; None if it is valid."""

    raw: bytes
    expected_reason: str | None = None


def generate(count: int, seed: int, bad_per_mille: int) -> Iterator[Item]:
    """Yield `count` records, of which about `bad_per_mille` per thousand are bad."""
    rng = Random(seed)
    market = Market(rng)
    bad = _in_turn(rng, CHEAP, EXPENSIVE)
    odd = _in_turn(rng, ODDITIES, LARGE)
    last = encoded(market.message())
    for _ in range(count):
        choice = rng.random() * 1000
        if choice < bad_per_mille:
            raw, reason = next(bad)(market)
            yield Item(raw, reason.value)
        elif choice < 1000 - REPEATED_PER_MILLE - ODD_PER_MILLE:
            last = encoded(market.message())
            yield Item(last)
        elif choice < 1000 - REPEATED_PER_MILLE:
            yield Item(next(odd)(market))
        else:
            yield Item(last)


_Kind = TypeVar("_Kind")


def _in_turn(rng: Random, small: Sequence[_Kind], large: Sequence[_Kind]) -> Iterator[_Kind]:
    """Yield each kind once in random order, repeatedly, so that few records show many kinds."""
    made = made_large = 0
    while True:
        for kind in rng.sample(small, len(small)):
            if made % LARGE_EVERY == LARGE_EVERY // 10 and made_large < LARGE_AT_MOST:
                yield large[made_large % len(large)]
                made_large += 1
                made += 1
            yield kind
            made += 1
