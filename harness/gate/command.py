"""`tox -e gate [-- template]`: judge a template in every scenario with every engine."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from harness import patience
from harness.catalogue import proof
from harness.catalogue.catalogue import BadRule
from harness.cli import Parser, complain
from harness.gate import waivers
from harness.gate.engines.errors import EngineError
from harness.gate.engines.watch import SECONDS, Progress
from harness.gate.formats import FORMATS, Extras
from harness.gate.formats.text import printable
from harness.gate.given import BadValues
from harness.gate.given import read as read_given
from harness.gate.judge import judge
from harness.gate.rule_set import ENGINES, RuleSet
from harness.gate.verdicts import Report
from harness.gate.waivers import BadWaivers
from harness.render.dumping import as_indented_json
from harness.render.errors import TemplateError, UnrenderableTemplate
from harness.render.source import Source, read

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
WAIVERS = ROOT / "rules" / "waivers.yaml"
VERDICTS = ROOT / "build" / "gate" / "verdicts.json"
FINDINGS, COULD_NOT_JUDGE = 1, 2


class BadOutput(Exception):
    """What the gate writes cannot be written there; the message is one line."""


class BadArguments(Exception):
    """Arguments that the gate does not take; the message is one line."""


class _Arguments(Parser):
    def error(self, message: str) -> NoReturn:
        raise BadArguments(f"{message} (try --help)")


def main(argv: list[str]) -> int:
    """Judge, print the report, write build/gate/verdicts.json. Returns 0 clean, 1 findings, 2 could not judge."""
    outputs = [VERDICTS]
    try:
        options = _parser().parse_args(argv)
        if options.output:
            _refuse_inputs(options)
            outputs.append(options.output)
        # First: an earlier run's verdicts must not be taken for this run's.
        _make_way(outputs)
        source, report = _report(options)
        _write(options, source, report)
    except (
        TemplateError,
        EngineError,
        BadRule,
        BadValues,
        BadWaivers,
        BadOutput,
        BadArguments,
        patience.BadPatience,
        OSError,
    ) as error:
        if isinstance(error, BadArguments):
            outputs += _stated_output(argv)
        complaint = " ".join(str(error).split())
    except Exception as error:  # noqa: BLE001 a bug in the gate: nothing was judged
        traceback.print_exc()
        complaint = f"this is a defect of the gate: {type(error).__name__}"
    else:
        return report.exit_code
    left = "".join(f"; {_shown(path)} is of an earlier run" for path in _remove(outputs))
    complain("gate", printable(complaint + left))
    return COULD_NOT_JUDGE


def _make_way(outputs: Sequence[Path]) -> None:
    """Remove what an earlier run wrote, and see that this run will be able to write. Raises BadOutput."""
    _remove(outputs)
    for path in outputs:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not _is_device(path):
                path.touch()
                path.unlink()
        except OSError as error:
            raise BadOutput(f"{_shown(path)} cannot be written: {error.strerror}") from error


def _remove(outputs: Sequence[Path]) -> list[Path]:
    """Remove files; where their folder does not allow that, empty them. Returns those that are still as they were."""
    left = []
    for path in outputs:
        try:
            # Unlike Path.is_file, it is false where we may not look.
            if not _is_device(path) and os.path.isfile(path):
                path.unlink()
        except OSError:
            try:
                os.truncate(path, 0)
            except OSError:
                left.append(path)
    return left


def _is_device(path: Path) -> bool:
    """Whether it is the likes of /dev/stdout, which may lead to a file that is not ours to remove."""
    return path.absolute().is_relative_to("/dev")


def _refuse_inputs(options: argparse.Namespace) -> None:
    """Raises BadOutput if writing the report would remove what is to be judged."""
    for name, path in (("template", options.template), ("parameters", options.parameters), ("waivers", WAIVERS)):
        if path and _is_same(path, options.output):
            raise BadOutput(f"--output {_shown(options.output)} is the file of the {name}")


def _stated_output(argv: Sequence[str]) -> list[Path]:
    """The --output among arguments that are no good; none if it may be an input as well."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--output", type=Path)
    try:
        known, others = parser.parse_known_args(argv)
    except argparse.ArgumentError:
        return []
    inputs = [TEMPLATE, WAIVERS, *(Path(each.rpartition("=")[2]) for each in others)]
    return [known.output] if known.output and not any(_is_same(known.output, each) for each in inputs) else []


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _parser() -> _Arguments:
    parser = _Arguments(
        prog="gate",
        description="Judge a CloudFormation template with cfn-lint, cfn-guard, Checkov and the project's own checks: "
        "its source, and a rendering for every scenario. Writes build/gate/verdicts.json.",
        epilog="Exit codes: 0 clean, 1 findings, 2 could not judge.",
    )
    parser.add_argument(
        "template", nargs="?", type=Path, default=TEMPLATE, help="the template (default: this project's)"
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="output format (default: text)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE instead of standard output")
    parser.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        metavar="NAME",
        help=f"run this engine only; repeatable: {', '.join(ENGINES)} (default: all)",
    )
    said = "judge for this {} only (default: those that the template asks for)"
    parser.add_argument("--region", metavar="REGION", help=said.format("Region"))
    parser.add_argument("--account", metavar="ID", help=said.format("account"))
    parser.add_argument(
        "--parameters",
        type=Path,
        metavar="FILE",
        help="judge for the parameter values in FILE only, JSON: an object of names and texts, or the list that the "
        "AWS CLI takes; parameters that are not in it are varied",
    )
    parser.add_argument(
        "--silence",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help=f"give up when an engine finishes nothing for so long (default: {SECONDS:g}); times {patience.VARIABLE}",
    )
    parser.add_argument(
        "--rules-url",
        type=_url,
        metavar="URL",
        help="where this project's files are shown, such as https://HOST/PROJECT/blob/COMMIT: SARIF links to its rules",
    )
    return parser


def _url(text: str) -> str:
    if urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).netloc or not text.isascii():
        raise argparse.ArgumentTypeError(f"{text} is no http or https address")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return value


def _report(options: argparse.Namespace) -> tuple[Source, Report]:
    source = read(_shown(options.template))
    given = read_given(source.template, options.region, options.account, options.parameters)
    rule_set = RuleSet()
    is_ours = waivers.are_for(source.template)
    waived = waivers.load(WAIVERS) if is_ours else []
    engines = tuple(name for name in ENGINES if name in (options.engine or ENGINES))
    # With some values or engines only, some rules may have nothing to judge.
    is_whole = is_ours and engines == ENGINES and not given
    pinned = proof.read() if is_whole else {}
    progress = Progress(engines, lambda line: complain("gate", line))
    with rule_set.engines(engines, silence=options.silence) as ready:
        try:
            report = judge(
                source, rule_set, ready, waived, _shown(WAIVERS), given, progress, options.silence, pinned, not is_ours,
                is_whole,
            )  # fmt: skip
            return source, report
        except UnrenderableTemplate as error:
            raise UnrenderableTemplate(f"{_place(source, error)}: {error}") from error


def _place(source: Source, error: UnrenderableTemplate) -> str:
    """File and line of what cannot be rendered. The error message begins with the place in the template."""
    place = str(error).partition(": ")[0].replace("parameter ", "Parameters.")
    line = source.lines.get(tuple(place.split(".")))
    return f"{source.path}:{line}" if line else str(source.path)


def _write(options: argparse.Namespace, source: Source, report: Report) -> None:
    is_terminal = not options.output and sys.stdout is not None and sys.stdout.isatty()
    written = FORMATS[options.format](
        report, Extras(source, options.rules_url or "", colour=is_terminal and "NO_COLOR" not in os.environ)
    )
    if options.output:
        _save(options.output, written)
    else:
        _print(written, "" if options.format == "text" else "utf-8")
    _save(VERDICTS, as_indented_json(report.as_dict()))


def _save(path: Path, text: str) -> None:
    # As JSON and the XML say, whatever the locale. A file's name may hold what is no character.
    path.write_text(text, "utf-8", "backslashreplace")


def _print(written: str, encoding: str = "") -> None:
    if sys.stdout is None:
        raise BadOutput("standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding or None, errors="backslashreplace")
    try:
        print(written, end="", flush=True)
    except OSError as error:
        # Python would report it again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # The reader may close the pipe (`| head`).
        if not isinstance(error, BrokenPipeError):
            raise BadOutput(f"standard output cannot be written: {error.strerror}") from error


def _shown(path: Path) -> Path:
    """A path for messages: relative to the working directory if it is below it."""
    absolute = Path(os.path.realpath(path))
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path
