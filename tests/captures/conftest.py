"""Locates the real captures. They are not in the repository; without them these tests are skipped and listed."""

from pathlib import Path

import pytest

from tests.shared import CAPTURES, needed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, then capture by capture, so that only one worker reads each of them (oracle.read)."""
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    if here == items:
        items.sort(key=lambda item: (item.path.stem != "test_whole_stack", _capture_of(item)))


def _capture_of(item: pytest.Item) -> str:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return str(parameters.get("capture", parameters.get("name", "")))


@pytest.fixture(scope="session")
def captures() -> Path:
    return needed(CAPTURES)
