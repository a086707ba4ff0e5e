"""The project's template, parsed once: each command does so anew, which would be most of a test's time."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from harness.preflight import given


@pytest.fixture(autouse=True)
def _template_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given, "yaml_parse", lambda text: copy.deepcopy(_parsed(text)))


_parsed = cache(given.yaml_parse)
