"""A sample of the mutants has whatever a run of all of them would fail without."""

from collections import Counter
from pathlib import Path

from harness.catalogue import proof
from harness.catalogue.catalogue import GUARD, Rule
from harness.catalogue.proof import Proof
from harness.mutants.harmless import Harmless
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.sample import OF_EACH_OPERATOR, sample

RULES = [Rule(id_, id_.lower(), GUARD, Path(f"{id_.lower()}.guard"), "", ()) for id_ in ("A", "B")]


def mutant(number: int) -> Mutant:
    operator = "rare" if number == 7 else f"operator_{number % 4}"
    return Mutant(Mutation(operator, "Bucket", ("Resources", "Bucket", f"p{number}"), "removed", {}), [])


MUTANTS = [mutant(number) for number in range(400)]
ONLY_KILLERS = {"a": MUTANTS[300].mutation.name, "b": MUTANTS[301].mutation.name}
HARMLESS = [Harmless("operator_2", "Resources.Bucket.p302", "removed", "Nothing comes of it.")]


def test_it_has_every_rule_every_operator_and_what_is_harmless():
    for seed in range(20):
        found = sample(MUTANTS, 40, seed, RULES, ONLY_KILLERS, HARMLESS)
        operators = Counter(each.mutation.operator for each in found)

        assert len(found) == 40
        assert {MUTANTS[index].mutation.name for index in (7, 300, 301, 302)} <= {each.mutation.name for each in found}
        assert operators.pop("rare") == 1
        assert min(operators.values()) >= OF_EACH_OPERATOR


def test_a_seed_repeats_it_and_another_takes_others():
    one, again, other = (sample(MUTANTS, 40, seed, RULES, ONLY_KILLERS, HARMLESS) for seed in (1, 1, 2))

    assert one == again != other


def test_it_is_all_of_them_where_a_rule_has_no_mutant_yet():
    for known in ({"a": ONLY_KILLERS["a"]}, {**ONLY_KILLERS, "b": "made no more"}, {**ONLY_KILLERS, "b": ""}):
        assert sample(MUTANTS, 40, 1, RULES, known, HARMLESS) == MUTANTS


def test_the_mutant_of_a_rule_is_read_from_the_proof_as_it_was_written(tmp_path: Path):
    row = Proof("A", "a", GUARD, "pass", 12, 3, 'widen "a, b" Resources.X: *')
    path = tmp_path / "proof.csv"
    path.write_text(proof.written(("template", "sha256 0"), [row]))

    assert proof.read(path) == {"a": row}
    assert proof.read(tmp_path / "none.csv") == {}
    path.write_text(path.read_text().replace(",12,", ",many,"))
    assert proof.read(path) == {}
