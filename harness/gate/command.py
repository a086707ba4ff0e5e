"""`tox -e gate [-- template]`: judge a template in every scenario with every engine."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from harness.catalogue.catalogue import BadRule
from harness.cli import Parser
from harness.gate import waivers
from harness.gate.engines.errors import EngineError
from harness.gate.formats import FORMATS, text
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
CLEAN, FINDINGS, COULD_NOT_JUDGE = 0, 1, 2


def main(argv: list[str]) -> int:
    """Judge, print the report, write build/gate/verdicts.json. Returns 0 clean, 1 findings, 2 could not judge."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as ended:
        if ended.code != CLEAN:
            VERDICTS.unlink(missing_ok=True)
        raise
    try:
        # First: an earlier run's verdicts must not be taken for this run's.
        VERDICTS.unlink(missing_ok=True)
        report = _report(options)
        _write(options, report)
    except (TemplateError, EngineError, BadRule, BadValues, BadWaivers, OSError) as error:
        print(f"gate: {printable(' '.join(str(error).split()))}", file=sys.stderr)
    except Exception:  # noqa: BLE001 a bug in the gate: nothing was judged
        traceback.print_exc()
    else:
        return report.exit_code
    VERDICTS.unlink(missing_ok=True)
    return COULD_NOT_JUDGE


def _parser() -> Parser:
    parser = Parser(
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
    return parser


def _report(options: argparse.Namespace) -> Report:
    source = read(_shown(options.template))
    given = read_given(source.template, options.region, options.account, options.parameters)
    rule_set = RuleSet()
    waived = waivers.load(WAIVERS) if waivers.are_for(source.template) else []
    engines = tuple(name for name in ENGINES if name in (options.engine or ENGINES))
    with rule_set.engines(engines) as ready:
        try:
            return judge(source, rule_set, ready, waived, _shown(WAIVERS), _progress(engines), given)
        except UnrenderableTemplate as error:
            raise UnrenderableTemplate(f"{_place(source, error)}: {error}") from error


def _place(source: Source, error: UnrenderableTemplate) -> str:
    """File and line of what cannot be rendered. The error message begins with the place in the template."""
    place = str(error).partition(": ")[0].replace("parameter ", "Parameters.")
    line = source.lines.get(tuple(place.split(".")))
    return f"{source.path}:{line}" if line else str(source.path)


def _progress(engines: tuple[str, ...]) -> Callable[[str], None]:
    running = [*engines]

    def engine_done(name: str) -> None:
        running.remove(name)
        if sys.stderr.isatty():
            print(f"gate: {name} finished; still running: {', '.join(running) or 'none'}", file=sys.stderr)

    return engine_done


def _write(options: argparse.Namespace, report: Report) -> None:
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(FORMATS[options.format](report))
    elif options.format == "text":
        _print(text.write(report, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    else:
        _print(FORMATS[options.format](report))
    VERDICTS.parent.mkdir(parents=True, exist_ok=True)
    VERDICTS.write_text(as_indented_json(report.as_dict()))


def _print(written: str) -> None:
    try:
        print(written, end="", flush=True)
    except BrokenPipeError:
        # The reader closed the pipe (`| head`). Python would report it again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _shown(path: Path) -> Path:
    """A path for messages: relative to the working directory if it is below it."""
    absolute = Path(os.path.realpath(path))
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path
