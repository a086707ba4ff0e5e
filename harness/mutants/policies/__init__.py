"""Policies broken in every way there is, one statement at a time, for `harness.access` alone: no other engine is asked.

`python -m harness mutants` and its counts know nothing of these operators. All their names begin with `policy_`.
"""

from collections.abc import Iterator

from harness.mutants.mutation import Mutation
from harness.mutants.operators.registry import Template
from harness.mutants.policies import actions, additions, conditions, principals, resources, statements
from harness.mutants.policies.stated import POLICY_OPERATORS

__all__ = [
    "POLICY_OPERATORS",
    "actions",
    "additions",
    "conditions",
    "policy_mutations",
    "principals",
    "resources",
    "statements",
]


def policy_mutations(template: Template) -> Iterator[Mutation]:
    """What every operator on policies makes of a template, equal ones too."""
    for make in POLICY_OPERATORS.values():
        yield from make(template)
