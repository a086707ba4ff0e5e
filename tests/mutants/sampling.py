"""Samples cases: some fixed, others changing with the rules, all in the nightly profile. No tests."""

import random
from collections.abc import Sequence
from typing import TypeVar

from conftest import NIGHTLY, PROFILE
from harness.catalogue.catalogue import fingerprint

T = TypeVar("T")
EVERYTHING = PROFILE == NIGHTLY


def some(everything: Sequence[T], count: int) -> list[T]:
    """`count` items, the same in every worker; all of them in the nightly profile."""
    if EVERYTHING or count >= len(everything):
        return [*everything]
    return random.Random(fingerprint()).sample(everything, count)
