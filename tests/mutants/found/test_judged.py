"""What rules/judged.yaml lets be set is what is judged: at each path a rule refuses some break, or it is left alone."""

from collections.abc import Iterator

import pytest

from harness.catalogue.catalogue import RULES, load
from harness.mutants import harmless, places
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation, get
from harness.render import schemas, unknown
from harness.render.source import Source
from rules.lib import judged as closed

RULE = "resource_sets_only_what_is_judged"
LEFT_ALONE = {(each.operator, each.path) for each in harmless.load(RULES / "harmless.yaml") if not each.change}


@pytest.fixture(scope="module")
def refused(judged: list[tuple[Mutant, set[str]]], mutants: list[Mutant]) -> set[tuple[str, ...]]:
    """Type and path of each place where a rule, the closed list's own aside, refuses a break, or all were reviewed."""
    if len(judged) < len(mutants):
        # One break of many is needed, and a sample may lack it.
        pytest.skip("set MUTANTS_SAMPLE=0")
    return {path for mutant, killers in judged if not killers or killers - {RULE} for path in _paths(mutant.mutation)}


def _paths(mutation: Mutation) -> Iterator[tuple[str, ...]]:
    """The place, and of what is written there each whole; of text that is JSON, what the change names."""
    section, resource, *rest = mutation.place
    body = mutation.template["Resources"].get(resource) if section == "Resources" else None
    if body and (not rest or rest[0] == "Properties"):
        value = get(mutation.template, mutation.place)
        inside = [place for place, _ in unknown.wholes(value, ())] if isinstance(value, dict | list) else []
        for place in ((), *inside, tuple(mutation.change.partition(" ")[0].split("/"))):
            names = schemas.named(unknown.schema_place((*rest, *place)))[1:]
            yield body["Type"], *(each for each in names if not each.startswith("Fn::"))


def _ends(tree: closed.Tree) -> Iterator[tuple[str, ...]]:
    for name, inner in tree.items():
        yield from ((name, *each) for each in _ends(inner)) if inner else [(name,)]


@pytest.mark.parametrize("type_", closed.trees())
def test_what_may_be_set_is_refused_when_it_is_broken(type_: str, refused: set[tuple[str, ...]], source: Source):
    if type_ not in {body["Type"] for body in source.template["Resources"].values()}:
        # No mutant of the template has it; a rule for it has cases.
        assert any(type_ in rule.targets for rule in load())
        return
    reviewed = places.LEFT_ALONE | {name for of, name in places.LEFT_ALONE_OF if of == type_}
    unproven = {
        path
        for path in _ends(closed.trees()[type_])
        if not reviewed & {*path}
        and not {(type_, "/".join(path)), ("*", "/".join(path))} & LEFT_ALONE
        and not any(each[: len(path) + 1] == (type_, *path) for each in refused)
    }

    assert unproven == set()


def test_the_list_has_what_the_template_has(source: Source):
    for body in source.template["Resources"].values():
        for place, _ in unknown.wholes(body.get("Properties", {}), ()):
            names = schemas.named(unknown.schema_place(place))
            assert closed.is_listed(body["Type"], (each for each in names if not each.startswith("Fn::"))), names
