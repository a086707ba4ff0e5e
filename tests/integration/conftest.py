"""Shared fixtures: an emulator that is as new for each module or test, and two deployments.

A test may put objects into the deployments, and changes nothing of the stack.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness.deploy.stack import DEVELOPMENT_PARAMETERS
from harness.emulator import coverage
from harness.emulator.process import Emulator
from tests.integration.stacks import EVERYTHING, HOSTILE, PACKAGED_FOLDER, DeployedStack, deploy_template, save_packaged

#: The files with the longest tests. They begin first: at the end, all workers but one would wait for it.
LONGEST = (
    "test_pipeline",
    "test_grants_taken",
    "test_environments",
    "test_protection",
    "test_interrupts",
    "test_bad_use",
    "test_any_line",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    if here == items:
        order = {name: position for position, name in enumerate(LONGEST)}
        items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@contextmanager
def hostile_shell() -> Iterator[None]:
    """Misleading AWS variables."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in HOSTILE.items():
            shell.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def reusable() -> Iterator[Emulator]:
    """The process behind `emulator`, `fresh` and `production`: one of them at a time, as each is a reset."""
    with ExitStack() as stack:
        with hostile_shell():
            running = stack.enter_context(Emulator())
        yield running


@pytest.fixture
def fresh(reusable: Emulator) -> Emulator:
    """As new for each test."""
    reusable.reset()
    return reusable


@pytest.fixture(scope="module")
def emulator(reusable: Emulator) -> Iterator[Emulator]:
    """As new for each module, with misleading AWS variables."""
    with hostile_shell():
        reusable.reset()
        yield reusable


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The development environment with all optional resources."""
    report = tmp_path_factory.mktemp("everything") / "properties.json"
    with Emulator(settings={coverage.REPORT: str(report)}) as running:
        deployed = deploy_template(running, **EVERYTHING)
        yield DeployedStack(running, deployed.resources, coverage.readings(report))


@pytest.fixture(scope="session")
def packaged_folder(reusable: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variable that points other processes to this one's package."""
    folder = tmp_path_factory.mktemp("packaged")
    save_packaged(reusable, folder)
    return {PACKAGED_FOLDER: str(folder)}


@pytest.fixture(scope="module")
def production(reusable: Emulator) -> DeployedStack:
    """The production environment as it is."""
    reusable.reset()
    deployed = deploy_template(reusable, DEVELOPMENT_PARAMETERS.with_name("production.json"))
    return DeployedStack(reusable, deployed.resources, [])
