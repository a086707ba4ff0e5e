"""The project's template, parsed once: each command does so anew, which would be most of a test's time."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from harness.render import source


@pytest.fixture(autouse=True)
def _template_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "parse", lambda text, path: copy.deepcopy(_parsed(text, path)))


_parsed = cache(source.parse)
