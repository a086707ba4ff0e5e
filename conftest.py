"""Profiles, limits, and the promises that were not shown: nothing that one folder of tests could keep to itself."""

import gc
import os
import re
import time

import pytest

from harness import patience

NIGHTLY = "nightly"
PROFILE_VARIABLE = "HYPOTHESIS_PROFILE"
PROFILE = os.environ.get(PROFILE_VARIABLE, "ci" if "CI" in os.environ else "dev")
#: A property that is tried two thousand times is not stuck.
NIGHTLY_PATIENCE = 10

try:
    from hypothesis import HealthCheck, settings
except ModuleNotFoundError:  # the Spark environment has no Hypothesis, and its tests need none
    pass
else:
    # A machine shared by several workers makes single examples slow without making anything wrong.
    settings.register_profile("dev", max_examples=50, deadline=None)
    # CI draws the same examples each time, so more of them would only once find more. The nightly run draws others.
    settings.register_profile(
        "ci", max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile(NIGHTLY, max_examples=2_000, deadline=None)
    settings.load_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Scale pytest-timeout's limit and set the nightly seed, before plugins read them."""
    if timeout := getattr(config.option, "timeout", None):
        config.option.timeout = patience.seconds(timeout) * (NIGHTLY_PATIENCE if PROFILE == NIGHTLY else 1)
    if not getattr(config.option, "numprocesses", None):
        # No more workers start, so turn coverage off in the processes under test.
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    if PROFILE == NIGHTLY and getattr(config.option, "hypothesis_seed", "") is None:
        config.option.hypothesis_seed = os.environ.get("HYPOTHESIS_SEED") or time.strftime("%Y%m%d")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the long profile what shows a claim once more, at another moment or in another place."""
    for item in items:
        if PROFILE != NIGHTLY and item.get_closest_marker(NIGHTLY):
            item.add_marker(pytest.mark.skip(reason=f"set {PROFILE_VARIABLE}={NIGHTLY}"))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from the modules, tests and models, which stay: it took a quarter of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_report_header(config: pytest.Config) -> str:
    """The settings that repeat this run."""
    return f"profile: {PROFILE}, seed: {getattr(config.option, 'hypothesis_seed', None)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the skipped promises, by the variable that would show them.

    Their data is not in the repository (tests/shared.py), or they belong to the long profile; those are listed row by
    row, since other rows were shown.
    """
    promises: dict[str, dict[str, None]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if match := re.search(r"set ([A-Z]+_[A-Z_]+(?:=\w+)?)$", reason):
            name, _, row = report.nodeid.rpartition("::")[2].partition("[")
            promise = name.removeprefix("test_").replace("_", " ")
            promise += f" [{row}" if row and match[1].endswith(NIGHTLY) else ""
            promises.setdefault(match[1], {})[promise] = None
    for variable, names in promises.items():
        terminalreporter.section(f"not shown without {variable}")
        for name in names:
            terminalreporter.line(f"- {name}")
