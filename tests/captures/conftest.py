"""Locates the real captures. They are not in the repository; without them these tests are skipped and listed."""

from pathlib import Path

import pytest

from tests.shared import CAPTURES, needed


@pytest.fixture(scope="session")
def captures() -> Path:
    return needed(CAPTURES)
