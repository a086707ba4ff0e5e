"""The project's own template, read once."""

import pytest

from harness.deploy.stack import TEMPLATE
from harness.render.scenarios import Scenarios
from harness.render.source import Source, read


@pytest.fixture(scope="session")
def source() -> Source:
    return read(TEMPLATE)


@pytest.fixture(scope="session")
def scenarios(source: Source) -> Scenarios:
    return Scenarios(source.template)
