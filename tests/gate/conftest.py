"""Expensive fixtures, created once: the engines, and the renderings of the real template."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from conftest import NIGHTLY, PROFILE
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD
from harness.gate import command
from harness.gate.engines import cfn_lint
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.outcome import Engine, Target
from harness.gate.engines.python_checks import Checks
from harness.gate.judge import judge, targets_of
from harness.gate.rule_set import RuleSet
from harness.gate.verdicts import Report
from harness.render.scenarios import Scenarios
from harness.render.source import Source, read
from tests.gate.templates import Ended, source_of


@pytest.fixture(scope="session", autouse=True)
def _cfn_lint_loads_its_rules_once() -> Iterator[None]:
    """Here, in the worker: each process of a pool loads them anew for each template. test_original has the pool."""
    with pytest.MonkeyPatch.context() as patch:
        if PROFILE != NIGHTLY:
            patch.setattr(cfn_lint, "WORTH_PROCESSES", 1_000)
        yield


#: A number for each test.
NUMBERS = count()


@pytest.fixture(autouse=True)
def verdicts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's own verdicts file. Few of the 4,000 tests write it, so no folder is made."""
    path = tmp_path_factory.getbasetemp() / f"verdicts-{next(NUMBERS)}" / "build" / "gate" / "verdicts.json"
    monkeypatch.setattr(command, "VERDICTS", path)
    return path


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command, in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        try:
            code: object = command.main([str(each) for each in arguments])
        except SystemExit as ended:
            code = ended.code
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def rule_set() -> RuleSet:
    """The project's rules."""
    return RuleSet()


@pytest.fixture(scope="session")
def guard(rule_set: RuleSet) -> CfnGuard:
    """cfn-guard with all of the project's Guard rules."""
    return CfnGuard([rule.path for rule in rule_set.of(GUARD)])


@pytest.fixture(scope="session")
def checkov(rule_set: RuleSet) -> Iterator[Checkov]:
    """Checkov with its own checks and the project's policies."""
    with Checkov(rule_set.folder / "checkov", [rule.id for rule in rule_set.of(CHECKOV)]) as worker:
        yield worker


@pytest.fixture(scope="session")
def engines(rule_set: RuleSet, guard: CfnGuard, checkov: Checkov) -> list[Engine]:
    """All engines, ready."""
    return [CfnLint(), guard, checkov, Checks([rule.path for rule in rule_set.of(CHECKS)])]


@pytest.fixture(scope="session")
def report_of(rule_set: RuleSet, engines: list[Engine]) -> Callable[[str], Report]:
    """The report of all engines on a template, by its text."""
    return lambda text: judge(source_of(text), rule_set, engines)


@pytest.fixture(scope="session")
def pipeline() -> Source:
    """The project's own template."""
    return read(command.TEMPLATE)


@pytest.fixture(scope="session")
def renderings(pipeline: Source) -> list[Target]:
    """The project's own template in every scenario, the usual ones first."""
    return targets_of(pipeline, Scenarios(pipeline.template))[1:]
