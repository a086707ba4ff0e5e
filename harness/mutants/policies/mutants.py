"""Which mutants of policies there are: those of all operators that are in a policy, and those of these operators."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.mutants.cache import CachedMutants
from harness.mutants.distinct import distinct
from harness.mutants.judge import Mutant
from harness.mutants.mutation import ABSENT, Mutation, get
from harness.mutants.operators.registry import Template
from harness.mutants.places import DOCUMENTS
from harness.mutants.policies import policy_mutations
from harness.mutants.reach import Reach
from harness.render.resources import walk

#: Properties of a role that name policies.
_NAMING = (("ManagedPolicyArns",), ("PermissionsBoundary",))


@dataclass(frozen=True)
class PolicyMutants:
    """All mutations of policies, those of all other operators first. Which are equal is known only to who asks."""

    reach: Reach
    mutations: Sequence[Mutation]

    def all(self) -> list[Mutant]:
        """Those that change something, equal ones once."""
        return list(distinct(self.mutations, self.reach))

    def sample(self, mutations: Sequence[Mutation], size: int, seed: int) -> list[Mutant]:
        """So many of these that change something; some may be equal."""
        shuffled = random.Random(seed).sample(mutations, len(mutations))
        mutants = (Mutant(each, self.reach.changed(each)) for each in shuffled)
        return list(islice((each for each in mutants if each.changed), size))

    def is_first(self, mutation: Mutation) -> bool:
        """Whether it is the first of equal ones, by whose name they are known."""
        like_it = (each for each in self.mutations if each.resource == mutation.resource)
        return any(each.mutation is mutation for each in distinct(like_it, self.reach))


def policy_mutants(cached: CachedMutants) -> PolicyMutants:
    """Those of a template whose other mutants are known."""
    template = cached.source.template
    others = [each.mutation for each in cached.mutants if in_policy(template, each.mutation)]
    return PolicyMutants(cached.reach, [*others, *policy_mutations(template)])


def in_policy(template: Template, mutation: Mutation) -> bool:
    """Whether a mutation of this template changes a policy, adds one, takes one away, or changes what has it."""
    place = mutation.place
    if place[0] != "Resources" or DOCUMENTS & {*place} or place[3:4] in _NAMING:
        return place[0] == "Resources"
    bodies = (each["Resources"].get(mutation.resource, {}) for each in (template, mutation.template))
    return any(str(each.get("Type")).endswith(("Policy", "Permission")) for each in bodies) or any(
        _holds_document(get(each, place)) for each in (template, mutation.template)
    )


def _holds_document(value: Any) -> bool:
    return value is not ABSENT and any(isinstance(each, dict) and "Statement" in each for _, each in walk(value))
