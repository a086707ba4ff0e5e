"""Writes `rules/proof.csv`: the template's digest, then one line per rule with its verdict and mutants."""

from harness.catalogue.proof import Proof, written
from harness.pages.reports import ROOT, TEMPLATE
from harness.pages.words import Material


def write(material: Material) -> str:
    """The whole file.

    The rules' fingerprint is not in it: every change of a rule would change that line, and no two would merge. That
    the lines are about the rules of now is what the reports' own fingerprint says, when the file is checked.
    """
    reports = material.reports
    about = (TEMPLATE.relative_to(ROOT).as_posix(), f"sha256 {reports.verdicts['template_sha256']}")
    rows = []
    for rule in material.rules:
        killed = reports.killed(rule)
        row = (rule.id, rule.slug, rule.engine, reports.verdict(rule), killed.killed, killed.alone, killed.only_by_it)
        rows.append(Proof(*row))
    return written(about, rows)
