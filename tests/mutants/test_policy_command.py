"""`python -m harness policy-mutants`: its exit codes and what it writes. Both commands say how far they are."""

import json
from pathlib import Path

import pytest

from harness import progress
from harness.gate.engines.errors import EngineError
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.policies import command
from harness.mutants.policies.report import Judged

MUTATIONS = [Mutation("policy_x", "Role", ("Resources", "Role", f"p{index}"), "removed", {}) for index in range(3)]
SURVIVED = "survived: policy_x Resources.Role.p1: removed"


def judged(*noticed: str) -> Judged:
    return Judged([Mutant(each, []) for each in MUTATIONS[: len(noticed)]], noticed, MUTATIONS, [])


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy-mutants" / "report.json"
    monkeypatch.setattr(command, "REPORT", path)
    return path


@pytest.mark.parametrize(
    ("found", "code", "printed"),
    [
        (judged("a", "b", "c"), 0, "3 mutants of policies: 3 noticed, 0 harmless, 0 survived; 0 s\n"),
        (judged("a", "", "c"), 1, f"{SURVIVED}\n3 mutants of policies: 2 noticed, 0 harmless, 1 survived; 0 s\n"),
        (judged("a"), 0, "1 mutants of policies of 3 mutations (seed 7): 1 noticed, 0 harmless, 0 survived; 0 s\n"),
    ],
)
def test_a_survivor_is_a_failure(
    report: Path, monkeypatch: pytest.MonkeyPatch, capsys, found: Judged, code: int, printed: str
):
    monkeypatch.setattr(command, "_judged", lambda *_: found)

    assert command.main(["--seed", "7"]) == code
    assert capsys.readouterr().out == printed
    assert command.main(["--seed", "7", "--format", "json"]) == code
    assert json.loads(capsys.readouterr().out) == json.loads(report.read_text())
    assert json.loads(report.read_text())["problems"] == ([SURVIVED] if code else [])


def test_what_cannot_be_judged_leaves_no_report(report: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    def killed(*_: object) -> Judged:
        raise EngineError("a process was killed")

    report.parent.mkdir()
    report.write_text("{}")
    monkeypatch.setattr(command, "_judged", killed)

    assert command.main([]) == 2
    assert capsys.readouterr().err == "policy-mutants: a process was killed\n"
    assert not report.exists()


@pytest.mark.parametrize(("options", "code"), [(["--help"], 0), (["--sample", "-1"], 2), (["--sample", "x"], 2)])
def test_options(report: Path, capsys, options: list[str], code: int):
    with pytest.raises(SystemExit) as ended:
        command.main(options)
    assert ended.value.code == code
    said = capsys.readouterr()
    assert "exit codes: 0" in said.out.lower() if not code else said.err.startswith("policy-mutants: argument --sample")


def test_a_log_says_how_far_it_is_and_what_is_left(monkeypatch: pytest.MonkeyPatch, capsys):
    """The rate counts from when none was done: before, the template is read and judged."""
    clock = iter((0.0, 50.0, 55.0, 60.0, 65.0, 70.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))

    with progress.shown("mutants", "mutants judged", 300) as said:
        for done in (0, 10, 100, 120, 300):
            said(done)

    lines = ["mutants judged: 100 of 300, 10.0/s, about 20 s left", "mutants judged: 300 of 300, 15.0/s"]
    assert capsys.readouterr().err.splitlines() == [f"mutants: {each}" for each in lines]
