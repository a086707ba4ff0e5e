"""How a run of the pipeline begins and ends, as far as that needs no emulated AWS."""

import fcntl
import io
import json

import pytest
from rich.console import Console

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
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
    ],
)
def test_a_bad_option_is_told_in_one_line(capsys, argv, environment):
    with pytest.raises(SystemExit) as ended:
        read_options(argv, environment)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_bad_option_leaves_no_summary_of_an_earlier_run(tmp_path, monkeypatch):
    """A script that reads the summary would take the old success for this run's."""
    (tmp_path / "summary.json").write_text('{"exit_code": 0}')
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setenv("PORT", "abc")

    with pytest.raises(SystemExit):
        command.main([])
    assert not (tmp_path / "summary.json").exists()
