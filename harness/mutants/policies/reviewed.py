"""`rules/harmless_policies.yaml`: mutants of policies that decide no request otherwise, each with a reviewed reason."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from harness.catalogue.catalogue import RULES
from harness.mutants.harmless import BadHarmless
from harness.mutants.mutation import Mutation
from harness.render.source import plain

HARMLESS = RULES / "harmless_policies.yaml"


@dataclass(frozen=True)
class Reviewed:
    """A mutant's name, in which `*` stands for any text and `\\*` for itself, and why access need not notice it."""

    name: str
    reason: str

    def excuses(self, mutation: Mutation) -> bool:
        """Whether this is its mutant, or one of them."""
        return bool(self._pattern.fullmatch(mutation.name))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        texts = re.split(r"(?<!\\)\*", self.name)
        return re.compile(".*".join(re.escape(each.replace(r"\*", "*")) for each in texts))


def load(path: Path) -> list[Reviewed]:
    """The entries of a file: a reason, with the names of the mutants that it is good for. Raises BadHarmless."""
    try:
        return [
            Reviewed(" ".join(name.split()), " ".join(group["reason"].split()))
            for group in plain(path.read_text()) or []
            for name in group["mutants"]
        ]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        said = " ".join(str(error).split())
        raise BadHarmless(f"{path}: {said}: a reason has mutants, by name, with * for any text") from error
