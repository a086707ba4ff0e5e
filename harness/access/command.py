"""`tox -e access`: who can touch what, held to rules/access.yaml, or to another version of the template."""

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness.access import table
from harness.access.grants import CODE, PAGE, RECORDED, read_calls
from harness.access.judge import NOT_EVALUATED, Report, against_base, against_table
from harness.access.question_file import BadQuestion, load
from harness.access.questions import Answer, ask_all
from harness.cli import Parser, complain, put
from harness.markdown import count
from harness.render.errors import TemplateError, UnrenderableTemplate
from harness.render.scenarios import Scenarios
from harness.render.source import read

PROGRAM = "access"
ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
QUESTIONS = ROOT / "rules" / "questions.yaml"
TABLE = ROOT / "rules" / "access.yaml"
CALLS = ROOT / "rules" / "calls.csv"
REPORT = ROOT / "build" / "access" / "report.json"
CLEAN, FINDINGS, COULD_NOT_JUDGE = 0, 1, 2


class NoBase(Exception):
    """There is no such template to compare with; the message is one line."""


def main(argv: list[str]) -> int:
    """Ask every class of requests in every scenario; write build/access/report.json. Returns 0, 1 findings, or 2."""
    parser = Parser(
        prog=PROGRAM,
        description="Who can touch what: every class of requests in every scenario of the template is allowed if, and "
        "only if, rules/access.yaml means it. Writes build/access/report.json. With --base: what changed, instead.",
        epilog="Exit codes: 0 allowed is meant (with --base: compared), 1 findings (with --base: not all is compared), "
        "2 could not judge.",
    )
    parser.add_argument(
        "template", nargs="?", type=Path, default=TEMPLATE, help="the template (default: this project's)"
    )
    parser.add_argument(
        "--base",
        metavar="REV-OR-FILE",
        help="print what is newly allowed and newly denied since a revision of git, or another template",
    )
    parser.add_argument(
        "--questions", action="store_true", help="answer rules/questions.yaml, each with the statement that decides"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output format (default: text)")
    options = parser.parse_args(argv)
    is_change = options.base is not None
    if options.questions and (is_change or options.format != "text"):
        parser.error("--questions takes neither --base nor another format")
    began = time.process_time()
    try:
        REPORT.unlink(missing_ok=True)
        source = read(options.template).template
        scenarios = Scenarios(source)
        if options.questions:
            return _answer(ask_all(scenarios, load(QUESTIONS)))
        if is_change:
            report = against_base(scenarios, Scenarios(_base(options.base)))
        else:
            report = against_table(scenarios, table.read(TABLE, source))
            REPORT.parent.mkdir(parents=True, exist_ok=True)
            REPORT.write_text(json.dumps(report.as_dict(read_calls(CALLS)), indent=2) + "\n")
    except (TemplateError, UnrenderableTemplate, table.BadTable, BadQuestion, NoBase, OSError) as error:
        complain(PROGRAM, error)
        return COULD_NOT_JUDGE
    is_json = options.format == "json"
    text = json.dumps(report.as_dict(read_calls(CALLS)), indent=2) if is_json else _text(report, is_change)
    seconds = f"{time.process_time() - began:.1f} CPU s"
    if not put(PROGRAM, text + ("\n" if options.format == "json" else f" ({seconds})\n")):
        return COULD_NOT_JUDGE
    unknown = any(each.kind == NOT_EVALUATED for each in report.findings)
    return FINDINGS if unknown or (report.findings and not is_change) else CLEAN


def _answer(answers: Sequence[Answer]) -> int:
    """Print each question once, with its answer in the first scenario, and whatever is not as expected."""
    first = {each.question.place: each for each in reversed(answers)}
    wrong = [each for each in answers if not each.is_as_expected]
    shown = [*(each for each in reversed(first.values()) if each.is_as_expected), *wrong]
    asked = f"{count(len(first), 'question')}, {count(len(answers), 'answer')}"
    lines = [f"{each.question.text} {each}" for each in shown]
    if not put(PROGRAM, "\n".join([*lines, f"access: {asked}: {len(wrong)} not as expected\n"])):
        return COULD_NOT_JUDGE
    return FINDINGS if wrong else CLEAN


def _base(stated: str) -> dict[str, object]:
    """The template in a file, or as a revision of git has it. Raises NoBase, and what reading it may."""
    if not stated:
        raise NoBase("--base names neither a revision nor a file")
    path = Path(stated)
    if path.is_file():
        return read(path).template
    name = TEMPLATE.relative_to(ROOT).as_posix()
    try:
        # `--` would make the revision a path; an option is none.
        shown = subprocess.run(
            ["git", "-C", ROOT, "show", "--end-of-options", f"{stated}:{name}"], capture_output=True, check=False
        )
    except OSError as error:
        raise NoBase(f"{stated} is no file, and git cannot be run: {error.strerror}") from error
    if shown.returncode:
        raise NoBase(f"{stated} is no file, and git knows no {name} in it")
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder, TEMPLATE.name)
        copied.write_bytes(shown.stdout)
        return read(copied).template


def _text(report: Report, is_change: bool) -> str:
    lines = [f"{each}" for each in report.findings]
    asked = f"{count(report.classes, 'class', 'classes')} of requests in {count(report.scenarios, 'scenario')}"
    if is_change:
        return "\n".join([*lines, f"access: {asked}: {count(len(report.findings), 'change')}"])
    sources = {RECORDED: "recorded", PAGE: "by AWS's pages", CODE: "by code alone"}
    for name, each in report.as_dict(read_calls(CALLS))["roles"].items():
        said = [f"{len(each['by_source'].get(source, ()))} {text}" for source, text in sources.items()]
        counts = (f"{len(each[key])} {key}" for key in ("unused", "missing"))
        lines.append(", ".join([f"{name}: {len(each['granted'])} granted", *said, *counts]))
    verdict = f"{count(len(report.findings), 'finding')}" if report.findings else "allowed is meant, both ways"
    return "\n".join([*lines, f"access: {asked}: {verdict}"])
