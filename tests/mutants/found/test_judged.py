"""The table of what is judged is held to what is: each property in it is one where a rule refuses some break."""

from collections.abc import Iterator

import pytest

from harness.catalogue.catalogue import CHECKS, ROOT, location
from harness.gate import check_loader
from harness.mutants import places
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.render.source import Source

RULE = "resource_sets_only_what_is_judged"
TABLE: dict[str, str] = check_loader.load([ROOT / location(CHECKS, "CHG-022", RULE)])[0].module.JUDGED


@pytest.fixture(scope="module")
def refused(judged: list[tuple[Mutant, set[str]]], mutants: list[Mutant]) -> set[tuple[str, str]]:
    """(type, property) of each place where a rule refuses a break, the table's own rule aside."""
    if len(judged) < len(mutants):
        # One break of many is needed, and a sample may lack it.
        pytest.skip("set MUTANTS_SAMPLE=0")
    return {place for mutant, killers in judged if killers - {RULE} for place in _properties(mutant.mutation)}


def _properties(mutation: Mutation) -> Iterator[tuple[str, str]]:
    section, resource, *rest = mutation.place
    body = mutation.template["Resources"].get(resource) if section == "Resources" else None
    if body and len(rest) > 1 and rest[0] == "Properties":
        yield body["Type"], str(rest[1])
    elif body and not rest:
        yield from ((body["Type"], name) for name in body.get("Properties", {}))


@pytest.mark.parametrize("type_", TABLE)
def test_what_the_table_calls_judged_is_refused_when_it_is_broken(type_: str, refused: set[tuple[str, str]]):
    left_alone = set(places.LEFT_ALONE) | {name for of, name in places.LEFT_ALONE_OF if of == type_}
    unproven = {name for name in TABLE[type_].split() if (type_, name) not in refused} - left_alone

    assert unproven == set()


def test_the_table_has_what_the_template_has(source: Source):
    stated = {
        (body["Type"], name) for body in source.template["Resources"].values() for name in body.get("Properties", {})
    }

    assert stated <= {(type_, name) for type_, names in TABLE.items() for name in names.split()}
