"""A mutation is one change: the original stays as it was, and each operator finds its places."""

import copy
import json

import pytest

from harness.mutants.judge import Mutant
from harness.mutants.mutation import ABSENT, changed, get
from harness.mutants.operators import OPERATORS, all_mutations
from harness.mutants.reach import Changed, Reach
from harness.mutants.report import MAXIMUM_SHARE, MINIMUM_TOTAL
from harness.render.source import Source
from tests.mutants.sampling import EVERYTHING

SMALL = {"a": [{"b": 1}, 2], "c": {"d": 3}}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        pytest.param(("c", "d"), 4, {"a": [{"b": 1}, 2], "c": {"d": 4}}, id="a value"),
        pytest.param(("c", "e"), 4, {"a": [{"b": 1}, 2], "c": {"d": 3, "e": 4}}, id="a new key"),
        pytest.param(("c",), ABSENT, {"a": [{"b": 1}, 2]}, id="a key less"),
        pytest.param(("a", 0), ABSENT, {"a": [2], "c": {"d": 3}}, id="an entry less"),
        pytest.param(("a", 2), 5, {"a": [{"b": 1}, 2, 5], "c": {"d": 3}}, id="an entry more"),
        pytest.param(("a", 0, "b"), None, {"a": [{"b": None}, 2], "c": {"d": 3}}, id="null is a value"),
    ],
)
def test_a_change_is_made_in_a_copy(place, value, expected):
    before = copy.deepcopy(SMALL)

    assert changed(SMALL, place, value) == expected
    assert before == SMALL


def test_no_operator_changes_the_template_it_is_given(source: Source):
    """Mutants share all unchanged parts: writing to a shared part would change every other mutant."""
    before = json.dumps(source.template)

    for mutation in all_mutations(source.template):
        assert mutation.template is not source.template

    assert json.dumps(source.template) == before


def test_each_mutation_differs_from_the_template_at_its_place_alone(source: Source):
    for mutation in all_mutations(source.template):
        around = mutation.place[:-1]
        assert get(mutation.template, around) != get(source.template, around), mutation.name
        # Everything beside the path to the place is the same object.
        here, there = mutation.template, source.template
        for step in mutation.place[:-1]:
            if isinstance(here, dict):
                assert all(here[key] is there[key] for key in there if key != step), mutation.name
            here, there = here[step], there[step]


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_contributes_and_none_is_most_of_them(operator: str, mutants: list[Mutant]):
    mine = [mutant for mutant in mutants if mutant.mutation.operator == operator]

    assert 0 < len(mine) <= MAXIMUM_SHARE * len(mutants)


def test_there_are_enough_mutants_with_different_renderings(mutants: list[Mutant], reach: Reach):
    """Over all scenarios: what is wrong behind a condition differs from what is wrong everywhere.

    Every day only those are rendered in all of them that are alike where they were looked at.
    """
    rendered = [each for each in mutants if each.changed and each.mutation.place[0] not in ("Parameters", "Rules")]
    alike: dict[object, list[Mutant]] = {}
    for mutant in rendered:
        alike.setdefault(0 if EVERYTHING else _key(mutant.changed), []).append(mutant)

    assert len(rendered) >= MINIMUM_TOTAL
    for group in alike.values():
        if len(group) > 1:
            assert len({_key(reach.everywhere(mutant.mutation)) for mutant in group}) == len(group)


def _key(changes: list[Changed]) -> frozenset[tuple[int, str, str | None]]:
    return frozenset(
        (each.scenario, name, resource and resource.body_json)
        for each in changes
        for name, resource in each.resources.items()
    )


def test_mutants_are_identified_by_their_names(mutants: list[Mutant]):
    """rules/harmless.yaml names them by operator, path and change."""
    names = [mutant.mutation.name for mutant in mutants]

    assert len(names) == len(set(names))
