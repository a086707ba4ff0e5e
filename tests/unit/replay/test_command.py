"""`python -m harness.replay`, run as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness import patience
from harness.replay.__main__ import main
from harness.replay.generator import generate
from tests.terminal import read_one_line

ROOT = Path(__file__).resolve().parents[3]
GENERATE = ["generate", "--count", "400", "--seed", "4", "--bad-per-mille", "300"]


def run(*arguments: str, feed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "harness.replay", *arguments]
    # Without PYTHONPATH: it works from a bare checkout.
    environment = {"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, input=feed, capture_output=True, check=False, cwd=ROOT, env=environment, timeout=patience.seconds(60)
    )


def test_a_generated_feed_comes_back_from_standard_input_byte_for_byte() -> None:
    generated = run(*GENERATE)
    converted = run("convert", "-", feed=generated.stdout)

    assert generated.stdout == b"".join(item.raw + b"\n" for item in generate(400, 4, 300))
    assert converted.stdout == generated.stdout
    assert (generated.returncode, converted.returncode, generated.stderr, converted.stderr) == (0, 0, b"", b"")


def test_captures_become_records(tmp_path: Path) -> None:
    row = '{"date":"20200102","symbol":"A","ms":"1","price":"10000","size":"1","exchange":"N"}'
    (tmp_path / "capture").write_text(row)

    converted = run("convert", "--venue", "lean", str(tmp_path / "capture"))

    assert b'"timestamp":"2020-01-02T05:00:00.001Z","price":"1.0000","volume":"1"' in converted.stdout


def test_a_reader_that_has_seen_enough_is_no_error_to_shout_about() -> None:
    command = [sys.executable, "-m", "harness.replay", "generate", "--count", "20000"]
    assert read_one_line(command)[1] == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "are required: COMMAND"),
        (["replay"], "invalid choice: 'replay'"),
        (["convert"], "are required: FILE"),
        (["generate", "--count", "many"], "'many' is not a whole number at least 0"),
        (["generate", "--count", "-1"], "'-1' is not a whole number at least 0"),
        (["generate", "--bad-per-mille", "1001"], "'1001' is not a whole number from 0 to 1000"),
        (["generate", "--seed", "x"], "invalid int value: 'x'"),
    ],
)
def test_a_wrong_option_is_one_line_and_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    complaint = capsys.readouterr().err
    assert message in complaint
    assert complaint.count("\n") == 1


def test_a_feed_that_cannot_be_read_is_one_line_and_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(tmp_path / "none")]) == 1
    assert main(["convert", str(tmp_path)]) == 1
    complaints = capsys.readouterr().err.splitlines()
    assert [complaint.startswith("replay: ") for complaint in complaints] == [True, True]


@pytest.mark.parametrize("arguments", [["--help"], ["convert", "--help"], ["generate", "--help"]])
def test_help_says_what_there_is(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "usage: replay" in capsys.readouterr().out
