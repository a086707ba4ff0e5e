"""What preflight prints, and with which exit code it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.preflight import command
from harness.preflight.asking import CannotAskError
from harness.preflight.checks import CHECKS, Finding

WRONG = Finding("VPC", "vpc-1 is not there", "nothing can be placed in it.", "VpcId=vpc-2")
OPEN = Finding("names", "s3:ListBucket was not answered", "so this is not evaluated.", "allow it", evaluated=False)


def ended(monkeypatch: pytest.MonkeyPatch, found: list[Finding] | Exception, *options: str) -> int:
    def ask(*_: object) -> list[Finding]:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(command, "ask", ask)
    return command.main(["--parameters", "my-parameters.json", *options])


def test_all_well_is_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, []) == 0
    assert f"0 to mend, 0 not evaluated, {len(CHECKS)} checks" in capsys.readouterr().out


@pytest.mark.parametrize("found", [WRONG, OPEN], ids=["wrong", "open"])
def test_a_finding_is_1(found: Finding, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, [found]) == 1
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == len(CHECKS) + 1
    (line,) = [each for each in lines if found.what in each]
    assert found.why in line
    assert line.endswith(found.fix)
    assert not line.startswith("ok")


def test_nobody_to_ask_is_2_and_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, CannotAskError("Unable to locate\ncredentials")) == 2
    assert capsys.readouterr() == ("", "preflight: Unable to locate credentials\n")


def test_json_has_every_finding(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, [WRONG, OPEN], "--json") == 1
    said = json.loads(capsys.readouterr().out)

    assert said["checks"] == list(CHECKS)
    assert [(each["check"], each["evaluated"]) for each in said["findings"]] == [("VPC", True), ("names", False)]


def test_a_missing_file_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--parameters", str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.startswith("preflight: ")
