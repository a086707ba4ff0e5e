"""`python -m harness quarantine`: its output formats and exit codes."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.quarantine import command
from harness.quarantine.command import main
from market_data import Reason
from tests.terminal import read_one_line, run_on_a_terminal
from tests.unit.quarantine.stored import HOSTILE, SHARD, line, put, rejected, small_quarantine, undecodable
from tests.unit.quarantine.stored import complaint as complaint_of

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "harness", "quarantine"]
#: Without PYTHONPATH: it works from a bare checkout.
ENVIRONMENT = {"PATH": "", "PYTHONDONTWRITEBYTECODE": "1", "TERM": "xterm-256color", "COLUMNS": "200"}


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def hostile(tmp_path):
    """A quarantine of hostile records, whose details, positions and codes are hostile too."""
    trap = "\x7f\x1b[2J\x9b\u202e[red]\x00\n"
    lines = [line(f"{n}{trap}", data, "not_utf8", detail=trap, shard=trap) for n, data in enumerate(HOSTILE)]
    put(tmp_path, undecodable(1), [*lines, line(99, b"?", f"retired {trap}")])
    return tmp_path


def _rows(text):
    """The cells of the table, by line."""
    return [[cell.strip() for cell in row.split("│")[1:-1]] for row in text.splitlines() if row.startswith("│")]


def _on_a_terminal(*arguments):
    return run_on_a_terminal([*COMMAND, *arguments], ENVIRONMENT)


# ------------------------------------------------------------------------------------------------ for people ----


def test_the_table_tells_reason_count_and_meaning_the_most_frequent_first(tmp_path, capsys):
    put(small_quarantine(tmp_path), undecodable(7, 8), [line(7), line(8)])
    assert main([str(tmp_path)]) == 0

    assert _rows(capsys.readouterr().out) == [
        ["not_json", "3", Reason.NOT_JSON.meaning],
        ["bad_number", "2", Reason.BAD_NUMBER.meaning],
        ["missing_field", "1", Reason.MISSING_FIELD.meaning],
        ["all", "6", ""],
    ]


def test_a_sample_tells_all_that_is_known_of_the_record(tmp_path, capsys):
    main([str(small_quarantine(tmp_path)), "--reason", "bad_number", "--samples", "1"])

    said = capsys.readouterr().out
    assert "rejected: 2 by data_validation\n" in said
    assert said.endswith(
        "\nbad_number, 1 of 2\n"
        f"  data_validation, {SHARD}, 2\n"
        "    arrived 2026-11-22T22:04:46.123Z\n"
        "    detail  price: '1,2'\n"
        """    record  b'{"price":"1,2"}'  (15 bytes)\n"""
    )


@pytest.mark.parametrize(("asked", "shown"), [([], 3), (["--samples", "0"], 0), (["--samples", "4"], 4)])
def test_as_many_samples_as_were_asked_for(tmp_path, capsys, asked, shown):
    put(tmp_path, undecodable(*range(5)), [line(seq) for seq in range(5)])
    main([str(tmp_path), *asked])

    assert capsys.readouterr().out.count("    record  ") == shown


def test_a_long_record_is_cut_and_its_size_reported(tmp_path, capsys):
    put(tmp_path, undecodable(1), [line(1, b"x" * 900_001, "too_large")])
    main([str(tmp_path)])

    shown = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("    record"))
    assert shown.endswith("'  (the first 297 of 900,001 bytes)")
    assert len(shown) < 400


def test_hostile_records_reach_no_terminal(hostile):
    """The terminal gets only rich's colours, lines and printable characters."""
    code, got, complaint = _on_a_terminal(str(hostile), "--samples", "100")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", got)

    assert (code, complaint) == (0, "")
    assert plain != got
    assert all(character.isprintable() for character in plain.replace("\r\n", ""))
    assert plain.count("    record  ") == len(HOSTILE) + 1
    assert r"detail  \x7f\x1b[2J\x9b\u202e[red]\x00\n" in plain
    assert "unknown code in this version" in plain


def test_colours_are_for_terminals_only(hostile, monkeypatch, capsys):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    main([str(hostile), "--samples", "100"])

    assert all(character.isprintable() for character in capsys.readouterr().out.replace("\n", ""))


def test_rich_takes_nothing_in_a_record_for_its_own(hostile, capsys):
    main([str(hostile), "--samples", "100"])

    assert "b'[bold]no markup[/bold] :boom: \\\\x1b'" in capsys.readouterr().out


def test_an_empty_quarantine_is_said_to_be_empty(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: nothing is quarantined\n"


def test_a_reason_that_nothing_was_refused_for(tmp_path, capsys):
    assert main([str(small_quarantine(tmp_path)), "--reason", "too_long"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: nothing is quarantined for too_long\n"


def test_what_was_not_counted_is_reported(tmp_path, capsys):
    put(tmp_path, undecodable(1, 2), [line(1), line(2)])
    put(tmp_path, undecodable(2, 3), [line(2), line(3)])
    put(tmp_path, "notes", b"")
    main([str(tmp_path)])

    said = capsys.readouterr().out.splitlines()
    assert "stored twice, counted once: 1" in said
    assert "skipped, because their names do not end in .json.gz: 1" in said


def test_the_default_is_what_the_pipeline_leaves(tmp_path, monkeypatch, capsys):
    assert ROOT / "build" / "pipeline" / "quarantine" == command.DEFAULT_WHERE

    monkeypatch.setattr(command, "DEFAULT_WHERE", small_quarantine(tmp_path))
    assert main(["--raw"]) == 0
    assert capsys.readouterr().out.splitlines() == ['{"price":"1,2"}', '{"price":"1,3"}', "{}", "{"]


# ---------------------------------------------------------------------------------------------- for programs ----


def test_the_document_counts_by_reason_and_stage(tmp_path, capsys):
    put(small_quarantine(tmp_path), undecodable(1, 9), [line(1), line(9)])
    assert main([str(tmp_path), "--json", "--samples", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    samples = document.pop("samples")

    assert document == {
        "where": str(tmp_path), "total": 5, "by_reason": {"bad_number": 2, "not_json": 2, "missing_field": 1},
        "by_stage": {"data_validation": 3, "kinesis_consumer": 2}, "repeated": 1, "other_objects": 0,
    }  # fmt: skip
    assert {reason: len(found) for reason, found in samples.items()} == dict.fromkeys(document["by_reason"], 1)
    assert samples["bad_number"][0] == {
        "object": str(tmp_path / rejected(2, 3, 4)), "stage": "data_validation", "shard": SHARD,
        "sequence_number": "2", "partition_key": "key", "arrival": "2026-11-22T22:04:46.123Z",
        "detail": "price: '1,2'", "size": 15, "data_base64": base64.b64encode(b'{"price":"1,2"}').decode(),
    }  # fmt: skip


def test_the_document_names_a_reason_asked_for_that_nothing_was_refused_for(tmp_path, capsys):
    main([str(small_quarantine(tmp_path)), "--json", "--reason", "too_long", "--reason", "not_json"])
    document = json.loads(capsys.readouterr().out)

    assert document["by_reason"] == {"not_json": 1, "too_long": 0}
    assert document["samples"]["too_long"] == []


def test_the_document_is_printable_and_gives_any_bytes_back(hostile, capsys):
    main([str(hostile), "--json", "--samples", "100"])
    text = capsys.readouterr().out
    samples = json.loads(text)["samples"]["not_utf8"]

    assert set(text) <= {*map(chr, range(0x20, 0x7F)), "\n"}
    assert [base64.b64decode(sample["data_base64"]) for sample in samples] == HOSTILE
    assert [sample["size"] for sample in samples] == list(map(len, HOSTILE))


def test_raw_prints_the_bytes_of_what_matches_and_nothing_else(tmp_path, capsysbinary):
    data = [each for each in HOSTILE if b"\n" not in each and each not in (b"", b"\r")]
    put(tmp_path, undecodable(1), [line(n, each, "not_utf8") for n, each in enumerate(data)])
    put(tmp_path, rejected(98), [line(98, b"of no interest", "bad_number")])

    assert main([str(tmp_path), "--raw", "--reason", "not_utf8"]) == 0
    out, err = capsysbinary.readouterr()
    assert out == b"".join(each + b"\n" for each in data)
    assert err == b""


@pytest.mark.parametrize("data", [b"two\nlines", b"ends with one\n", b"\n", b"", b"\r"])
def test_raw_leaves_out_what_a_line_cannot_carry_and_says_so(tmp_path, capsysbinary, data):
    """Printed raw, it would be read back as two records, another one, or none."""
    put(tmp_path, undecodable(1), [line(1, data), line(2, b"kept")])

    assert main([str(tmp_path), "--raw"]) == 1
    out, err = capsysbinary.readouterr()
    assert out == b"kept\n"
    assert err.startswith(b"quarantine: 1 records omitted")
    assert err.count(b"\n") == 1


def test_raw_is_not_for_terminals(hostile):
    code, got, complaint = _on_a_terminal(str(hostile), "--raw")

    assert (code, got) == (2, "")
    assert complaint.startswith("quarantine: --raw writes to a file or pipe only")


# -------------------------------------------------------------------------------------------------- endings ----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reason", "bad_numbers"], "'bad_numbers' is not one of kpl_aggregate, too_large, "),
        (["--reason", "BAD_NUMBER"], "'BAD_NUMBER' is not one of "),
        (["--samples", "-1"], "'-1' is not a whole number at least 0"),
        (["--samples", "many"], "'many' is not a whole number at least 0"),
        (["--json", "--raw"], "not allowed with argument"),
        (["--raw", "--samples", "3"], "--raw prints all records"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["one", "two"], "unrecognized arguments: two"),
        ([""], "the folder's name is empty"),
        (["s3://"], "'s3://' names no bucket"),
        (["s3:///quarantine/"], "names no bucket"),
    ],
)
def test_a_bad_option_is_one_line_and_two(capsys, arguments, message):
    assert main(arguments) == 2
    assert message in complaint_of(capsys)


@pytest.mark.parametrize("form", [[], ["--json"], ["--raw"]])
def test_what_cannot_be_read_is_one_line_and_one(tmp_path, capsys, form):
    file = put(tmp_path, "file", b"")
    damaged = put(tmp_path / "damaged", undecodable(1), b"garbage")

    assert main([str(tmp_path / "none"), *form]) == 1
    assert "none: no such folder; `make pipeline` creates one" in complaint_of(capsys)
    assert main([str(file), *form]) == 1
    assert "file: no such folder" in complaint_of(capsys)
    assert main([str(tmp_path / "damaged"), *form]) == 1
    assert f"{damaged}: the gzip data is damaged" in complaint_of(capsys)


def test_a_complaint_commands_no_terminal_either(tmp_path, capsys):
    folder = tmp_path / "\x1b[2J\n\udcff"

    assert main([str(folder)]) == 1
    assert complaint_of(capsys).startswith(f"quarantine: {tmp_path}/" + r"\x1b[2J \udcff: no such folder")


@pytest.mark.parametrize("form", [[], ["--json"], ["--raw"]])
def test_a_reader_that_has_seen_enough_is_no_error_to_shout_about(tmp_path, form):
    put(tmp_path, undecodable(1), [line(seq, b"x" * 200, list(Reason)[seq % 28]) for seq in range(5_000)])
    arguments = [str(tmp_path), *form, *(["--samples", "200"] if form != ["--raw"] else [])]
    assert read_one_line([*COMMAND, *arguments], ENVIRONMENT) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("form", [[], ["--json"], ["--raw"]])
def test_a_full_disk_is_one_line(tmp_path, form):
    small_quarantine(tmp_path)
    with open("/dev/full", "wb") as full:
        command = [*COMMAND, str(tmp_path), *form]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, cwd=ROOT, env=ENVIRONMENT)

    assert (ended.returncode, ended.stderr) == (1, b"quarantine: standard output: No space left on device\n")


def test_an_interrupted_reading_shows_no_traceback(tmp_path, monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.quarantine.reading.decode_quarantine_line", interrupt)

    assert main([str(small_quarantine(tmp_path))]) == 130
    assert capsys.readouterr() == ("", "")


def test_help_says_what_there_is(capsys):
    assert main(["--help"]) == 0
    assert "usage: quarantine" in capsys.readouterr().out
