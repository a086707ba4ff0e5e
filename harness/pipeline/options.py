"""What `make pipeline` can be told, and what is wrong with it if it is wrong."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.cli import Parser
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.replay.sources import DEFAULT_COUNT, DEFAULT_SEED

YES = frozenset({"1", "yes", "true", "on"})
NO = frozenset({"", "0", "no", "false", "off"})

EPILOG = """\
environment (make passes them on):
  FEED    space-separated files, a folder (every *.gz in it), or - for standard input; a generated feed without it
  VENUE   the format of all of them, where it should not be detected from the content
  KEEP    1 leaves the emulated AWS running afterwards, and says how to reach and to stop it
  PORT    port of the emulated AWS on the loopback interface; a free one without it
"""


@dataclass(frozen=True)
class Options:
    """One run."""

    feed: str | None
    venue: str | None
    keep: bool
    port: int | None
    count: int
    seed: int
    template: Path
    parameters: Path


def read_options(argv: list[str], environment: Mapping[str, str]) -> Options:
    """Read command line and environment; a bad value ends the process with one line and exit code 2."""
    parser = Parser(
        prog="pipeline",
        description="Deploy on an emulated AWS, replay market data through it, and account for every record.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help="records to generate (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of the generated feed (default: %(default)s)")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="template to deploy (default: the pipeline's)")
    parser.add_argument(
        "--parameters", type=Path, default=DEVELOPMENT_PARAMETERS, help="parameter file (default: development.json)"
    )
    given = parser.parse_args(argv)
    if given.count < 1:
        parser.error(f"--count must be at least 1, not {given.count}")
    for path in (given.template, given.parameters):
        if not path.is_file():
            parser.error(f"{path}: no such file")
    keep = environment.get("KEEP", "").strip().lower()
    if keep not in YES | NO:
        parser.error(f"KEEP must be 1 or 0, not {keep!r}")
    return Options(
        feed=environment.get("FEED", "").strip() or None,
        venue=environment.get("VENUE", "").strip() or None,
        keep=keep in YES,
        port=_port(parser, environment.get("PORT", "").strip()),
        count=given.count,
        seed=given.seed,
        template=given.template.resolve(),
        parameters=given.parameters.resolve(),
    )


def _port(parser: Parser, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        parser.error(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)
