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

# The rest is imported where it is used: it takes half a second, in which an interrupt is to be caught already.
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
#: Shown again as exit codes by shells: 128 + the signal's number.
INTERRUPTED = 130

Interfere = Mapping[str, "Callable[[Run], None]"]


class Interrupts:
    """Makes one KeyboardInterrupt of all the signals that somebody impatient sends.

    A second one would cut short what cleans up after the first.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    #: Cleaning up takes seconds. If that has not helped by then, a further signal counts again.
    PATIENCE_SECONDS = 30.0

    def __init__(self) -> None:
        #: Whether nothing is left to interrupt. Set without a call, in which an interrupt could still be raised.
        self.over = False
        self._raised_at: float | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in self.SIGNALS:
            # Under nohup a hang-up is to be ignored, and stays so. An interrupt is not: a job in the background of a
            # script is started with interrupts ignored, and Python leaves it at that.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def ignore(self) -> None:
        """Take no more: while Python itself ends, it would let them kill the process, whose exit code is decided."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _interrupt(self, *_: object) -> None:
        now = time.monotonic()
        impatient = self._raised_at is not None and now - self._raised_at < self.PATIENCE_SECONDS
        if not self.over and not impatient:
            self._raised_at = now
            raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Run as `argv` and the environment say: 0 all accounted for, 1 not, 2 a bad option, 130 interrupted."""
    interrupts = Interrupts()
    try:
        interrupts.listen()
        # Before anything else can go wrong: an earlier run's summary would be taken for this one's.
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
    """Carry out one run with its results in `folder`; return the exit code that the summary holds too."""
    try:
        with _alone_in(folder):
            return _run(options, folder, console, interfere, interrupts or Interrupts())
    except _NotAloneError as error:
        # Not a word to the summary: it is the other run's.
        _print_error(str(error))
        return FAILED


class _NotAloneError(Exception):
    """The folder cannot be had for this run alone."""


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context(folder.with_suffix(".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _NotAloneError(f"another run is at work in {folder}") from error
        except OSError as error:
            raise _NotAloneError(f"no results can be written to {folder}: {error}") from error
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
                            # Stopping what was started is all that is left, and nothing to interrupt.
                            interrupts.over = True
                        if options.keep:
                            _keep(run, display)
                    except Exception:
                        # A failed run is worth looking into; an interrupted one leaves nothing, whatever KEEP says.
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
        # Rich's way of saying that whoever read the output (`| head`) has seen enough.
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
    """End before a run has begun."""
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
    """Leave the emulated AWS running, and say how to reach and to stop it."""
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    environment, process = run.emulator.environment(), run.emulator.process_id
    # Beside the run's folder: the next run empties that, and must not take away what ends this one's emulator.
    variables = run.folder.with_name("emulator.env")
    lines = [f"export {name}={environment[name]}" for name in names]
    # A company's proxy cannot reach this machine's loopback interface.
    lines += [f"export {name}=127.0.0.1,localhost" for name in ("NO_PROXY", "no_proxy")]
    variables.write_text("\n".join((*lines, f"export EMULATOR_PID={process}", "")))
    # Only now: nobody could end an emulator of which nothing is written down.
    run.emulator.detach()
    display.say(f"Still running, because of KEEP: `. {variables}` leads aws to it, `kill {process}` ends it")


def _print_error(error: str) -> None:
    with suppress(OSError):  # nobody reads standard error
        print(f"pipeline: {error}", file=sys.stderr, flush=True)


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # Reported already. Python would report it again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
