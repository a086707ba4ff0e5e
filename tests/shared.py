"""Files outside the repository: real captures, the original template, cases from the field. No tests.

A test that needs one of these and does not find it is skipped; what it would have shown is listed at the end of the run
(conftest.py knows it by the variable in the reason).
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CAPTURES = ROOT / os.environ.get("MARKET_DATA_DIR", "../shared/data/market")
REFERENCE = ROOT / os.environ.get("REFERENCE_DIR", "../shared/reference")
CASES = ROOT / os.environ.get("CASES_DIR", "../shared/cases")


def reason(path: Path) -> str:
    """The skip reason for a missing `path`: where it was looked for, and the variable that sets it."""
    folders = {"MARKET_DATA_DIR": CAPTURES, "CASES_DIR": CASES, "REFERENCE_DIR": REFERENCE}
    variable = next(name for name, folder in folders.items() if path.is_relative_to(folder))
    return f"nothing at {path}: set {variable}"


def needed(path: Path) -> Path:
    """`path`, or the test is skipped."""
    if not path.exists():
        pytest.skip(reason(path))
    return path
