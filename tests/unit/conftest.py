"""Caches botocore's service models: loading them would be most of the time of most tests."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_read_once() -> Iterator[None]:
    loader, load = JSONFileLoader(), JSONFileLoader.load_file

    @cache
    def load_once(path: str) -> Any:
        return load(loader, path)

    with pytest.MonkeyPatch.context() as patch:
        # Sessions share the loaded models, as the clients of one session do.
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: load_once(path))
        yield
