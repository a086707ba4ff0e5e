"""`tox -e rules [-- --write]`: checks whether rules/README.md, docs/refusals.md and rules/proof.csv are current, or
writes them.

Either way the pages of the rules are written into `build/rules/`, which is not in git.
"""

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from harness.catalogue import catalogue, controls, refusals
from harness.catalogue.catalogue import BadRule
from harness.catalogue.controls import BadControls
from harness.cli import Parser
from harness.pages import pages, proof, refusals_page, reports, rules_readme
from harness.pages.reports import ROOT, NoReport
from harness.pages.words import PROOF, README, Material

FRESH, STALE, NO_REPORT = 0, 1, 2
ANEW = "tox -e rules -- --write"
#: Maximum characters shown of a line.
SHOWN = 60


def main(argv: list[str]) -> int:
    """Report or, with `--write`, write stale files; return 0 if current, 1 if stale, 2 without a report."""
    parser = Parser(
        prog="rules",
        description="Hold rules/README.md to the rules and controls, docs/refusals.md to rules/refusals.yaml, and "
        "rules/proof.csv to what the gate and the mutants reported; write a page for each rule into build/rules.",
        epilog="Exit codes: 0 fresh, or written; 1 stale; 2 a report is missing, or about another state.",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="exit 1 if one is stale, and name it (the default)")
    either.add_argument("--write", action="store_true", help="write what is stale")
    options = parser.parse_args(argv)
    stale: list[str] = []
    try:
        rules = catalogue.load()
        catalogued = controls.load(controls.CONTROLS, rules)
        refused = refusals.load(refusals.REFUSALS, rules)
        # They need no report, so check them even without one.
        held = {README: rules_readme.write(rules, catalogued), refusals_page.PAGE: refusals_page.write(refused)}
        stale += _held(held, options.write)
        paths = reports.VERDICTS, reports.MUTANTS
        found = Material(rules, catalogued, reports.load(rules, catalogue.RULES, *paths, whole=options.write))
        stale += _held({PROOF: proof.write(found)}, options.write)
        build(ROOT, pages.write(found))
    except (BadRule, BadControls, NoReport, OSError) as error:
        print(f"rules: {' '.join(str(error).split())}", file=sys.stderr)
        return NO_REPORT
    finally:
        for line in stale:
            print(f"rules: {line}", file=sys.stderr)
        if stale:
            print(f"rules: {ANEW} updates it", file=sys.stderr)
    return STALE if stale else FRESH


def differences(root: Path, wanted: dict[str, str]) -> Iterator[str]:
    """The stale files under a root, one line each, with the first difference."""
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


def write(root: Path, wanted: dict[str, str]) -> None:
    """Write the files that differ."""
    for name, text in wanted.items():
        path = root / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def build(root: Path, wanted: dict[str, str]) -> None:
    """Write the pages that differ, and delete those of removed rules."""
    write(root, wanted)
    for path in (root / pages.FOLDER).glob("*.md"):
        if path.relative_to(root).as_posix() not in wanted:
            path.unlink()


def _held(wanted: dict[str, str], to_be_written: bool) -> list[str]:
    """The files that stay stale."""
    if to_be_written:
        write(ROOT, wanted)
        return []
    return list(differences(ROOT, wanted))


def _short(line: str | None) -> str:
    if line is None:
        return "nothing"
    return repr(line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…")
