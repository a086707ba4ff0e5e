"""The output of `python -m harness deploy` when a step after the deployment fails."""

import json
from pathlib import Path
from typing import NoReturn

import pytest

from harness.deploy import command
from harness.deploy.cli import AwsCliError
from harness.deploy.stack import DeployError


@pytest.fixture
def parameters(tmp_path: Path) -> Path:
    file = tmp_path / "parameters.json"
    file.write_text(json.dumps(["ArtifactBucketName=bucket", "Environment=staging"]))
    return file


@pytest.fixture(autouse=True)
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything succeeds."""
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    monkeypatch.setattr(command, "assemble", lambda *_: template)
    monkeypatch.setattr(command, "deploy", lambda *_: True)
    monkeypatch.setattr(command, "release_name", lambda *_: "abc")
    monkeypatch.setattr(command, "keep", lambda *_: "s3://bucket/releases/abc.yaml")
    monkeypatch.setattr(command, "stack_policy", lambda *_: "{}")
    monkeypatch.setattr(command, "protect", lambda *_: None)


def _fails(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(command, name, fail)


@pytest.mark.parametrize(
    ("failing", "option", "said"),
    [
        ("keep", "--protect", "its release was not stored and its protection was not set;"),
        ("keep", "--no-protect", "its release was not stored;"),
        ("release_name", "--protect", "its release was not stored and its protection was not set;"),
        ("protect", "--protect", "its protection was not set, or not completely;"),
    ],
)
def test_a_failure_after_the_deployment_says_that_the_stack_is_deployed(
    parameters: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    failing: str, option: str, said: str,
) -> None:  # fmt: skip
    _fails(monkeypatch, failing, AwsCliError("Access Denied"))

    assert command.main(["--parameters", str(parameters), "--stack-name", "market", option]) == 1

    out, err = capsys.readouterr()
    assert err.startswith("deploy: market IS deployed, but " + said)
    assert err.endswith(": Access Denied\n")
    assert err.count("\n") == 1
    assert out == ""


def test_a_deployment_that_fails_does_not_say_so(
    parameters: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(monkeypatch, "deploy", DeployError("market: no such bucket"))

    assert command.main(["--parameters", str(parameters)]) == 1
    assert capsys.readouterr().err == "deploy: market: no such bucket\n"


def test_a_deployment_that_succeeds_says_what_was_done(parameters: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--parameters", str(parameters), "--protect"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Release: s3://bucket/releases/abc.yaml",
        "Protected: termination protection and the stack policy are set",
    ]
