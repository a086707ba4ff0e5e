"""`tox -e cases`: expands the rules' cases into build/ for the engines' own test commands, and counts them."""

import sys
from collections.abc import Iterable
from pathlib import Path

from harness.catalogue import catalogue, expansion
from harness.catalogue.cases import load
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, ROOT, BadRule
from harness.cli import Parser

EXPANDED, BAD = 0, 1
FOLDER = ROOT / "build" / "rules" / "cases"


def main(argv: list[str]) -> int:
    """Write `build/rules/cases` and print the counts; return 1, naming the file, for an invalid case file."""
    parser = Parser(
        prog="cases",
        description="Expand the cases of the rules for cfn-guard test and Checkov, and count them.",
        epilog="Exit codes: 0 expanded; 1 a case file is wrong.",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to (default: build/rules/cases)")
    options = parser.parse_args(argv)
    try:
        rules = catalogue.load()
        expansion.write(options.folder, rules)
        for engine in (GUARD, CHECKS, CHECKOV):
            of_engine = [rule for rule in rules if rule.engine == engine]
            print(f"{engine:<10} {len(of_engine):>5} rules {sum(len(load(rule)) for rule in of_engine):>6,} cases")
    except (BadRule, OSError) as error:
        print(f"cases: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD
    lines = {"rules": _lines(rule.path for rule in rules), "cases": _lines(rule.case_file for rule in rules)}
    print(f"{lines['cases']:,} lines of cases for {lines['rules']:,} lines of rules")
    return EXPANDED


def _lines(paths: Iterable[Path]) -> int:
    return sum(path.read_text().count("\n") for path in paths)
