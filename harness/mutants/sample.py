"""Which mutants `make test` judges: a seeded sample that has every rule and every operator in it.

All of them are judged by `make nightly`, and by `tox -e mutants` without `--sample`.
"""

import random
from collections.abc import Mapping, Sequence

from harness.catalogue.catalogue import Rule
from harness.mutants.harmless import Harmless
from harness.mutants.judge import Mutant

#: How many of each operator are in a sample at least.
OF_EACH_OPERATOR = 3


def sample(
    mutants: Sequence[Mutant],
    size: int,
    seed: int,
    rules: Sequence[Rule],
    only_killers: Mapping[str, str],
    reviewed: Sequence[Harmless],
) -> list[Mutant]:
    """`size` mutants in their order; more if what has to be in it is more, and all where that is not known.

    In it are: for each rule the mutant that only it kills (`only_killers`: slug to the mutant's name, from
    `rules/proof.csv`), some of each operator, and those that a reviewed entry excuses.
    """
    by_name = {mutant.mutation.name: mutant for mutant in mutants}
    names = [only_killers.get(rule.slug, "") for rule in rules]
    if not all(name in by_name for name in names):
        return [*mutants]
    shuffled = [*mutants]
    random.Random(seed).shuffle(shuffled)
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in shuffled:
        by_operator.setdefault(mutant.mutation.operator, []).append(mutant)
    needed = {*names}
    needed.update(name for name, each in by_name.items() if any(entry.excuses(each.mutation) for entry in reviewed))
    needed.update(each.mutation.name for some in by_operator.values() for each in some[:OF_EACH_OPERATOR])
    rest = [mutant.mutation.name for mutant in shuffled if mutant.mutation.name not in needed]
    chosen = {*needed, *rest[: max(0, size - len(needed))]}
    return [mutant for mutant in mutants if mutant.mutation.name in chosen]
