"""The template, and what mutations can reach in it: worked out once."""

from __future__ import annotations

import pytest

from harness.gate.command import TEMPLATE
from harness.mutants.distinct import mutants_of
from harness.mutants.judge import Mutant
from harness.mutants.reach import Reach
from harness.render.source import Source, read


@pytest.fixture(scope="session")
def source() -> Source:
    return read(TEMPLATE)


@pytest.fixture(scope="session")
def reach(source: Source) -> Reach:
    return Reach(source.template)


@pytest.fixture(scope="session")
def mutants(source: Source, reach: Reach) -> list[Mutant]:
    return mutants_of(source, reach)
