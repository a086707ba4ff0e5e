"""The options of `make pipeline`, and the errors for bad ones."""

from argparse import RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from harness.cli import Parser
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.replay.sources import DEFAULT_BAD_PER_MILLE, DEFAULT_COUNT, DEFAULT_SEED

YES = frozenset({"1", "yes", "true", "on"})
NO = frozenset({"", "0", "no", "false", "off"})

EPILOG = """\
environment (make passes them on):
  FEED    space-separated files, a folder (every *.gz in it), or - for standard input (default: a generated feed)
  VENUE   the format of every file (default: detected from the content)
  KEEP    1 leaves the emulated AWS running and prints how to use and stop it
  PORT    port of the emulated AWS on the loopback interface (default: a free port)
  COUNT, SEED, BAD_PER_MILLE, FAULTS   like the options of the same names, which take precedence
  PIPELINE_PATIENCE   multiplies all timeouts, for a busy machine (default: 1)
"""


#: What is taken if nothing is given.
Default = TypeVar("Default", int, None)


class OptionError(SystemExit):
    """A bad option. Its message is already on standard error; `message` repeats it for the summary."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code)
        self.message = message


class _Parser(Parser):
    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        try:
            super().exit(status, message)
        except SystemExit as ended:
            if not status:
                raise
            raise OptionError(status, (message or "").removeprefix(f"{self.prog}: ").strip()) from ended


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
    #: For the generated feed, like `count` and `seed`.
    bad_per_mille: int = DEFAULT_BAD_PER_MILLE
    #: The seed of faults that the emulated AWS makes on purpose; None for none.
    faults: int | None = None


def read_options(argv: list[str], environment: Mapping[str, str]) -> Options:
    """Read command line and environment; a bad value ends the process with one line and exit code 2."""
    parser = _Parser(
        prog="pipeline",
        description="Deploy on an emulated AWS, replay market data through it, and account for every record.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", metavar="N", help=f"records to generate (default: {DEFAULT_COUNT})")
    parser.add_argument("--seed", metavar="S", help=f"seed of the generated feed (default: {DEFAULT_SEED})")
    parser.add_argument(
        "--bad-per-mille", metavar="K", help=f"bad records per 1,000 generated (default: {DEFAULT_BAD_PER_MILLE})"
    )
    parser.add_argument(
        "--faults",
        metavar="S",
        help="a seed: requests are throttled or lose their answers, functions are killed, deliveries come twice",
    )
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="template to deploy (default: the pipeline's)")
    parser.add_argument(
        "--parameters", type=Path, default=DEVELOPMENT_PARAMETERS, help="parameter file (default: development.json)"
    )
    given = parser.parse_args(argv)
    for path in (given.template, given.parameters):
        if not path.is_file():
            parser.error(f"{path}: no such file")
    keep = environment.get("KEEP", "").strip().lower()
    if keep not in YES | NO:
        parser.error(f"KEEP must be 1 or 0, not {keep!r}")

    def number(name: str, default: Default, lowest: int, highest: int | None = None) -> int | Default:
        return _number(parser, name, getattr(given, name.lower()), environment, default, lowest, highest)

    return Options(
        feed=environment.get("FEED", "").strip() or None,
        venue=environment.get("VENUE", "").strip() or None,
        keep=keep in YES,
        port=_port(parser, environment.get("PORT", "").strip()),
        count=number("COUNT", DEFAULT_COUNT, 1),
        seed=number("SEED", DEFAULT_SEED, 0),
        faults=number("FAULTS", None, 0),
        bad_per_mille=number("BAD_PER_MILLE", DEFAULT_BAD_PER_MILLE, 0, 1000),
        template=given.template.resolve(),
        parameters=given.parameters.resolve(),
    )


def _port(parser: Parser, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        parser.error(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def _number(
    parser: Parser,
    name: str,
    given: str | None,
    environment: Mapping[str, str],
    default: Default,
    lowest: int,
    highest: int | None,
) -> int | Default:
    """A number from the command line, else from the environment variable. An error names the one that was used."""
    shown = name if given is None else f"--{name.lower().replace('_', '-')}"
    text = (environment.get(name, "") if given is None else given).strip()
    if given is None and not text:
        return default
    # No run needs more digits, and int() refuses thousands of them.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    if number < lowest or (highest is not None and number > highest):
        bounds = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        parser.error(f"{shown} must be a whole number {bounds}, not {text[:40]!r}")
    return number
