"""Avoids most of a test's time: parses the template once, and skips moto's machine images."""

import copy
import os
from functools import cache

import pytest

from harness.render import source

# moto creates 1,300 images for every Region that is used; preflight needs none.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


@pytest.fixture(autouse=True)
def _template_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "parse", lambda text, path: copy.deepcopy(_parsed(text, path)))


_parsed = cache(source.parse)
