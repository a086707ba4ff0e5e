"""`tox -e rules [-- --write]`: say whether `rules/README.md` and the pages of the rules are stale, or write them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from harness.catalogue import catalogue, controls
from harness.catalogue.catalogue import BadRule
from harness.catalogue.controls import BadControls
from harness.cli import Parser
from harness.gate import waivers
from harness.gate.waivers import BadWaivers
from harness.pages import pages, reports
from harness.pages.reports import ROOT, NoReport
from harness.pages.words import Material

FRESH, STALE, COULD_NOT_WRITE = 0, 1, 2
PAGES = "docs/rules"
ANEW = "tox -e rules -- --write"
#: Characters of a line that are shown.
SHOWN = 60


def main(argv: list[str]) -> int:
    """Write the pages, or with `--check` say which are stale; 0 all is well, 1 stale, 2 there is no report."""
    parser = Parser(
        prog="rules",
        description="Write rules/README.md and docs/rules from the rules, and from what the gate and the mutants said.",
        epilog="Exit codes: 0 written, or fresh; 1 stale; 2 a report is missing, or about another state.",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale, and name it")
    either.add_argument("--write", action="store_true", help="write what is stale (the default)")
    options = parser.parse_args(argv)
    try:
        wanted = pages.write(material(reports.VERDICTS, reports.MUTANTS))
        if options.check:
            stale = list(differences(ROOT, wanted))
            for line in stale:
                print(f"rules: {line}", file=sys.stderr)
            if stale:
                print(f"rules: {ANEW} writes them anew", file=sys.stderr)
            return STALE if stale else FRESH
        write(ROOT, wanted)
    except (BadRule, BadControls, BadWaivers, NoReport, OSError) as error:
        print(f"rules: {' '.join(str(error).split())}", file=sys.stderr)
        return COULD_NOT_WRITE
    return FRESH


def material(verdicts: Path, mutants: Path) -> Material:
    """What the pages are made of. Raises for the first thing that is not as it has to be."""
    rules = catalogue.load()
    catalogued = controls.load(controls.CONTROLS, rules)
    waived = waivers.load(catalogue.RULES / "waivers.yaml")
    return Material(rules, catalogued, waived, reports.load(rules, catalogue.RULES, verdicts, mutants))


def differences(root: Path, wanted: dict[str, str]) -> Iterator[str]:
    """What is stale under a root, one line a page, with the first line that differs."""
    for name, text in wanted.items():
        path = root / name
        if not path.is_file():
            yield f"{name} is not there"
            continue
        lines = zip_longest(path.read_text().splitlines(), text.splitlines())
        for number, (is_there, has_to_be) in enumerate(lines, 1):
            if is_there != has_to_be:
                yield f"{name}:{number} is stale: {_short(is_there)}, and has to be {_short(has_to_be)}"
                break
    yield from (f"{path.relative_to(root).as_posix()} is of no rule" for path in _left_over(root, wanted))


def write(root: Path, wanted: dict[str, str]) -> None:
    """Write the pages that differ, and remove those of rules that are gone."""
    for name, text in wanted.items():
        path = root / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in _left_over(root, wanted):
        path.unlink()


def _left_over(root: Path, wanted: dict[str, str]) -> list[Path]:
    pages_there = sorted((root / PAGES).glob("*.md"))
    return [path for path in pages_there if path.relative_to(root).as_posix() not in wanted]


def _short(line: str | None) -> str:
    if line is None:
        return "nothing"
    return repr(line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…")
