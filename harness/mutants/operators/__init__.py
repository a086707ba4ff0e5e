"""The ways in which a template goes wrong. An operator takes a template and yields every mutation of its kind."""

from collections.abc import Iterator

from harness.mutants.mutation import Mutation
from harness.mutants.operators import (
    alarms,
    backdoors,
    code,
    grants,
    hidden,
    improvements,
    leaves,
    network,
    parameters,
    properties,
    references,
    refusals,
    resources,
    retention,
    rules_section,
    statements,
    trails,
)
from harness.mutants.operators.registry import OPERATORS, Template

__all__ = [
    "OPERATORS",
    "alarms",
    "all_mutations",
    "backdoors",
    "code",
    "grants",
    "hidden",
    "improvements",
    "leaves",
    "network",
    "parameters",
    "properties",
    "references",
    "refusals",
    "resources",
    "retention",
    "rules_section",
    "statements",
    "trails",
]


def all_mutations(template: Template) -> Iterator[Mutation]:
    """What every operator makes of a template."""
    for make in OPERATORS.values():
        yield from make(template)
