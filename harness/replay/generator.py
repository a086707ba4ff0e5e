"""A mixed feed out of a seed: mostly valid, some bad on purpose, some lines twice. Same arguments, same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from harness.replay.hostile import CHEAP, EXPENSIVE, Spoil
from harness.replay.market import Market, encoded

#: Every so many bad records one is large, but there are never more of those than this: a million bad records must not
#: be gigabytes.
EXPENSIVE_EVERY = 100
EXPENSIVE_AT_MOST = 16
#: Real tapes repeat lines, and a pipeline that removes them by content loses trades.
REPEATED_PER_MILLE = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A record, and the reason it must be refused with; None where it must not be."""

    raw: bytes
    expected_reason: str | None = None


def generate(count: int, seed: int, bad_per_mille: int) -> Iterator[Item]:
    """`count` records, of which about `bad_per_mille` in a thousand are bad."""
    rng = Random(seed)
    market = Market(rng)
    bad = _bad(rng)
    last = encoded(market.message())
    for _ in range(count):
        choice = rng.random() * 1000
        if choice < bad_per_mille:
            raw, reason = next(bad)(market)
            yield Item(raw, reason.value)
        else:
            if choice < 1000 - REPEATED_PER_MILLE:
                last = encoded(market.message())
            yield Item(last)


def _bad(rng: Random) -> Iterator[Spoil]:
    """Each way to be bad once, in random order, then all over again: few bad records still show many reasons."""
    made = expensive = 0
    while True:
        for spoil in rng.sample(CHEAP, len(CHEAP)):
            if made % EXPENSIVE_EVERY == EXPENSIVE_EVERY // 10 and expensive < EXPENSIVE_AT_MOST:
                yield EXPENSIVE[expensive % len(EXPENSIVE)]
                expensive += 1
                made += 1
            yield spoil
            made += 1
