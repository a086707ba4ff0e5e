"""`python -m harness quarantine`: its options, its output and its exit code."""

import argparse
import os
import sys
from dataclasses import dataclass

from rich.console import Console

from harness.cli import Parser
from harness.packaging.layer import ROOT
from harness.quarantine.errors import QuarantineError
from harness.quarantine.export import document, write_raw
from harness.quarantine.places import Place, place
from harness.quarantine.printable import printable
from harness.quarantine.reading import Reading
from harness.quarantine.report import show
from harness.quarantine.tally import Tally
from market_data import Reason

DEFAULT_WHERE = ROOT / "build" / "pipeline" / "quarantine"
DEFAULT_SAMPLES = 3
#: 128 + the signal's number, as shells show it.
INTERRUPTED = 130


@dataclass(frozen=True)
class Options:
    """What to read, and how to show it."""

    place: Place
    reasons: tuple[str, ...]
    samples: int
    json: bool
    raw: bool


def main(argv: list[str]) -> int:
    """Read the quarantine; return 1 if it cannot be read (or, with --raw, not fully printed), 2 for a bad option."""
    try:
        return _run(read_options(argv))
    except SystemExit as exc:  # argparse, and rich on a broken pipe, exit; main returns a code
        return int(exc.code or 0)
    except QuarantineError as exc:
        print(f"quarantine: {printable(' '.join(str(exc).split()))}", file=sys.stderr)
        return 1
    except OSError as exc:  # of standard output: failures to read are QuarantineErrors
        if not isinstance(exc, BrokenPipeError):
            print(f"quarantine: standard output: {exc.strerror or exc}", file=sys.stderr)
        # A closed pipe (`| head`) is no error. Without this, Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: Options) -> int:
    reading = Reading(options.place, options.reasons)
    if options.raw:
        left_out = write_raw(reading, sys.stdout.buffer)
        sys.stdout.flush()
        if left_out:
            print(
                f"quarantine: {left_out:,} records omitted, because they contain a newline or are blank; "
                "use --json for them",
                file=sys.stderr,
            )
        return int(left_out > 0)
    tally = Tally(options.samples, options.reasons)
    for found in reading:
        tally.add(found)
    if options.json:
        print(document(reading, tally))
    else:
        show(Console(), reading, tally)
    sys.stdout.flush()
    return 0


def read_options(argv: list[str]) -> Options:
    """Parse the command line; a bad option exits with one line and code 2."""
    parser = Parser(prog="quarantine", description="Show rejected records: counts, reasons and samples.")
    parser.add_argument(
        "where",
        nargs="?",
        type=_place,
        default=str(DEFAULT_WHERE),
        metavar="WHERE",
        help="a folder (build/pipeline/quarantine), or s3://BUCKET[/PREFIX] (quarantine/), with AWS_* credentials",
    )
    parser.add_argument(
        "--reason",
        action="append",
        default=[],
        type=_reason,
        metavar="CODE",
        help="only records rejected for this reason; repeatable",
    )
    parser.add_argument("--samples", type=_samples, metavar="N", help=f"records shown per reason ({DEFAULT_SAMPLES})")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document, with the samples' bytes as base64")
    form.add_argument(
        "--raw",
        action="store_true",
        # To a file, not directly into a run, which empties the folder that this reads.
        help="only the records' bytes, one per line; fix the file, then make pipeline FEED=file VENUE=canonical",
    )
    given = parser.parse_args(argv)
    if given.raw and given.samples is not None:
        parser.error("--samples: --raw prints all records")
    if given.raw and sys.stdout.isatty():
        parser.error("--raw writes to a file or pipe only: a record's bytes could control the terminal")
    samples = DEFAULT_SAMPLES if given.samples is None else given.samples
    return Options(given.where, tuple(dict.fromkeys(given.reason)), samples, given.json, given.raw)


def _place(text: str) -> Place:
    try:
        return place(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _reason(text: str) -> str:
    if text not in {reason.value for reason in Reason}:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(Reason)}")
    return text


def _samples(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number at least 0")
    return int(text)
