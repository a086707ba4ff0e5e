"""The template, and what mutations can reach in it: worked out once, by whoever was first."""

import pytest

from harness.gate.command import TEMPLATE
from harness.mutants import kept
from harness.mutants.judge import Mutant
from harness.mutants.kept import Made
from harness.mutants.reach import Reach
from harness.render.source import Source, read


@pytest.fixture(scope="session")
def made() -> Made:
    return kept.made(read(TEMPLATE))


@pytest.fixture(scope="session")
def source(made: Made) -> Source:
    return made.source


@pytest.fixture(scope="session")
def reach(made: Made) -> Reach:
    return made.reach


@pytest.fixture(scope="session")
def mutants(made: Made) -> list[Mutant]:
    return made.mutants
