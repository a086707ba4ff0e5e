"""Targets that are not judged again must be unchanged."""

import random

import pytest

from harness.catalogue.catalogue import fingerprint
from harness.mutants.judge import Mutant
from harness.mutants.reach import Reach
from harness.render.rendering import Rendering
from tests.mutants.sampling import EVERYTHING


@pytest.fixture(scope="module")
def some(mutants: list[Mutant]) -> list[Mutant]:
    # Chosen by the change, not by its reach: resources that refer to these render differently.
    far = [
        mutant
        for mutant in mutants
        if "DataEncryptionKeyArn.Properties.Value" in mutant.mutation.path
        or mutant.mutation.operator == "delete_resource"
    ]
    switched = [mutant for mutant in mutants if mutant.mutation.operator == "fix_condition"]
    # Whole renderings of a mutant take a second or two.
    each, others = (4, 50) if EVERYTHING else (1, 3)
    # What a parameter is by itself, checks of the source judge; only the values it takes are rendered.
    rendered = [mutant for mutant in mutants if mutant.mutation.place[0] != "Parameters"]
    return [*far[:each], *switched[:each], *random.Random(fingerprint()).sample(rendered, others)]


def test_every_difference_of_a_whole_rendering_is_reached(reach: Reach, some: list[Mutant]):
    """Except for the environment's name, which no rule checks."""
    for mutant in some:
        reached = {
            reach.nameless({name: resource}, each.scenario)
            for each in mutant.changed
            for name, resource in each.resources.items()
        }
        for index, scenario in enumerate(reach.scenarios):
            before = scenario.rendering.stack().resources
            after = Rendering(mutant.mutation.template, scenario.values).stack().resources
            differing = {
                reach.nameless({name: after.get(name)}, index)
                for name in before.keys() | after.keys()
                if name not in before or name not in after or before[name].body_json != after[name].body_json
            }

            assert differing <= reached, mutant.mutation.name


def test_a_stack_with_the_differences_in_it_is_the_mutants_stack(reach: Reach, some: list[Mutant]):
    for mutant in some:
        for each in mutant.changed:
            whole = Rendering(mutant.mutation.template, reach.values(each)).stack()

            assert dict(reach.stack(each).resources) == dict(whole.resources)


def test_there_are_mutants_that_reach_beyond_their_resource(some: list[Mutant]):
    """The parameter that names the key is in forty resources: changing it changes them all."""
    assert max(len(each.resources) for mutant in some for each in mutant.changed) > 20
