"""Where the real captures are. They are not in the repository: without them these tests are skipped, and say so."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder with the captures: MARKET_DATA_DIR, or beside the checkout."""
    folder = ROOT / os.environ.get("MARKET_DATA_DIR", "../shared/data/market")
    if not folder.is_dir():
        pytest.skip(f"no captures in {folder}: set MARKET_DATA_DIR")
    return folder
