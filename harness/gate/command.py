"""`tox -e gate [-- template]`: judge a template in every scenario with every engine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cli import Parser
from harness.gate import waivers
from harness.gate.engines.errors import EngineError
from harness.gate.formats import FORMATS, text
from harness.gate.judge import judge
from harness.gate.rule_set import ENGINES, RuleSet
from harness.gate.verdicts import Report
from harness.gate.waivers import BadWaivers
from harness.render.dumping import as_indented_json
from harness.render.errors import TemplateError
from harness.render.source import read
from harness.rules.catalogue import BadRule

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
WAIVERS = ROOT / "rules" / "waivers.yaml"
VERDICTS = ROOT / "build" / "gate" / "verdicts.json"
CLEAN, FINDINGS, COULD_NOT_JUDGE = 0, 1, 2


def main(argv: list[str]) -> int:
    """Judge, print, and write build/gate/verdicts.json; 0 clean, 1 findings, 2 could not judge."""
    options = _parser().parse_args(argv)
    VERDICTS.unlink(missing_ok=True)
    try:
        report = _report(options)
        _write(options, report)
    except (TemplateError, EngineError, BadRule, BadWaivers, OSError) as error:
        print(f"gate: {' '.join(str(error).split())}", file=sys.stderr)
        return COULD_NOT_JUDGE
    return report.exit_code


def _parser() -> Parser:
    parser = Parser(
        prog="gate",
        description="Judge a CloudFormation template: cfn-lint, cfn-guard, Checkov and the project's own checks, on the "
        "source and on a rendering of every scenario. Writes build/gate/verdicts.json.",
        epilog="Exit codes: 0 clean, 1 findings, 2 could not judge.",
    )
    parser.add_argument("template", nargs="?", type=Path, default=TEMPLATE, help="the template (default: this project's)")
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="of what is printed (default: text)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of printing")
    parser.add_argument(
        "--engine", action="append", choices=ENGINES, metavar="NAME", help=f"one of {', '.join(ENGINES)}; repeatable (default: all)"
    )
    return parser


def _report(options: argparse.Namespace) -> Report:
    source = read(_shown(options.template))
    rule_set = RuleSet()
    # Waivers are about this project's template and nobody else's.
    mine = options.template.resolve() == TEMPLATE
    waived = waivers.load(WAIVERS) if mine else []
    engines = tuple(name for name in ENGINES if name in (options.engine or ENGINES))
    with rule_set.engines(engines) as ready:
        return judge(source, rule_set, ready, waived, _shown(WAIVERS), told=_teller(engines))


def _teller(engines: tuple[str, ...]) -> Callable[[str], None]:
    waiting = [*engines]

    def told(name: str) -> None:
        waiting.remove(name)
        if sys.stderr.isatty():
            print(f"gate: {name} is done" + (f"; waiting for {', '.join(waiting)}" if waiting else ""), file=sys.stderr)

    return told


def _write(options: argparse.Namespace, report: Report) -> None:
    VERDICTS.parent.mkdir(parents=True, exist_ok=True)
    VERDICTS.write_text(as_indented_json(report.as_dict()))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(FORMATS[options.format](report))
    elif options.format == "text":
        print(text.write(report, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ), end="")
    else:
        print(FORMATS[options.format](report), end="")


def _shown(path: Path) -> Path:
    """A path as messages show it: from the working directory where it is below it."""
    absolute = path.resolve()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path
