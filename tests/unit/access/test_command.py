"""The command line: options that do not go together are errors, and what was not compared is no change."""

import json
from pathlib import Path

import pytest

from harness.access.command import CLEAN, COULD_NOT_JUDGE, FINDINGS, main
from tests.unit.access.small import OWN, READS, TEMPLATE, changed


@pytest.mark.parametrize("options", [["--questions", "--base", "HEAD"], ["--questions", "--format", "json"]])
def test_options_that_would_be_ignored_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(options)

    assert (stopped.value.code, "--questions takes neither" in capsys.readouterr().err) == (COULD_NOT_JUDGE, True)


def test_an_empty_base_is_none(capsys: pytest.CaptureFixture[str]):
    assert main(["--base", ""]) == COULD_NOT_JUDGE
    assert "neither a revision nor a file" in capsys.readouterr().err


def test_a_change_that_is_not_evaluated_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    of_others = READS | {"Condition": {"BinaryEquals": {"aws:x": "eA=="}}}
    files = {"before": TEMPLATE, "wider": changed(OWN, [READS | {"Resource": "*"}]), "odd": changed(OWN, [of_others])}
    for name, each in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(each))
    before, wider, odd = (str(tmp_path / f"{name}.json") for name in files)

    assert main([wider, "--base", before]) == CLEAN
    assert "newly allowed: Role: s3:GetObject" in capsys.readouterr().out
    assert main([odd, "--base", before]) == FINDINGS
    assert "not evaluated: Role.Properties" in capsys.readouterr().out
