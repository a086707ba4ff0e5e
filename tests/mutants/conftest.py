"""The template and the reach of mutations in it, computed once and cached."""

import pytest

from harness.gate.command import TEMPLATE
from harness.mutants.cache import CachedMutants, cached_mutants
from harness.mutants.judge import Mutant
from harness.mutants.reach import Reach
from harness.render.source import Source, read


@pytest.fixture(scope="session")
def cached() -> CachedMutants:
    return cached_mutants(read(TEMPLATE))


@pytest.fixture(scope="session")
def source(cached: CachedMutants) -> Source:
    return cached.source


@pytest.fixture(scope="session")
def reach(cached: CachedMutants) -> Reach:
    return cached.reach


@pytest.fixture(scope="session")
def mutants(cached: CachedMutants) -> list[Mutant]:
    return cached.mutants
