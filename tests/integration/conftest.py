"""The emulator that a module's tests share, started from a shell that would lead others astray."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.emulator.process import Emulator
from tests.integration.stacks import HOSTILE


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as shell:
        for name, value in HOSTILE.items():
            shell.setenv(name, value)
        with Emulator() as running:
            yield running
