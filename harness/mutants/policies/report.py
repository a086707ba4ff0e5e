"""What a run found: which mutants access did not notice, and which reviewed reasons are not true of a mutant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.policies.reviewed import Reviewed
from harness.mutants.policies.stated import POLICY_OPERATORS

#: More than this share of the mutants must not be excused.
MAXIMUM_HARMLESS = 0.06


@dataclass(frozen=True)
class Judged:
    """Mutants with what access notices of each (nothing: empty), of all those that were `made`, equal ones too."""

    mutants: Sequence[Mutant]
    noticed: Sequence[str]
    made: Sequence[Mutation]
    reviewed: Sequence[Reviewed]

    @property
    def is_whole(self) -> bool:
        """Whether all that were made were judged."""
        return len(self.mutants) == len(self.made)

    @property
    def kills(self) -> dict[str, str]:
        """What access notices, by the mutant's name."""
        named = zip(self.mutants, self.noticed, strict=True)
        return {each.mutation.name: found for each, found in named if found}

    @cached_property
    def harmless(self) -> dict[str, str]:
        """The reviewed reason of each mutant that access does not notice, by its name."""
        found: dict[str, str] = {}
        for mutation in self._alive:
            if reason := next((each.reason for each in self.reviewed if each.excuses(mutation)), None):
                found[mutation.name] = reason
        return found

    @property
    def survivors(self) -> list[Mutation]:
        """Those that access does not notice, and that nobody reviewed."""
        return [each for each in self._alive if each.name not in self.harmless]

    @property
    def _alive(self) -> list[Mutation]:
        return [mutant.mutation for mutant, found in zip(self.mutants, self.noticed, strict=True) if not found]

    @cached_property
    def problems(self) -> list[str]:
        """One line for each reason why the run fails."""
        found = [f"survived: {each.name}" for each in self.survivors]
        kills = self.kills
        for entry in self.reviewed:
            about = [each.name for each in self.made if entry.excuses(each)]
            wrong = [name for name in about if name in kills]
            if not about:
                found.append(f"stale review: {entry.name}: there is no such mutant")
            elif wrong:
                found.append(f"stale review: {entry.name}: access notices {wrong[0]}{_more(wrong)}")
        if self.is_whole and len(self.harmless) > MAXIMUM_HARMLESS * len(self.made):
            share = f"{len(self.harmless)} of {len(self.made)} mutants are harmless"
            found.append(f"{share}, more than {MAXIMUM_HARMLESS:.0%}")
        return found

    def as_dict(self, template_sha256: str, seed: int, seconds: float) -> dict[str, Any]:
        """What `report.json` holds."""
        kills, harmless = self.kills, self.harmless
        operators: dict[str, Counter[str]] = {}
        for each in self.mutants:
            name = each.mutation.name
            outcome = "noticed" if name in kills else "harmless" if name in harmless else "survived"
            operators.setdefault(each.mutation.operator, Counter())[outcome] += 1
        return {
            "format": 1,
            "template_sha256": template_sha256,
            "seconds": round(seconds, 1),
            "made": len(self.made),
            "new": sum(each.operator in POLICY_OPERATORS for each in self.made),
            "seed": None if self.is_whole else seed,
            "total": len(self.mutants),
            "counts": self.counts,
            "operators": operators,
            "problems": self.problems,
            "survived": [each.name for each in self.survivors],
            "harmless": harmless,
            "noticed": kills,
        }

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are of each outcome."""
        return {"noticed": len(self.kills), "harmless": len(self.harmless), "survived": len(self.survivors)}


def _more(several: Sequence[str]) -> str:
    return f", and {len(several) - 1} more" if len(several) > 1 else ""
