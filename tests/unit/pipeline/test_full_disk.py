"""A full disk, for each file: one error line, a summary if there is space, and no emulator left running."""

import errno
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.emulator.errors import SlowToStop
from harness.emulator.process import Emulator
from harness.pipeline import command, glue
from harness.pipeline import run as stages
from harness.pipeline.options import read_options
from harness.pipeline.summary import Summary

#: Every write fails: a full disk.
FULL = Path("/dev/full")


def _run(folder, environment=None, interfere=None, printed=None):
    options = read_options(["--count", "10"], environment or {})
    return command.run_pipeline(options, folder, Console(file=printed or io.StringIO(), width=200), interfere)


@pytest.fixture
def no_emulator(monkeypatch):
    """Stages and emulator do nothing, so that only the code before and after them runs."""
    ended = []
    monkeypatch.setattr(stages, "STAGES", ())
    monkeypatch.setattr(Emulator, "start", lambda _: None)
    monkeypatch.setattr(Emulator, "stop", lambda _: ended.append("stopped"))
    monkeypatch.setattr(Emulator, "detach", lambda _: ended.append("left running"))
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(Emulator, "environment", lambda _: dict.fromkeys(names, "x"))
    monkeypatch.setattr(Emulator, "process_id", 4711)
    return ended


def _slow(_):
    raise SlowToStop("the emulator is still stopping after 15 s (process 7)")


@pytest.mark.parametrize(("balanced", "code"), [(True, 0), (False, 1)])
def test_an_emulator_that_stops_slowly_is_a_warning_and_changes_no_account(
    tmp_path, capsys, monkeypatch, no_emulator, balanced, code
):
    """A busy machine is no reason to fail a balanced run."""
    monkeypatch.setattr(Emulator, "stop", _slow)
    monkeypatch.setattr(stages.Run, "balanced", balanced)
    printed = io.StringIO()

    assert _run(tmp_path / "run", printed=printed) == code
    assert "Warning: the emulator is still stopping after 15 s" in printed.getvalue()
    assert capsys.readouterr().err == ""


def test_an_emulator_that_stops_slowly_does_not_hide_what_went_wrong(tmp_path, capsys, monkeypatch, no_emulator):
    monkeypatch.setattr(Emulator, "stop", _slow)
    monkeypatch.setattr(stages, "STAGES", (("deploy", _disk_full),))

    assert _run(tmp_path / "run") == 1
    assert "No space left on device" in capsys.readouterr().err


def _disk_full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_summary_that_cannot_be_written_is_reported_beside_what_went_wrong(tmp_path, capsys, monkeypatch):
    """Both in one line: the second must not hide the first, let alone in a traceback."""
    monkeypatch.setattr(Summary, "write", _disk_full)

    assert _run(tmp_path / "run", {"FEED": "no-such-file"}) == 1
    error_line = capsys.readouterr().err
    assert error_line.startswith("pipeline: no-such-file: no such file or folder; ")
    assert f"{tmp_path}/run/summary.json cannot be written: No space left on device" in error_line
    assert error_line.count("\n") == 1


def test_a_success_without_a_summary_is_none(tmp_path, capsys, monkeypatch):
    """A reader of the file would wait for ever, or read an older one."""
    monkeypatch.setattr(Summary, "write", _disk_full)

    assert command._conclude(Summary(), tmp_path, 0, None) == 1
    assert capsys.readouterr().err == f"pipeline: {tmp_path}/summary.json cannot be written: No space left on device\n"


def test_a_half_written_summary_does_not_stay(tmp_path):
    (tmp_path / "summary.partial").symlink_to(FULL)

    with pytest.raises(OSError, match="No space left"):
        Summary().write(tmp_path / "summary.json")
    assert list(tmp_path.iterdir()) == []


def test_the_zips_make_room_for_the_summary(tmp_path, monkeypatch):
    """They can be built again."""
    zips = tmp_path / "deploy"
    zips.mkdir()
    write = Summary.write
    monkeypatch.setattr(Summary, "write", lambda self, path: _disk_full() if zips.exists() else write(self, path))

    command._conclude(Summary(), tmp_path, 1, "No space left on device")

    assert json.loads((tmp_path / "summary.json").read_text())["error"] == "No space left on device"


@pytest.mark.parametrize("stage", ["deploy", "account"])
def test_an_error_without_a_file_is_reported_with_stage_and_folders(tmp_path, capsys, monkeypatch, no_emulator, stage):
    """A failed write has no file name; the user must learn which of two disks is full."""
    monkeypatch.setattr(stages, "STAGES", ((stage, _disk_full),))
    monkeypatch.setattr("tempfile.tempdir", "/temporary")

    assert _run(tmp_path / "run") == 1
    places = f"(results go to {tmp_path}/run, temporary files to /temporary; stage: {stage})"
    assert capsys.readouterr().err == f"pipeline: [Errno 28] No space left on device {places}\n"
    assert no_emulator == ["stopped"]


def test_books_balance_where_nothing_can_be_looked_at_any_more(tmp_path, monkeypatch, no_emulator):
    """Records on the stream that are found nowhere are reported as lost."""

    def put(run):
        for number, item in enumerate(run._feed):
            run.ledger.add(item, "trade", "shard", str(number))
        run._count()

    monkeypatch.setattr(stages, "STAGES", (("replay", put), ("drain", _disk_full)))

    assert _run(tmp_path / "run") == 1
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["records_in"] == summary["lost"] == 10


def test_an_emulator_is_not_left_running_when_nobody_can_be_shown_how_to_stop_it(
    tmp_path, capsys, monkeypatch, no_emulator
):
    (tmp_path / "emulator.env").symlink_to(FULL)

    assert _run(tmp_path / "run", {"KEEP": "1"}) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert no_emulator == ["stopped"]


def test_a_log_of_the_glue_job_that_cannot_be_written_ends_the_job(tmp_path, monkeypatch):
    job = {"Role": "arn:aws:iam::0:role/glue", "Command": {"ScriptLocation": "s3://b/k"}, "DefaultArguments": {}}
    client = SimpleNamespace(get_job=lambda **_: {"Job": job}, download_file=lambda *_: None)
    emulator = SimpleNamespace(
        client=lambda *_: client,
        role_credentials=lambda _: SimpleNamespace(access_key_id="", secret_access_key="", session_token=""),
        endpoint_url="https://127.0.0.1:1",
        trust_store=SimpleNamespace(path=tmp_path, password=""),
        ca_bundle=tmp_path,
        region="us-east-1",
    )

    def print_much(on_line, **_):
        for _ in range(100_000):
            on_line("a line")
        pytest.fail("the job went on without a log")

    monkeypatch.setattr(glue, "run_glue_job", print_much)
    monkeypatch.setattr(glue, "ensure_jars", lambda *_: [])
    (tmp_path / "glue.log").symlink_to(FULL)

    with pytest.raises(OSError, match="No space left on device"):
        glue.run_deployed_job(emulator, "job", tmp_path, lambda _: None)


@pytest.mark.parametrize("in_the_way", ["run", "run.lock"])
def test_a_folder_that_cannot_be_had_is_reported_in_one_line(tmp_path, capsys, monkeypatch, in_the_way):
    """A file is in the folder's place, or a folder in the lock file's place."""
    if in_the_way == "run":
        (tmp_path / "run").touch()
    else:
        (tmp_path / "run.lock").mkdir()

    assert _run(tmp_path / "run") == 1
    error_line = capsys.readouterr().err
    assert str(tmp_path / "run") in error_line
    assert error_line.count("\n") == 1
