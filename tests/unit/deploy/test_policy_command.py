"""`stack-policy`: every error is one line and an exit code, wherever the output goes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.deploy import command, policy_command
from harness.packaging.layer import ROOT

ODD = {
    "not YAML": b"Resources: {",
    "not UTF-8": "Description: K\xf6ln".encode("latin-1"),
    "empty": b"",
    "a text": b"Resources",
    "a list": b"- Resources",
    "without Resources": b"Parameters: {}",
    "no resource": b"Resources: {}",
    "a list of resources": b"Resources: [Bucket]",
    "a resource that is a text": b"Resources: {Bucket: AWS::S3::Bucket}",
    "a resource that is nothing": b"Resources: {Bucket: }",
    "a resource with a number for a name": b"Resources: {1: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}}",
    "a list of deletion policies": b"Resources: {Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: [Retain]}}",
    "a list as a key": b"Resources: {? [a] : {}}",
    "nested too deeply": b"[" * 20_000,
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_template_is_one_line_and_2(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = tmp_path / "template.yaml"
    template.write_bytes(ODD[name])

    assert policy_command.main(["--template", str(template)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"stack-policy: {template}:")


def test_a_template_that_is_not_there_is_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_command.main(["--template", str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def _full() -> tuple[int, str]:
    with Path("/dev/full").open("wb") as full:
        return _ended(stdout=full)


def _unread() -> tuple[int, str]:
    reader = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    with reader:
        reader.wait()
        return _ended(stdout=reader.stdin)


def _closed() -> tuple[int, str]:
    return _ended('exec "$@" >&-')


def _ended(shell: str = 'exec "$@"', stdout: object = subprocess.DEVNULL) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "harness", "stack-policy"],
        cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
    )  # type: ignore[call-overload] # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("end", [_full, _unread, _closed])
def test_an_output_that_nobody_takes_is_one_line_and_2(end: Callable[[], tuple[int, str]]) -> None:
    """A failure, without a traceback at Python's exit."""
    code, said = end()

    assert (code, said.count("\n")) == (2, 1), said
    assert said.startswith("stack-policy: cannot write to standard output")


def test_a_parameter_file_in_lists_in_lists_is_no_traceback_of_deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    monkeypatch.setattr(command, "assemble", lambda *_: tmp_path / "template.yaml")

    assert command.main(["--parameters", str(deep)]) == 1
    assert "nested too deeply" in capsys.readouterr().err
