"""The project's own template, read once, and the one emulator that a module's stacks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.deploy.stack import TEMPLATE
from harness.emulator.process import Emulator
from harness.render.scenarios import Scenarios
from harness.render.source import Source, read


@pytest.fixture(scope="session")
def source() -> Source:
    return read(TEMPLATE)


@pytest.fixture(scope="session")
def scenarios(source: Source) -> Scenarios:
    return Scenarios(source.template)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running
