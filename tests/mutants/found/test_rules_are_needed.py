"""No rule can be taken away: for each one there is a break of the template that nothing else would notice.

What `tox -e mutants` has found proves it for every rule: a mutant that it alone refuses. For some rules (for all in the
nightly profile) the files and the row in the catalogue are really deleted from a copy of `rules/`, and that mutant is
judged with what is left. It survives, so `tox -e mutants`, and with it `make test`, fails and names it.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, RULES, Rule, load
from harness.gate.engines.checkov_process import Checkov
from harness.gate.rule_set import RuleSet
from harness.mutants.command import ACCESS
from harness.mutants.judge import Mutant, MutantJudge
from harness.mutants.operators import OPERATORS
from harness.mutants.reach import Reach
from harness.mutants.report import Result
from tests.mutants.sampling import some

EVERY_RULE = load()
#: Some rules of each engine. Checkov restarts for each deleted policy.
TRIED = [
    rule
    for engine, count in ((GUARD, 3), (CHECKS, 3), (CHECKOV, 1))
    for rule in some([rule for rule in EVERY_RULE if rule.engine == engine], count)
]


@pytest.fixture(scope="session")
def alone(judged: list[tuple[Mutant, set[str]]]) -> dict[str, Mutant]:
    """For each rule, a mutant that only it kills."""
    found: dict[str, Mutant] = {}
    for mutant, killers in judged:
        if len(killers) == 1 and killers != {ACCESS}:
            found.setdefault(next(iter(killers)), mutant)
    return found


@pytest.fixture(scope="session")
def judge_without(reach: Reach, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Rule, Mutant], Result]]:
    """Judges a mutant with a copy of `rules/` from which a rule has been deleted."""
    policies = [rule.id for rule in EVERY_RULE if rule.engine == CHECKOV]
    # Checkov takes seconds to start: restart it only if one of its own policies has been deleted.
    everything = Checkov(RULES / "checkov", policies, own_checks=False)

    def judge(rule: Rule, mutant: Mutant) -> Result:
        folder = tmp_path_factory.mktemp(rule.slug) / "rules"
        shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("__pycache__"))
        _delete(rule, folder)
        rule_set = RuleSet(folder)
        again = Mutant(mutant.mutation, mutant.changed)
        left = MutantJudge(reach, rule_set)
        if rule.engine == CHECKOV:
            with Checkov(folder / "checkov", [each for each in policies if each != rule.id], own_checks=False) as rest:
                left.judge_ours([again], rest)
        else:
            left.judge_ours([again], everything)
        return Result([again], [], rule_set.rules, tuple(OPERATORS), [again])

    with everything:
        yield judge


def _delete(rule: Rule, folder: Path) -> None:
    mine = [path for path in folder.rglob(f"{rule.path.stem}.*") if path.is_file()]
    assert len(mine) == 2
    for path in mine:
        path.unlink()
    controls = folder / "controls.yaml"
    rows = controls.read_text().splitlines(keepends=True)
    controls.write_text("".join(row for row in rows if row.strip() != f"- {rule.slug}"))


def test_each_rule_refuses_a_mutant_that_no_other_refuses(alone: dict[str, Mutant]):
    assert alone.keys() == {rule.slug for rule in EVERY_RULE}


@pytest.mark.parametrize("rule", TRIED, ids=lambda rule: rule.slug)
def test_without_the_rule_a_mutant_survives_and_says_what_is_not_enforced_any_more(
    rule: Rule, alone: dict[str, Mutant], judge_without: Callable[[Rule, Mutant], Result]
):
    result = judge_without(rule, alone[rule.slug])
    mutation = alone[rule.slug].mutation

    assert len(result.rules) == len(EVERY_RULE) - 1
    assert result.problems()[0] == f"survived: {mutation.name}"
    assert mutation.path in result.problems()[0]
