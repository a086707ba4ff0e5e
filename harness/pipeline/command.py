"""`python -m harness pipeline`: one run, its report, its summary and its exit code."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Never

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from harness.deploy.cli import AwsCliError
from harness.deploy.stack import DeployError
from harness.emulator.errors import EmulatorError
from harness.glue.jars import JarsError
from harness.packaging.layer import ROOT, PackagingError
from harness.pipeline.errors import PipelineError
from harness.pipeline.options import Options, read_options
from harness.pipeline.report import Display, show
from harness.pipeline.run import Run, carry_out
from harness.pipeline.summary import Summary
from harness.replay.errors import ReplayError

FOLDER = ROOT / "build" / "pipeline"
#: Failures of the world, not of this program: told in one line. Anything else is a bug and shows its traceback.
FORESEEN = (
    AwsCliError, BotoCoreError, ClientError, DeployError, EmulatorError, JarsError, OSError, PackagingError,
    PipelineError, ReplayError,
)  # fmt: skip
#: Shown again as exit codes by shells: 128 + the signal's number.
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run as `argv` and the environment say: 0 all accounted for, 1 not, 2 a bad option, 130 interrupted."""
    # Before anything else can go wrong: an earlier run's summary would be taken for this one's.
    (FOLDER / "summary.json").unlink(missing_ok=True)
    options = read_options(argv, os.environ)
    # SIGINT too: a job in the background of a script is started with interrupts ignored, and Python leaves it at that.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    # Under nohup a hang-up is to be ignored, and stays so.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    return run_pipeline(options, FOLDER, Console(soft_wrap=True))


def run_pipeline(
    options: Options,
    folder: Path,
    console: Console,
    interfere: Mapping[str, Callable[[Run], None]] | None = None,
) -> int:
    """Carry out one run with its results in `folder`; return the exit code that the summary holds too."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Not a word to the summary: it is the other run's.
            print(f"pipeline: another run is at work in {folder}", file=sys.stderr)
            return 1
        return _run(options, folder, console, interfere)


def _run(
    options: Options, folder: Path, console: Console, interfere: Mapping[str, Callable[[Run], None]] | None
) -> int:
    summary = Summary()
    error: str | None = None
    code = 1
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        with Display(console) as display:
            run = Run(options, display, folder)
            summary = run.summary
            with run:
                try:
                    carry_out(run, interfere)
                except Exception:
                    # A failed run is worth looking into; an interrupted one leaves nothing, whatever KEEP says.
                    if options.keep:
                        with suppress(EmulatorError, OSError):  # it may be what failed; that is told below
                            _keep(run, display)
                    raise
                if options.keep:
                    _keep(run, display)
        show(console, summary, run.answers, folder)
        error = "; ".join(run.failures) or None
        code = 0 if run.balanced and not error else 1
    except FORESEEN as failure:
        error = " ".join(str(failure).split()) or type(failure).__name__
    except KeyboardInterrupt:
        error, code = "interrupted", INTERRUPTED
    except BaseException as bug:
        error = f"{type(bug).__name__}: {bug}"
        raise
    finally:
        summary.error, summary.exit_code = error, code
        summary.write(folder / "summary.json")
    if error:
        print(f"pipeline: {error}", file=sys.stderr)
    return code


def _keep(run: Run, display: Display) -> None:
    """Leave the emulated AWS running, and say how to reach and to stop it."""
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    environment = run.emulator.environment()
    process = run.emulator.detach()
    # Beside the run's folder: the next run empties that, and must not take away what ends this one's emulator.
    variables = run.folder.with_name("emulator.env")
    lines = [f"export {name}={environment[name]}" for name in names]
    # A company's proxy cannot reach this machine's loopback interface.
    lines += [f"export {name}=127.0.0.1,localhost" for name in ("NO_PROXY", "no_proxy")]
    variables.write_text("\n".join((*lines, f"export EMULATOR_PID={process}", "")))
    display.say(f"Still running, because of KEEP: `. {variables}` leads aws to it, `kill {process}` ends it")


def _interrupt(*_: object) -> Never:
    raise KeyboardInterrupt
