"""Caches botocore's service models; measures the functions' own tests where COVERAGE_FILE says (`tox -e unit`).

Measuring every unit test would take as long again; so these alone are, and all imports.
"""

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import coverage
import pytest
from botocore.loaders import JSONFileLoader

from tests.unit.measured import MEASURED

#: Not where no tests run (the workers' parent), nor in an environment that measures everything.
MEASURING = None
if {"COVERAGE_FILE", "PYTEST_XDIST_WORKER"} <= os.environ.keys() and not coverage.Coverage.current():
    MEASURING = coverage.Coverage(source=["lambda_src"])
    MEASURING.start()
    # Of the processes under test, nothing is measured.
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_collection_finish() -> None:
    if MEASURING:
        MEASURING.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    measuring = MEASURING if item.path.parent.name in MEASURED else None
    if measuring:
        measuring.start()
    try:
        return (yield)
    finally:
        if measuring:
            measuring.stop()


def pytest_unconfigure() -> None:
    if MEASURING:
        MEASURING.save()


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_read_once() -> Iterator[None]:
    """Loading them would be most of the time of most tests."""
    loader, load = JSONFileLoader(), JSONFileLoader.load_file

    @cache
    def load_once(path: str) -> Any:
        return load(loader, path)

    with pytest.MonkeyPatch.context() as patch:
        # Sessions share the loaded models, as the clients of one session do.
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: load_once(path))
        yield
