"""The emulated account, for the handler's tests."""

from collections.abc import Iterator

import pytest

from tests.unit.pipeline_store.emulated_aws import EmulatedAws, emulated_aws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedAws]:
    """An account with buckets, tables and a queue."""
    with emulated_aws(monkeypatch) as account:
        yield account
