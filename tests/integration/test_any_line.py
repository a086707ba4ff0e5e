"""Code that starts a process may be interrupted at any line: neither the process nor its folder is left."""

import gc
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from harness.deploy import cli
from harness.deploy.cli import AwsCli, AwsCliError
from harness.emulator import process
from harness.emulator.errors import SlowToStop
from harness.emulator.process import Emulator
from harness.glue import spark_process
from tests.waiting import until

#: Stands for the AWS CLI and Spark's interpreter: leaves a file where its temporary files go.
WORKER = """#!/bin/sh
: >"$TMPDIR/mine"
echo working
sleep 0.05
"""
#: The same for the emulator's program, which Python is told to run.
SERVER = """
import os, time
open(os.environ["TMPDIR"] + "/mine", "x")
print("working", flush=True)
time.sleep(0.05)
"""


def run_aws(worker):
    aws = AwsCli(dict(os.environ))
    aws._command = str(worker)
    assert aws.run("sts") == "working\n"


def run_spark(worker):
    code = spark_process.run_glue_job(
        spark_python=worker,
        jars=[],
        script=Path("script"),
        arguments={},
        endpoint_url="https://127.0.0.1:1",
        credentials=("", "", ""),
        truststore=Path("t"),
        truststore_password="",
        ca_bundle=Path("c"),
        region="us-east-1",
        on_line=lambda _: None,
    )
    assert code == 0


def run_emulator(_):
    with Emulator():
        pass


@pytest.fixture
def fakes(monkeypatch, tmp_path):
    """A private temporary folder, a worker, and an emulator that is ready at once."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    worker = tmp_path / "worker"
    worker.write_text(WORKER)
    worker.chmod(0o755)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    # The worker stands where the emulator's program is looked for.
    emulator = tmp_path / "harness" / "emulator" / "serve.py"
    emulator.parent.mkdir(parents=True)
    emulator.write_text(SERVER)
    monkeypatch.setattr(process, "_PROJECT", tmp_path)
    monkeypatch.setattr(process, "_answers", lambda *_: True)
    monkeypatch.setattr(Emulator, "_create_deployer", lambda _: None)
    return temporary, worker


@pytest.mark.parametrize(
    ("module", "run"),
    [(cli, run_aws), (spark_process, run_spark), (process, run_emulator)],
    ids=["aws", "spark", "emulator"],
)
def test_an_interrupt_at_any_line_leaves_neither_process_nor_folder(fakes, module, run):
    temporary, worker = fakes
    run(worker)
    tried = set()
    # What was made so far is not looked at by each of the collections below.
    gc.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        while _interrupted_where_not_yet(tried, module.__file__, run, worker):
            # Between being started and being known, a process is only dropped. It ends when its pipe closes: at the
            # latest with the interrupted process, which here goes on.
            gc.collect()
            subprocess._active.clear()
            _until_nothing_is_left(temporary)
    gc.unfreeze()
    assert len(tried) > 15, "the lines were not seen"


def _interrupted_where_not_yet(tried, file, run, worker):
    """Whether the code of `file` reached an untried line, where it was interrupted."""

    def trace(frame, event, _):
        if frame.f_code.co_filename != file:
            return None
        if event == "line" and frame.f_lineno not in tried:
            tried.add(frame.f_lineno)
            # Once: from then on the cleaning up is not disturbed.
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run(worker)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def _until_nothing_is_left(temporary):
    mark = os.fsencode(temporary)
    until(lambda: not list(temporary.iterdir()) and not _marked(mark), 5)


def _marked(mark):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def test_an_emulator_that_stops_slowly_is_told_and_stopped_all_the_same(fakes):
    """A slow reaper must not be killed: nothing else would stop the processes that it watches."""
    temporary, _ = fakes
    emulator = Emulator(stop_timeout=0)
    emulator.start()

    with pytest.raises(SlowToStop, match=r"still stopping after 0 s \(process \d+\)"):
        emulator.stop()
    _until_nothing_is_left(temporary)


def test_a_killed_owner_of_the_aws_cli_leaves_neither_it_nor_its_temporary_files(fakes, tmp_path):
    """It would go on deploying to a stopped emulator, and leave its temporary files."""
    temporary, worker = fakes
    worker.write_text(WORKER.replace("0.05", "600"))
    program = (
        "import os, sys\n"
        "from harness.deploy.cli import AwsCli\n"
        "aws = AwsCli(dict(os.environ))\n"
        "aws._command = sys.argv[1]\n"
        "aws.run('sts')\n"
    )
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", program, str(worker)], env=environment) as owner:
        try:
            until(lambda: list(temporary.glob("*/mine")), 20)
        finally:
            owner.kill()

    _until_nothing_is_left(temporary)


def test_what_the_aws_cli_says_is_told_without_its_progress(fakes):
    """ "100 %" of an upload before the error would look like success."""
    _, worker = fakes
    worker.write_text(
        "#!/bin/sh\n"
        "printf '\\rUploading to x  1 / 2  (50.00%%)\\rUploading to x  2 / 2  (100.00%%)\\n\\nNo\\nsuch.\\n' >&2\n"
        "exit 254\n"
    )
    aws = AwsCli(dict(os.environ))
    aws._command = str(worker)

    with pytest.raises(AwsCliError, match=r"\Aaws cloudformation deploy: No such\.\Z"):
        aws.run("cloudformation", "deploy", "--x")
