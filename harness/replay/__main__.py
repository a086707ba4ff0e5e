"""`python -m harness.replay`: writes converted captures or a generated feed as NDJSON to standard output."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO

from harness.cli import Parser
from harness.replay.errors import ReplayError
from harness.replay.formats import known
from harness.replay.source_records import SourceRecord
from harness.replay.sources import DEFAULT_BAD_PER_MILLE, DEFAULT_COUNT, DEFAULT_SEED, open_sources


def main(argv: list[str]) -> int:
    """Run `convert` or `generate`; return 1 if the feed cannot be read, 2 for bad options."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as exc:  # argparse exits; main returns a code
        return int(exc.code or 0)
    try:
        if options.command == "generate":
            feed = open_sources(None, None, options.count, options.seed, options.bad_per_mille)
        else:
            feed = open_sources(options.files, options.venue)
        _write(feed, sys.stdout.buffer)
        sys.stdout.flush()
    except ReplayError as exc:
        print(f"replay: {exc}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # A closed pipe (`| head`) is no error. Without this, Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _write(feed: Iterable[SourceRecord], stream: BinaryIO) -> None:
    for record in feed:
        stream.write(record.raw + b"\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="replay", description="Market data as records of the contract, one JSON object per line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    convert = commands.add_parser(
        "convert",
        help="convert venues' captures to records",
        description="Convert captures (plain or gzip) to the records that a replay would put on the stream.",
    )
    convert.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder (every *.gz in it), or - for stdin")
    convert.add_argument("--venue", metavar="FORMAT", help=f"the format of all files, else it is detected: {known()}")
    generate = commands.add_parser(
        "generate",
        help="generate a feed",
        description="Print a mixed feed of trades, books and depth, some bad on purpose. A seed gives the same bytes.",
    )
    generate.add_argument("--count", type=_number(0), default=DEFAULT_COUNT, metavar="N", help="records (%(default)s)")
    generate.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S", help="of the feed (%(default)s)")
    generate.add_argument(
        "--bad-per-mille",
        type=_number(0, 1000),
        default=DEFAULT_BAD_PER_MILLE,
        metavar="K",
        help="bad records per thousand (%(default)s)",
    )
    return parser


def _number(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        bounds = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        try:
            number = int(text)
        except ValueError:
            number = lowest - 1
        if number < lowest or (highest is not None and number > highest):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {bounds}")
        return number

    return parse


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
