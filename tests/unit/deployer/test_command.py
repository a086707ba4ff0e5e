"""`tox -e deployer-policy` reports stale files, updates them, and writes the policies of another environment."""

import json
from pathlib import Path

import pytest

from harness.deployer import command, page
from harness.deployer.command import FRESH, STALE, UNKNOWN, main
from harness.deployer.errors import UnknownRight


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Copies of the policy and the page that a test may change."""
    docs = tmp_path / "docs"
    docs.mkdir()
    policy, deploying = docs / command.POLICY.name, docs / page.PAGES[0].name
    policy.write_text(command.POLICY.read_text())
    deploying.write_text(page.PAGES[0].read_text())
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "POLICY", policy)
    monkeypatch.setattr(command, "PAGES", (deploying,))
    return policy, deploying


def test_what_is_committed_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main([]), *capsys.readouterr()) == (FRESH, "", "")


def test_a_stale_policy_is_named_and_written_anew(
    copies: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    policy, _ = copies
    fresh = policy.read_text()
    policy.write_text(fresh.replace("s3:CreateBucket", "s3:*"))

    assert main(["--check"]) == STALE
    assert capsys.readouterr().err == (
        "deployer-policy: docs/deployer-policy.json is stale; `tox -e deployer-policy -- --write` updates it\n"
    )
    assert main(["--write"]) == FRESH
    assert policy.read_text() == fresh


def test_a_stale_table_is_named_and_written_anew(copies: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _, deploying = copies
    fresh = deploying.read_text()
    deploying.write_text(fresh.replace("SSM::Parameter", "SSM::Document"))

    assert main(["--check"]) == STALE
    assert "docs/deploying.md is stale" in capsys.readouterr().err
    assert main(["--write"]) == FRESH
    assert deploying.read_text() == fresh


def test_policies_of_an_environment_are_written_one_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    options = ["--environment", "staging", "--stack-name", "other", "--artifact-bucket", "mine"]

    assert main(["--folder", str(folder), *options]) == FRESH
    written = {path.stem: path.read_text() for path in folder.iterdir()}
    assert written.keys() == json.loads(command.POLICY.read_text()).keys()
    assert "arn:aws:s3:::mine/*" in written["calls"]
    assert "stack/other/*" in written["calls"]
    assert not any("production" in text for text in written.values())
    assert f"{folder / 'calls.json'}: " in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--environment", "staging"], ["--service-role"], ["--check", "--write"]])
def test_options_that_say_nothing_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("deployer-policy: ")


@pytest.mark.parametrize(
    "options",
    [["--environment", "foo_bar*"], ["--artifact-bucket", "a*b"], ["--partition", "mars"], ["--stack-name", "*"]],
)
def test_a_name_that_would_grant_more_is_refused(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--folder", str(tmp_path / "policies"), *options])

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert options[0] in said
    assert not (tmp_path / "policies").exists()


def test_an_unknown_type_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unknown(_: object) -> None:
        raise UnknownRight("AWS::Nowhere::Thing has no handlers")

    monkeypatch.setattr(page, "read", unknown)
    assert main([]) == UNKNOWN
    assert capsys.readouterr().err == "deployer-policy: AWS::Nowhere::Thing has no handlers\n"
