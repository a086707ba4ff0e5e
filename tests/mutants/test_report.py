"""A run fails for a survivor, and for a rule, a reason or an operator that is not needed."""

from pathlib import Path

import pytest

from harness.catalogue.catalogue import GUARD, Rule
from harness.mutants import harmless
from harness.mutants.harmless import BadHarmless, Harmless
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.report import MINIMUM_TOTAL, Result

OPERATORS = tuple(f"operator_{index}" for index in range(10))


def rule(slug: str) -> Rule:
    return Rule(f"ENC-{slug}", slug, GUARD, Path("rules/guard/encryption") / f"{slug}.guard", "", ())


def mutants(count: int = MINIMUM_TOTAL, killers: set[str] = frozenset({"a"})) -> list[Mutant]:
    return [
        Mutant(
            Mutation(OPERATORS[index % 10], "Bucket", ("Resources", "Bucket", f"p{index}"), "removed", {}),
            [],
            {*killers},
        )
        for index in range(count)
    ]


def result(found: list[Mutant], excused: list[Harmless] = (), slugs: tuple[str, ...] = ("a",)) -> Result:
    return Result(found, excused, [rule(slug) for slug in slugs], OPERATORS, found)


def test_a_run_in_which_everything_is_noticed_has_no_problem():
    assert result(mutants()).problems() == []


def test_a_survivor_is_named_with_its_place_and_what_was_done():
    found = mutants()
    found[3].killers.clear()

    assert result(found).problems() == ["survived: operator_3 Resources.Bucket.p3: removed"]


def test_what_is_refused_by_others_only_has_survived():
    """The checks of cfn-lint and Checkov change with each release, and enforce no control of ours."""
    found = mutants()
    found[3].killers.clear()
    found[3].seen_by.add("CKV_AWS_21")

    assert result(found).survivors == [found[3]]


def test_a_reviewed_reason_excuses_one_mutant():
    found = mutants()
    found[3].killers.clear()
    excuse = Harmless("operator_3", "Resources.Bucket.p3", "removed", "Nothing comes of it.")

    assert result(found, [excuse]).problems() == []
    assert result(found, [excuse]).as_dict("", "", 0, 0)["harmless"][0]["reason"] == "Nothing comes of it."


def test_a_reason_for_a_mutant_that_is_killed_is_a_problem():
    excuse = Harmless("operator_3", "Resources.Bucket.p3", "removed", "Nothing comes of it.")

    assert "unneeded: killed, or no longer made" in result(mutants(), [excuse]).problems()[0]


def test_a_rule_that_notices_nothing_is_a_problem():
    assert result(mutants(), slugs=("a", "b")).problems() == ["ENC-b b kills no mutant: it is vacuous"]


def test_a_rule_that_others_make_superfluous_is_a_problem():
    found = [*mutants(), *mutants(5, {"a", "b"})]

    assert (
        "ENC-b b kills only mutants that other rules kill too: it is redundant"
        in result(found, slugs=("a", "b")).problems()
    )


def test_an_operator_that_makes_nothing_or_most_is_a_problem():
    few = Result(mutants(), [], [rule("a")], (*OPERATORS, "another"), mutants())
    most = [mutant for mutant in mutants(3000) if mutant.mutation.operator in OPERATORS[:6]]

    assert few.problems() == ["operator another makes no mutant"]
    assert any("more than 15%" in problem for problem in result(most).problems())


def test_too_many_harmless_ones_are_a_problem():
    found = mutants()
    for mutant in found[:50]:
        mutant.killers.clear()
    excuses = [Harmless(each.mutation.operator, each.mutation.path, "removed", "So what.") for each in found[:50]]

    assert result(found, excuses).problems() == ["50 of 800 mutants are marked harmless, more than 5%"]


def test_the_numbers_add_up():
    found = mutants()
    for mutant in found[:7]:
        mutant.killers.clear()
    excuses = [Harmless(each.mutation.operator, each.mutation.path, "removed", "So what.") for each in found[:3]]
    report = result(found, excuses).as_dict("", "", 0, 0)

    assert report["total"] == report["killed"] + len(report["survived"]) + len(report["harmless"]) == 800
    assert set(report["survived"][0]) == {"operator", "path", "resource", "change"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- mutants: ['a b: c']\n", id="without a reason"),
        pytest.param("- reason: why\n  mutants: ['a b']\n", id="a mutant without its change"),
        pytest.param("- reason: why\n  mutants: [{operator: a}]\n", id="a mutant without its name"),
        pytest.param("- reason: why\n  leaves: {AWS::S3::Bucket: [Tags]}\n", id="leaves as a list"),
        pytest.param("a: [\n", id="not YAML"),
        pytest.param("5\n", id="not a list"),
    ],
)
def test_a_file_of_reasons_that_cannot_be_read_is_one_line(tmp_path: Path, text: str):
    path = tmp_path / "harmless.yaml"
    path.write_text(text)

    with pytest.raises(BadHarmless, match=r"harmless\.yaml") as caught:
        harmless.load(path)

    assert "\n" not in str(caught.value)
