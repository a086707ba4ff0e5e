"""Which mutants there are: mutations that change something, equal ones once."""

from collections.abc import Iterable, Iterator
from typing import Any

from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.operators import all_mutations
from harness.mutants.reach import Changed, Reach
from harness.render.source import Source


def mutants_of(source: Source, reach: Reach) -> list[Mutant]:
    """Every mutation of the template that changes a rendering, or what only the source says; equal ones once."""
    return list(distinct(all_mutations(source.template), reach))


def distinct(mutations: Iterable[Mutation], reach: Reach) -> Iterator[Mutant]:
    """Those of these mutations that change something, in their order; of equal ones the first."""
    alike: dict[Any, list[Mutant]] = {}
    for mutation in mutations:
        mutant = Mutant(mutation, reach.changed(mutation))
        if not mutant.changed or mutation.place[0] in ("Parameters", "Rules"):
            # What is not in Resources shows in the source; what is, and changes nothing, is no mutant.
            if mutation.place[0] != "Resources":
                yield mutant
            continue
        others = alike.setdefault(_key(mutant.changed), [])
        # Alike where they were looked at; what is hidden behind a condition differs elsewhere.
        if not others or _everywhere(reach, mutant) not in [_everywhere(reach, other) for other in others]:
            others.append(mutant)
            yield mutant


def _everywhere(reach: Reach, mutant: Mutant) -> Any:
    return _key(reach.everywhere(mutant.mutation))


def _key(changes: list[Changed]) -> Any:
    return frozenset(
        (changed.scenario, name, resource and resource.body_json)
        for changed in changes
        for name, resource in changed.resources.items()
    )
