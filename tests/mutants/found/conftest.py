"""The results of `tox -e mutants`, which runs these tests at its end."""

import json

import pytest

from harness.catalogue.catalogue import fingerprint
from harness.mutants import command
from harness.mutants.judge import Mutant
from harness.render.source import Source


@pytest.fixture(scope="session")
def judged(source: Source, mutants: list[Mutant]) -> list[tuple[Mutant, set[str]]]:
    """Each mutant with the rules that kill it, from the latest `tox -e mutants`."""
    by_name = {(each.mutation.operator, each.mutation.path, each.mutation.change): each for each in mutants}
    if command.REPORT.exists() and command.MUTANTS.exists():
        report = json.loads(command.REPORT.read_text())
        if (report["template_sha256"], report["rules_sha256"]) == (source.sha256, fingerprint()):
            found = json.loads(command.MUTANTS.read_text())
            return [(by_name[each["operator"], each["path"], each["change"]], set(each["killers"])) for each in found]
    pytest.fail("build/mutants/ is not of this template and these rules: run `tox -e mutants` first")
