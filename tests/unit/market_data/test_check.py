"""`python -m market_data check`: what it reads, what it prints, and what it answers to files that are none."""

import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.stack import TEMPLATE
from harness.render import source
from market_data import DEFAULT_NON_POSITIVE_EXCHANGES, MAX_RECORD_BYTES, RejectedRecord, check, parse
from market_data.__main__ import main

TRADE = b'{"type":"trade","symbol":"A","exchange":"X","timestamp":"2020-11-22T22:04:46Z","price":1,"volume":1}'
NEGATIVE = TRADE.replace(b'"X"', b'"XNYM"').replace(b'"price":1', b'"price":-1')
CROSSED = (
    b'{"type":"market_depth","symbol":"A","exchange":"X","timestamp":"2020-11-22T22:04:46Z","depth":1,'
    b'"bids":[{"price":2,"volume":1}],"asks":[{"price":1,"volume":1}]}'
)
LINES = [TRADE, b"", CROSSED, TRADE.replace(b'"A"', b'" A"'), b'{"type":"trade"}', b"\xff", TRADE]
#: What the validator says of them.
REFUSED = """\
{file}:2: not_json: Expecting value at character 0
{file}:4: bad_symbol: symbol: ' A'
{file}:5: missing_field: symbol
{file}:6: not_utf8: byte 0
"""
TOTALS = """\
7 records: 3 accepted, 4 refused, 1 flagged
  trade: 2 accepted, 2 refused
  market_depth: 1 accepted, 0 refused
  unknown: 0 accepted, 2 refused
  refused, not_utf8: 1 (the record is not valid UTF-8)
  refused, not_json: 1 (invalid JSON, more than one JSON value, or a byte order mark)
  refused, missing_field: 1 (a required field is missing)
  refused, bad_symbol: 1 (not 1-64 printable ASCII characters, or a space at either end)
  accepted, but flagged crossed_book: 1
"""
NO_RECORDS = "0 records: 0 accepted, 0 refused, 0 flagged\n"
LAMBDA_SRC = Path(check.__file__).parents[1]


#: With Python's usual buffer, whose remains it writes at its end.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def zstd() -> Any:
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """As a producer types it."""
    command = [sys.executable, "-m", "market_data", "check", *arguments]
    return subprocess.run(command, cwd=LAMBDA_SRC, capture_output=True, check=False, **options)


@pytest.mark.parametrize("end", [b"\n", b""], ids=["line feed", "none"])
@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(lambda text: text, id="plain"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(lambda text: gzip.compress(text[:99]) + gzip.compress(text[99:]), id="gzip, two members"),
        pytest.param(lambda text: zstd().compress(text), id="zstd"),
        pytest.param(lambda text: zstd().compress(text[:99]) + zstd().compress(text[99:]), id="zstd, two frames"),
    ],
)
def test_lines_are_judged_and_counted(packed: Any, end: bytes, tmp_path: Path, capsys: Any) -> None:
    """Whatever the file is called."""
    file = written(tmp_path / "records.txt", packed(b"\n".join(LINES) + end))

    assert main(["check", file]) == 1
    assert capsys.readouterr() == (REFUSED.format(file=file) + TOTALS, "")


def test_several_files_are_one_answer(tmp_path: Path, capsys: Any) -> None:
    file = written(tmp_path / "one", b"\n".join(LINES))

    assert main(["check", file, written(tmp_path / "other", TRADE)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(REFUSED.format(file=file) + "8 records: 4 accepted, 4 refused, 1 flagged\n  trade: 3 acc")


def test_nothing_refused_is_success(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", written(tmp_path / "one", TRADE), written(tmp_path / "none", b"")]) == 0
    out = "1 record: 1 accepted, 0 refused, 0 flagged\n  trade: 1 accepted, 0 refused\n"
    assert capsys.readouterr() == (out, "")


def test_a_record_that_is_ahead_of_the_clock_is_flagged(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", written(tmp_path / "one", TRADE.replace(b"2020", b"2261"))]) == 0
    assert capsys.readouterr().out.endswith("  accepted, but flagged event_after_arrival: 1\n")


def test_json_is_one_document_of_the_documented_shape(tmp_path: Path, capsys: Any) -> None:
    file, damaged = written(tmp_path / "one", b"\n".join(LINES)), written(tmp_path / "two", gzip.compress(TRADE)[:-1])

    assert main(["check", "--json", file, damaged]) == 2
    answer = json.loads(capsys.readouterr().out)
    refusals = [(each["feed"], f"{each['file']}:{each['line']}: {each['code']}: {each['detail']}\n")
                for each in answer.pop("refusals")]  # fmt: skip
    assert "".join(line for _, line in refusals) == REFUSED.format(file=file)
    assert [feed for feed, _ in refusals] == ["unknown", "trade", "trade", "unknown"]
    sums = {"accepted": 3, "refused": 4, "flagged": 1}
    assert answer == {
        "version": 1,
        "files": [
            {"file": file, **sums, "error": None},
            {"file": damaged, "accepted": 0, "refused": 0, "flagged": 0,
             "error": "the gzip data ends too early, after line 0"},
        ],
        **sums,
        "by_feed": {
            "trade": {"accepted": 2, "refused": 2},
            "market_depth": {"accepted": 1, "refused": 0},
            "unknown": {"accepted": 0, "refused": 2},
        },
        "by_code": {"not_utf8": 1, "not_json": 1, "missing_field": 1, "bad_symbol": 1},
        "by_flag": {"crossed_book": 1},
    }  # fmt: skip


def test_json_of_nothing_refused_is_a_document_too(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", "--json", written(tmp_path / "one", TRADE)]) == 0
    assert json.loads(capsys.readouterr().out)["refusals"] == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="missing"),
        pytest.param(b"<html>", "is neither gzip nor lines of JSON", id="a page"),
        pytest.param(b"", "is neither gzip nor lines of JSON", id="an empty download"),
        pytest.param(b"\x1f\x8b".ljust(99), "is not gzip, or damaged, after line 0: Unknown compression", id="no gzip"),
        pytest.param(
            gzip.compress(TRADE + b"\n")[:-8] + bytes(8), "is not gzip, or damaged, after line 1: CRC check failed",
            id="a wrong sum",
        ),
        pytest.param(
            gzip.compress(b"")[:10].ljust(99, b"\xff"), "is not gzip, or damaged, after line 0: Error", id="no deflate"
        ),
        pytest.param(b"\x28\xb5\x2f\xfd".ljust(99, b"?"), "is not zstd, or damaged, after line 0: ", id="no zstd"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_on_one_line(content: bytes | None, why: str, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "records.gz"
    if content is not None:
        path.write_bytes(content)

    assert main(["check", str(path), written(tmp_path / "good", TRADE)]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"check: {path}: {why}")
    assert err.count("\n") == 1
    # The other file has been checked.
    assert "1 record" in out or "2 records" in out


def test_lines_of_json_may_be_called_gz(tmp_path: Path) -> None:
    """Some clients unpack what they download, and keep the name."""
    assert main(["check", written(tmp_path / "records.gz", b" " + TRADE)]) == 0


def test_a_folder_is_named(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert capsys.readouterr() == (NO_RECORDS, f"check: {tmp_path}: cannot be read: Is a directory\n")


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zstd().compress(text)], ids=["gzip", "zstd"])
def test_a_truncated_file_says_so_after_the_lines_that_are_there(pack: Any, tmp_path: Path, capsys: Any) -> None:
    """Also if all of it would fit into one buffer."""
    noise = b"\n".join(b'{"type":"%s"}' % os.urandom(99).hex().encode() for _ in range(2_000))
    packed = pack(TRADE.replace(b"A", b" A") + b"\n" + noise)
    file = written(tmp_path / "cut", packed[: len(packed) // 2])

    assert main(["check", file]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"{file}:1: bad_symbol")
    refused = out.count(f"\n{file}:")
    assert 500 < refused < 1_500
    name = "gzip" if pack is gzip.compress else "zstd"
    assert err == f"check: {file}: the {name} data ends too early, after line {refused + 1}\n"


def test_without_a_module_for_zstd_it_is_named(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    file = written(tmp_path / "one", zstd().compress(TRADE))
    for name in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, f"{name}.zstd", None)

    assert main(["check", file]) == 2
    why = "is zstd, which needs Python 3.14 or the package backports.zstd"
    assert capsys.readouterr() == (NO_RECORDS, f"check: {file}: {why}\n")


# ----------------------------------------------------------------------------------------------- limits ----
@pytest.mark.parametrize("start", [b"", b"\xf3\x89\x9a\xc2"], ids=["too large", "an aggregate"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n" + TRADE])
@pytest.mark.parametrize("size", [MAX_RECORD_BYTES, MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES + 2, 1_500_000])
def test_a_line_that_no_record_can_be_has_the_validators_verdict(
    start: bytes, end: bytes, size: int, tmp_path: Path
) -> None:
    line = start.ljust(size)
    with pytest.raises(RejectedRecord) as expected:
        parse(line)
    refusals = list(check.check(written(tmp_path / "one", line + end), frozenset(), counts := check.Counts()))

    assert [(each.code, each.detail) for each in refusals] == [(expected.value.reason, expected.value.detail)]
    assert counts.accepted.total() == end.count(TRADE)


def test_the_longest_record_is_accepted(tmp_path: Path) -> None:
    record = TRADE.ljust(MAX_RECORD_BYTES)

    assert main(["check", written(tmp_path / "one", record + b"\n" + record)]) == 0
    assert main(["check", written(tmp_path / "one", record + b" \n")]) == 1


@pytest.mark.parametrize(("lines", "size"), [(1, 100_000_000), (20_000, 1_000)])
def test_memory_does_not_grow_with_the_file(lines: int, size: int, tmp_path: Path) -> None:
    """Neither with one line nor with many that are refused."""
    file = tmp_path / "large.ndjson"
    with file.open("wb") as large:
        large.writelines(b"x" * size + b"\n" for _ in range(lines))
    tracemalloc.start()
    try:
        found = sum(1 for _ in check.check(str(file), frozenset(), check.Counts()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == lines
    assert peak < 5 * MAX_RECORD_BYTES


# ------------------------------------------------------------------------------------------ the exchanges ----
def test_where_prices_may_be_negative_is_what_the_template_says(tmp_path: Path) -> None:
    parameter = source.read(TEMPLATE).template["Parameters"]["NonPositivePriceExchanges"]
    file = written(tmp_path / "one", NEGATIVE)

    assert set(parameter["Default"].split(",")) == DEFAULT_NON_POSITIVE_EXCHANGES
    assert main(["check", file]) == 0
    assert main(["check", "--nonpositive", "XNYS, XNYM", file]) == 0
    assert main(["check", "--nonpositive", "XNYS", file]) == 1
    assert main(["check", "--nonpositive", "", file]) == 1


# -------------------------------------------------------------------------------------------- as a process ----
def test_standard_input_is_a_file_too() -> None:
    done = run("-", input=gzip.compress(b"\n".join(LINES)))

    assert (done.stdout.decode(), done.returncode) == (REFUSED.format(file="-") + TOTALS, 1)


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    file = written(tmp_path / "one", b"{}\n" * 100_000)
    with subprocess.Popen(
        [sys.executable, "-m", "market_data", "check", file],
        cwd=LAMBDA_SRC, env=BUFFERED, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(file.encode())
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "market_data", "check", written(tmp_path / "one", TRADE)],
            cwd=LAMBDA_SRC, env=BUFFERED, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip

    assert done.stderr == b"check: cannot write to standard output: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("closed", "why"),
    [("<&-", "-: standard input is closed"), (">&-", "cannot write to standard output: it is closed")],
)
def test_a_closed_descriptor_is_one_line(closed: str, why: str) -> None:
    command = f'"{sys.executable}" -m market_data check - {closed}'
    done = subprocess.run(command, shell=True, cwd=LAMBDA_SRC, input=b"", capture_output=True, check=False)

    assert (done.stderr.decode(), done.returncode) == (f"check: {why}\n", 2)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", os.fsdecode(b"\xff"), "\u00e9"])
def test_a_name_is_printed_as_one_word_of_a_terminal(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(b"{}")

    for options in ([], ["--json"]):
        out = run(*options, str(file), env={**os.environ, "PYTHONIOENCODING": "ascii"}).stdout
        assert options or out.count(b"\n") == len(["the refusal", "the sum", "of a feed", "of a code"])
        assert out.decode("ascii").replace("\n", "").isprintable()
    assert json.loads(out)["files"][0]["file"] == str(file)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["check"], "the following arguments are required: FILE (try --help)"),
        (["check", "--jsn", "a"], "unrecognized arguments: --jsn (try --help)"),
        (["check", "-", "-"], "standard input can be read only once (try --help)"),
        (["judge", "a"], "the command is `check FILE...` (try check --help)"),
        ([], "the command is `check FILE...` (try check --help)"),
    ],
)
def test_bad_use_is_one_line(arguments: list[str], why: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "market_data", *arguments], cwd=LAMBDA_SRC, capture_output=True, text=True, check=False
    )

    name = "python -m market_data check" if arguments[:1] == ["check"] else "python -m market_data"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{name}: {why}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_help_says_how(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "market_data", *arguments], cwd=LAMBDA_SRC, capture_output=True, text=True, check=True
    )

    assert "usage: python -m market_data check" in done.stdout
    assert all(option in done.stdout for option in ("--json", "--nonpositive", "FILE"))
