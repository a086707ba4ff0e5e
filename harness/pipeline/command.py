"""`python -m harness pipeline`: one run, its report, its summary and its exit code."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from harness.deploy.cli import AwsCliError
from harness.deploy.stack import DeployError
from harness.emulator.errors import EmulatorError
from harness.glue.jars import JarsError
from harness.packaging.layer import ROOT, PackagingError
from harness.patience import BadPatience
from harness.pipeline.errors import PipelineError
from harness.pipeline.summary import Summary
from harness.replay.errors import ReplayError

# The rest is imported where it is used: it takes half a second, and interrupts must be caught by then.
if TYPE_CHECKING:
    from rich.console import Console

    from harness.pipeline.options import Options
    from harness.pipeline.report import Display
    from harness.pipeline.run import Run

FOLDER = ROOT / "build" / "pipeline"
#: Failures of the world, not of this program: reported in one line. Anything else is a bug and shows its traceback.
FORESEEN = (
    AwsCliError, BadPatience, BotoCoreError, ClientError, DeployError, EmulatorError, JarsError, OSError,
    PackagingError, PipelineError, ReplayError,
)  # fmt: skip
FAILED = 1
BAD_OPTION = 2
#: What shells report for SIGINT: 128 + the signal's number.
INTERRUPTED = 130

Interfere = Mapping[str, "Callable[[Run], None]"]


class Interrupts:
    """Turns repeated stop signals into one KeyboardInterrupt.

    A second one would cut short the cleanup after the first.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    #: Cleanup takes seconds. After this long, another signal counts again.
    PATIENCE_SECONDS = 30.0

    def __init__(self) -> None:
        #: True once nothing may be interrupted. An attribute, because an interrupt could still hit a call.
        self.over = False
        self._raised_at: float | None = None

    def listen(self) -> None:
        """Install the signal handlers."""
        for number in self.SIGNALS:
            # Under nohup, SIGHUP stays ignored. SIGINT does not: a script starts its background jobs with SIGINT
            # ignored, and Python does not change that.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def ignore(self) -> None:
        """Ignore the signals: during Python's shutdown they would kill the process and change its exit code."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _interrupt(self, *_: object) -> None:
        now = time.monotonic()
        impatient = self._raised_at is not None and now - self._raised_at < self.PATIENCE_SECONDS
        if not self.over and not impatient:
            self._raised_at = now
            raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Run the pipeline. Returns 0 all records accounted for, 1 failed, 2 bad option, 130 interrupted."""
    interrupts = Interrupts()
    try:
        interrupts.listen()
        # First: an earlier run's summary must not be taken for this run's.
        with suppress(OSError):  # writing this run's summary reports it
            (FOLDER / "summary.json").unlink(missing_ok=True)
        from harness.pipeline.options import OptionError, read_options

        try:
            options = read_options(argv, os.environ)
        except OptionError as error:
            return _give_up(FOLDER, error.message, BAD_OPTION, is_printed=True)
        return run_pipeline(options, FOLDER, interrupts=interrupts)
    except KeyboardInterrupt:
        return _give_up(FOLDER, "interrupted", INTERRUPTED)
    finally:
        interrupts.over = True
        interrupts.ignore()
        _flush_output()


def run_pipeline(
    options: Options,
    folder: Path,
    console: Console | None = None,
    interfere: Interfere | None = None,
    interrupts: Interrupts | None = None,
) -> int:
    """Carry out one run with its results in `folder`. Returns the exit code, which is in the summary too."""
    try:
        with _alone_in(folder):
            return _run(options, folder, console, interfere, interrupts or Interrupts())
    except _NotAloneError as error:
        # Do not touch the summary: it is the other run's.
        _print_error(str(error))
        return FAILED


class _NotAloneError(Exception):
    """Another run uses the folder, or it cannot be written."""


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context(folder.with_suffix(".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _NotAloneError(f"another run is using {folder}") from error
        except OSError as error:
            raise _NotAloneError(f"cannot write results to {folder}: {error}") from error
        yield


def _run(
    options: Options, folder: Path, console: Console | None, interfere: Interfere | None, interrupts: Interrupts
) -> int:
    summary, run = Summary(), None
    error: str | None = None
    code = FAILED
    try:
        try:
            from rich.console import Console

            from harness.pipeline.report import Display, show
            from harness.pipeline.run import Run, carry_out

            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            console = console or Console(soft_wrap=True)
            with Display(console) as display:
                run = Run(options, display, folder)
                summary = run.summary
                with run:
                    try:
                        try:
                            carry_out(run, interfere)
                        finally:
                            # Only stopping the emulator is left; that must not be interrupted.
                            interrupts.over = True
                        if options.keep:
                            _keep(run, display)
                    except Exception:
                        # KEEP keeps a failed run for investigation, but never an interrupted one.
                        if options.keep:
                            with suppress(EmulatorError, OSError):  # this may be what failed; reported below
                                _keep(run, display)
                        raise
            show(console, summary, run.symbol_totals, folder)
            error = "; ".join(run.failures) or None
            code = 0 if run.balanced and not error else FAILED
        except FORESEEN as failure:
            error = _one_line(failure, folder, run)
    except KeyboardInterrupt:
        error, code = "interrupted", INTERRUPTED
    except SystemExit:
        # Rich exits when the reader closes the pipe (`| head`).
        error = "standard output was closed"
    except BaseException as bug:
        error = f"{type(bug).__name__}: {bug}"
        raise
    finally:
        interrupts.over = True
        code = _conclude(summary, folder, code, error)
    return code


def _conclude(summary: Summary, folder: Path, code: int, error: str | None, *, is_printed: bool = False) -> int:
    """Write the summary and print the error. Returns the exit code: never 0 if the summary cannot be written."""
    summary.error, summary.exit_code = error, code
    unprinted = None if is_printed else error
    try:
        try:
            summary.write(folder / "summary.json")
        except OSError:
            # The disk is full, perhaps of the zips: they can be built again, unlike a summary.
            shutil.rmtree(folder / "deploy", ignore_errors=True)
            summary.write(folder / "summary.json")
    except OSError as failure:
        no_summary = f"{folder}/summary.json cannot be written: {failure.strerror or failure}"
        unprinted = "; ".join(filter(None, (unprinted, no_summary)))
        code = code or FAILED
    if unprinted:
        _print_error(unprinted)
    return code


def _give_up(folder: Path, error: str, code: int, *, is_printed: bool = False) -> int:
    """End before the run has started."""
    try:
        with _alone_in(folder):
            return _conclude(Summary(), folder, code, error, is_printed=is_printed)
    except _NotAloneError:
        if not is_printed:
            _print_error(error)
    return code


def _one_line(failure: BaseException, folder: Path, run: Run | None) -> str:
    """What failed, and where to look."""
    lines = [line for line in str(failure).splitlines() if line.strip()] or [type(failure).__name__]
    # Of a multi-line log excerpt, the first line says what happened and the last one why; the file has the rest.
    text = " ".join(" ".join([lines[0], lines[-1]] if len(lines) > 1 else lines).split())
    if isinstance(failure, OSError) and (failure.filename is None or failure.errno == errno.ENOSPC):
        stage = "" if run is None else f"; stage: {run.stage}"
        return f"{text} (results go to {folder}, temporary files to {tempfile.gettempdir()}{stage})"
    if len(lines) > 1 or isinstance(failure, (BotoCoreError, ClientError)):
        return f"{text} (log: {folder}/emulator.log)"
    return text


def _keep(run: Run, display: Display) -> None:
    """Leave the emulated AWS running, and print how to use and stop it."""
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    environment, process = run.emulator.environment(), run.emulator.process_id
    # Outside the run's folder, which the next run empties: this file is needed to stop the emulator.
    variables = run.folder.with_name("emulator.env")
    lines = [f"export {name}={environment[name]}" for name in names]
    # A company's proxy cannot reach this machine's loopback interface.
    lines += [f"export {name}=127.0.0.1,localhost" for name in ("NO_PROXY", "no_proxy")]
    variables.write_text("\n".join((*lines, f"export EMULATOR_PID={process}", "")))
    # Last: an emulator whose process id is not written down could not be stopped.
    run.emulator.detach()
    display.say(f"KEEP: the emulated AWS is still running. To use it: `. {variables}`. To stop it: `kill {process}`.")


def _print_error(error: str) -> None:
    with suppress(OSError):  # nobody reads standard error
        print(f"pipeline: {error}", file=sys.stderr, flush=True)


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # Reported already. Python would report it again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
