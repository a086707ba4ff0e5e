"""The output and exit codes of preflight."""

import json
import sys
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
    assert f"0 to fix, 0 not evaluated, {len(CHECKS)} checks" in capsys.readouterr().out


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_nobody_takes_is_2_and_one_line(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert ended(monkeypatch, [WRONG], *options) == 2

    said = capsys.readouterr().err
    assert said.startswith("preflight: cannot write to standard output")
    assert said.count("\n") == 1


def test_an_output_that_is_closed_is_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert ended(monkeypatch, []) == 2
    assert capsys.readouterr().err == "preflight: cannot write to standard output (it is closed)\n"


def test_a_value_of_several_lines_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = Finding("VPC", "VpcId is a\nb \ud800", "no.", "VpcId=")

    assert ended(monkeypatch, [odd]) == 1
    assert len(capsys.readouterr().out.splitlines()) == len(CHECKS) + 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("AWS_ENDPOINT_URL", "garbage"), ("AWS_MAX_ATTEMPTS", "x"), ("AWS_MAX_ATTEMPTS", "-1"), ("AWS_RETRY_MODE", "x")],
)
def test_a_variable_that_cannot_be_used_is_2_and_one_line(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "my-parameters.json"
    given.write_text("[]")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(variable, value)

    assert command.main(["--parameters", str(given)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("preflight: ")
    assert said.count("\n") == 1


def test_lists_in_lists_are_no_parameter_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "my-parameters.json"
    given.write_text("[" * 200_000)

    assert command.main(["--parameters", str(given)]) == 2
    assert capsys.readouterr().err == f"preflight: {given}: no readable parameter file (nested too deeply)\n"
