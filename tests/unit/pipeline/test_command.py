"""How a run starts and ends: the parts that need no emulated AWS."""

import fcntl
import io
import json
import signal

import pytest
from rich.console import Console

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.emulator.errors import EmulatorError
from harness.pipeline import command
from harness.pipeline.options import Options, read_options


def _options(**changes):
    given = {"feed": None, "venue": None, "keep": False, "port": None, "count": 10, "seed": 1}
    return Options(**{**given, **changes}, template=TEMPLATE, parameters=DEVELOPMENT_PARAMETERS)


def _run(folder, **changes):
    return command.run_pipeline(_options(**changes), folder, Console(file=io.StringIO()))


def test_a_run_that_fails_leaves_a_summary_that_says_so(tmp_path, capsys):
    assert _run(tmp_path / "run", feed="no-such-file") == 1

    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["exit_code"] == 1
    assert "no-such-file" in summary["error"]
    assert capsys.readouterr().err.count("\n") == 1


def test_a_second_run_in_the_same_folder_is_refused_and_leaves_the_first_alone(tmp_path, capsys):
    """It would empty the folder that the first one is writing to."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "precious").touch()
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert _run(folder) == 1
    assert (folder / "precious").exists()
    assert not (folder / "summary.json").exists()
    assert "another run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "environment"),
    [
        pytest.param([], {"PORT": "abc"}, id="port-no-number"),
        pytest.param([], {"PORT": "70000"}, id="port-too-high"),
        pytest.param([], {"KEEP": "maybe"}, id="keep-unclear"),
        pytest.param(["--count", "0"], {}, id="count-zero"),
        pytest.param(["--count", "many"], {}, id="count-no-number"),
        pytest.param(["--template", "no-such.yaml"], {}, id="no-template"),
        pytest.param(["--nonsense"], {}, id="unknown-option"),
        pytest.param(["--nonsense\nin two lines"], {}, id="unknown-option-in-two-lines"),
    ],
)
def test_a_bad_option_is_reported_in_one_line(capsys, argv, environment):
    with pytest.raises(SystemExit) as ended:
        read_options(argv, environment)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def _signals():
    """`main` installs signal handlers, so it gets its own process."""
    before = {number: signal.getsignal(number) for number in command.Interrupts.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_a_bad_option_leaves_no_summary_of_an_earlier_run(tmp_path, monkeypatch, capsys):
    """A script would take the old summary's success for this run's."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "summary.json").write_text('{"exit_code": 0}')
    (folder / "precious").touch()
    monkeypatch.setattr(command, "FOLDER", folder)
    monkeypatch.setenv("PORT", "abc")

    assert command.main([]) == 2
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["exit_code"], summary["records_in"]) == (2, 0)
    assert capsys.readouterr().err == f"pipeline: {summary['error']}\n"
    assert "PORT" in summary["error"]
    assert (folder / "precious").exists()


@pytest.mark.usefixtures("_signals")
def test_a_bad_option_beside_a_run_at_work_is_reported_and_written_nowhere(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    monkeypatch.setattr(command, "FOLDER", folder)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert command.main(["--nonsense"]) == 2
    assert not folder.exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_the_end_of_a_long_log_is_reported_in_one_line_with_the_place_of_the_rest(tmp_path):
    failure = EmulatorError("the emulator ended while starting; its log ends:\nTraceback:\n  File x\nOSError: y\n")

    printed = command._one_line(failure, tmp_path, None)

    assert printed == f"the emulator ended while starting; its log ends: OSError: y (log: {tmp_path}/emulator.log)"
