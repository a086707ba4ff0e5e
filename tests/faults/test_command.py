"""The command: its report, its exit codes, and what it says of bad options."""

import json
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.faults import command
from harness.faults.bugs import BUGS


@pytest.fixture(autouse=True)
def _report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "REPORT", tmp_path / "faults" / "report.json")


def test_a_run_reports_what_it_has_hit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--schedules", "5", "--seed", "3"]) == command.HELD

    report = json.loads(command.REPORT.read_text())
    assert (report["seed"], report["schedules"], report["violations"]) == (3, 5, [])
    assert report["fewest_faults"] >= 3
    assert report["cells"]["consumer s3:put_object"][""] > 0
    assert report["actions"]["put"] == 40
    assert "5 schedules from seed 3" in capsys.readouterr().out


def test_a_violation_is_shown_with_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = next(bug for bug in BUGS if bug.name == "quarantine loses a byte")
    real = vars(bug.owner)[bug.function]
    monkeypatch.setattr(bug.owner, bug.function, bug.make(real))

    assert main(["faults", "--replay", "0"]) == command.VIOLATED
    out = capsys.readouterr().out
    assert "raw holds every byte: not the bytes that were sent" in out
    assert "python -m harness faults --replay 0" in out
    (violation,) = json.loads(command.REPORT.read_text())["shrunk"]
    assert [step["action"] for step in violation["steps"]] == ["put"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--schedules", "some"], "--schedules"),
        (["--seed", "-1"], "--seed"),
        (["--hours", "0"], "must be above 0"),
        (["--without", "sleep"], "--without"),
    ],
)
def test_bad_options_are_one_line(capsys: pytest.CaptureFixture[str], options: list[str], problem: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["faults", *options])

    error = capsys.readouterr().err
    assert problem in error
    assert error.count("\n") == 1
