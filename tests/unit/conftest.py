"""Caches service models and parsed templates; measures the functions' tests where COVERAGE_FILE says (`tox -e unit`).

Measuring every unit test would take as long again; so these alone are, and all imports.
"""

import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.session
import coverage
import pytest

from harness.render import source
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
    """Finding and loading them would be most of the time of most tests. All sessions share a loader."""
    loaders = cache(botocore.loaders.create_loader)

    def shared(data_path: str | None) -> botocore.loaders.Loader:
        loader = loaders(data_path)
        # Each of boto3's sessions adds its folder.
        loader.search_paths[:] = dict.fromkeys(loader.search_paths)
        return loader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", shared)
        yield


@cache
def _parsed(text: str, path: Path) -> tuple[source.Source, bytes]:
    parsed = _parse(text, path)
    return parsed, pickle.dumps(parsed.template)


def _parsed_once(text: str, path: Path) -> source.Source:
    parsed, template = _parsed(text, path)
    return replace(parsed, template=pickle.loads(template))


# Ours is parsed some 80 times. Each reader gets a template of its own, as some change it.
_parse, source.parse = source.parse, _parsed_once
