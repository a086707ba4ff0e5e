"""The simulated functions and job, with what stands in for AWS in place."""

from collections.abc import Iterator

import pytest

from harness.faults.deployed import Deployed
from harness.faults.substitutions import replaced


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    simulated = Deployed()
    with replaced(simulated.substitutions()):
        yield simulated
