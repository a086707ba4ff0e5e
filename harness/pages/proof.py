"""Writes `rules/proof.csv`: the template's digest, then one line per rule with its verdict and mutants."""

import csv
from io import StringIO

from harness.pages.reports import ROOT, TEMPLATE
from harness.pages.words import Material

COLUMNS = ("id", "slug", "engine", "verdict", "mutants_killed", "killed_alone")


def write(material: Material) -> str:
    """The whole file. Its first line has as many cells as the others, so that a code host shows it as a table.

    The rules' fingerprint is not in it: every change of a rule would change that line, and no two would merge. That
    the lines are about the rules of now is what the reports' own fingerprint says, when the file is checked.
    """
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    digest = material.reports.verdicts["template_sha256"]
    about = (TEMPLATE.relative_to(ROOT).as_posix(), f"sha256 {digest}")
    rows.writerow([*about, *[""] * (len(COLUMNS) - len(about))])
    rows.writerow(COLUMNS)
    for rule in material.rules:
        killed = material.reports.killed(rule)
        verdict = material.reports.verdict(rule)
        rows.writerow((rule.id, rule.slug, rule.engine, verdict, killed.killed, killed.alone))
    return text.getvalue()
