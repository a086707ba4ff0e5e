"""`rules/harmless.yaml`: mutants that no rule has to refuse, each with a reviewed reason."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.render.resources import items

_FIELDS = ("operator", "path", "change", "reason")


class BadHarmless(Exception):
    """The file cannot be read; one line."""


@dataclass(frozen=True)
class Harmless:
    """A mutant by operator, path and change, and why nobody has to notice it."""

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
        return f"{self.operator} {self.path}: {self.change}"


def load(path: Path) -> list[Harmless]:
    """The entries of a file: a reason with the mutants it is good for. Raises BadHarmless.

    Lists of paths and of changes stand for each path with each change.
    """
    try:
        groups = yaml.safe_load(path.read_text()) or []
        return [
            Harmless(mutant["operator"], path, str(change), " ".join(group["reason"].split()))
            for group in groups
            for mutant in group["mutants"]
            for path, change in itertools.product(items(mutant["path"]), items(mutant["change"]))
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BadHarmless(
            f"{path}: {' '.join(str(error).split())}: entries have a reason and mutants ({', '.join(_FIELDS[:3])})"
        ) from error
