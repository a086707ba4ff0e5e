"""`rules/harmless.yaml`: mutants that no rule has to refuse, each with a reviewed reason."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.mutants.mutation import Mutation
from harness.render import schemas
from harness.render.resources import items
from harness.render.source import plain

#: The operators whose mutants are excused by type and path: the place counts, not what was written there.
OF_LEAVES = ("set_absent_leaf", "exchange_leaf", "misspell_leaf")
ANY_TYPE = "*"


class BadHarmless(Exception):
    """The file cannot be read; one line."""


@dataclass(frozen=True)
class Harmless:
    """A mutant by operator, path and change, and why nobody has to notice it; or a leaf by its type and path.

    A leaf has its type in the place of the operator, and no change.
    """

    operator: str
    path: str
    change: str
    reason: str

    @property
    def resource(self) -> str:
        """The logical id in the path."""
        return self.path.split(".")[1]

    @property
    def name(self) -> str:
        """The mutant's name."""
        return f"{self.operator} {self.path}: {self.change}" if self.change else f"{self.operator} {self.path}"

    def excuses(self, mutation: Mutation) -> bool:
        """Whether this is its mutant, or one of them."""
        if self.change:
            return self.name == mutation.name
        if mutation.operator not in OF_LEAVES:
            return False
        type_ = mutation.template["Resources"][mutation.resource]["Type"]
        path = "/".join(each for each in schemas.named(mutation.place[3:]) if not each.startswith("Fn::"))
        # Of text that is JSON, the change begins with the path inside.
        is_here = path == self.path or f"{path}/{mutation.change}".startswith(f"{self.path} ")
        return self.operator in (type_, ANY_TYPE) and is_here


def load(path: Path) -> list[Harmless]:
    """The entries of a file: a reason with the mutants or leaves that it is good for. Raises BadHarmless.

    Mutants stand there by name, or as operator, paths and changes: each path with each change.
    """
    try:
        return [
            Harmless(*entry, " ".join(group["reason"].split()))
            for group in plain(path.read_text()) or []
            for entry in (
                *itertools.chain.from_iterable(map(_mutants, group.get("mutants", ()))),
                *_leaves(group.get("leaves", {})),
            )
        ]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadHarmless(
            f"{path}: {' '.join(str(error).split())}: a reason has leaves, or mutants (OPERATOR PATH: CHANGE, or "
            "operator, path and change)"
        ) from error


def _mutants(entry: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(entry, str):
        operator, _, rest = entry.partition(" ")
        path, found, change = rest.partition(": ")
        if not found:
            raise ValueError(f"{entry} is no mutant's name")
        yield operator, path, change
    else:
        for path, change in itertools.product(items(entry["path"]), items(entry["change"])):
            yield entry["operator"], path, str(change)


def _leaves(paths: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for type_, listed in paths.items():
        yield from ((type_, path, "") for path in listed.split())
