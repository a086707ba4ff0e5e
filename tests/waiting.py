"""Waits for a condition, with limits that scale with PIPELINE_PATIENCE; limits of CPU time. No tests."""

import sys
import time
from collections.abc import Callable
from typing import Any

from harness import patience


def until(condition: Callable[[], Any], limit: float = 30, what: object = "it") -> Any:
    """The first truthy result of `condition`; `limit` in seconds on an idle machine."""
    deadline = time.monotonic() + patience.seconds(limit)
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come about in {patience.seconds(limit):g} s"
        time.sleep(0.02)
    return found


def cpu_seconds(limit: float) -> float:
    """A CPU time limit, larger if coverage is measured."""
    return limit * (5 if sys.gettrace() is not None else 1)
