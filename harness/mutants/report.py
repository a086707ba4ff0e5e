"""Results of a mutants run: problems, counts, and `build/mutants/report.json`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue.catalogue import INTENTS, Rule
from harness.mutants.harmless import Harmless
from harness.mutants.judge import Mutant

EXAMPLES = 3
#: No operator may make more than this share of all mutants; otherwise the total means little.
MAXIMUM_SHARE = 0.15
MAXIMUM_HARMLESS = 0.05
MINIMUM_TOTAL = 800


@dataclass(frozen=True)
class Result:
    """The judged mutants of one template; `harmless` are the reviewed entries for those that no rule kills.

    `mutants` are all that were `made`, or a sample of them.
    """

    mutants: Sequence[Mutant]
    harmless: Sequence[Harmless]
    rules: Sequence[Rule]
    operators: Sequence[str]
    made: Sequence[Mutant]

    @property
    def survivors(self) -> list[Mutant]:
        """Mutants that no rule kills and no reviewed entry excuses."""
        return [mutant for mutant in self._alive if not any(each.excuses(mutant.mutation) for each in self.harmless)]

    @property
    def excused(self) -> list[Harmless]:
        """For each mutant that a reviewed entry excuses, the entry with the mutant's name."""
        found = []
        for mutation in (mutant.mutation for mutant in self._alive):
            reasons = [each.reason for each in self.harmless if each.excuses(mutation)]
            found += [Harmless(mutation.operator, mutation.path, mutation.change, each) for each in reasons[:1]]
        return found

    @property
    def _alive(self) -> list[Mutant]:
        return [mutant for mutant in self.mutants if not mutant.killers]

    @property
    def killed(self) -> list[Mutant]:
        """Mutants that at least one rule kills."""
        return [mutant for mutant in self.mutants if mutant.killers]

    def alone(self, slug: str) -> list[Mutant]:
        """Mutants that only this rule kills: without it they would survive."""
        return [mutant for mutant in self.mutants if mutant.killers == {slug}]

    def problems(self) -> list[str]:
        """One line for each reason why the run fails."""
        total = len(self.made)
        found = [f"survived: {mutant.mutation.name}" for mutant in self.survivors]
        needed = self.excused
        found += [
            f"rules/harmless.yaml: {each.name}: unneeded: killed, or no longer made"
            for each in self.harmless
            if not any(each.excuses(mutant.mutation) for mutant in self._alive)
        ]
        for rule in self.rules:
            if not any(rule.slug in mutant.killers for mutant in self.mutants):
                found.append(f"{rule.id} {rule.slug} kills no mutant: it is vacuous")
            elif not self.alone(rule.slug):
                found.append(f"{rule.id} {rule.slug} kills only mutants that other rules kill too: it is redundant")
        by_operator = Counter(mutant.mutation.operator for mutant in self.made)
        for operator in self.operators:
            if not by_operator[operator]:
                found.append(f"operator {operator} makes no mutant")
            elif by_operator[operator] > MAXIMUM_SHARE * total:
                share = f"{by_operator[operator]} of {total} mutants, more than {MAXIMUM_SHARE:.0%}"
                found.append(f"operator {operator} makes {share}")
        if len(needed) > MAXIMUM_HARMLESS * total:
            found.append(f"{len(needed)} of {total} mutants are marked harmless, more than {MAXIMUM_HARMLESS:.0%}")
        if total < MINIMUM_TOTAL:
            found.append(f"{total} mutants: at least {MINIMUM_TOTAL} are required")
        return found

    def as_dict(self, template_sha256: str, rules_sha256: str, seconds: float, rechecked: int) -> dict[str, Any]:
        """What `report.json` holds."""
        harmless = self.excused
        return {
            "format": 1,
            "template_sha256": template_sha256,
            "rules_sha256": rules_sha256,
            "seconds": round(seconds, 1),
            "rechecked": rechecked,
            "made": len(self.made),
            "total": len(self.mutants),
            "killed": len(self.killed),
            "survived": [_place(mutant) for mutant in self.survivors],
            "harmless": [
                {
                    "operator": each.operator,
                    "path": each.path,
                    "resource": each.resource,
                    "change": each.change,
                    "reason": each.reason,
                }
                for each in harmless
            ],
            "seen_by_others": self.seen_by_others(),
            "operators": self.by_operator(),
            "intents": self.by_intent(),
            "rules": {rule.slug: self._of_rule(rule) for rule in self.rules},
        }

    def every_mutant(self) -> list[dict[str, Any]]:
        """What `mutants.json` holds."""
        return [
            {**_place(mutant), "killers": sorted(mutant.killers), "seen_by": sorted(mutant.seen_by)}
            for mutant in self.mutants
        ]

    def seen_by_others(self) -> dict[str, int]:
        """Of the mutants that cfn-lint and Checkov judged too, how many each of them finds."""
        rendered = [mutant for mutant in self.mutants if mutant.changed and mutant.others_asked]
        checkov = [mutant for mutant in rendered if any(each.startswith("CKV") for each in mutant.seen_by)]
        lint = [mutant for mutant in rendered if any(not each.startswith("CKV") for each in mutant.seen_by)]
        nobody = [mutant for mutant in rendered if not mutant.seen_by]
        return {"of": len(rendered), "cfn-lint": len(lint), "checkov": len(checkov), "neither": len(nobody)}

    def by_operator(self) -> dict[str, dict[str, int]]:
        """For each operator: mutants made, killed, and harmless."""
        excused = Counter(each.operator for each in self.excused)
        return {
            operator: {
                "total": sum(mutant.mutation.operator == operator for mutant in self.mutants),
                "killed": sum(mutant.mutation.operator == operator for mutant in self.killed),
                "harmless": excused[operator],
            }
            for operator in self.operators
        }

    def by_intent(self) -> dict[str, dict[str, int]]:
        """For each intent: its rules, the mutants they kill, and the mutants that only they kill."""
        found = {}
        for intent in INTENTS:
            slugs = {rule.slug for rule in self.rules if rule.intent == intent}
            found[intent] = {
                "rules": len(slugs),
                "killed": sum(bool(mutant.killers & slugs) for mutant in self.mutants),
                "alone": sum(bool(mutant.killers) and mutant.killers <= slugs for mutant in self.mutants),
            }
        return found

    def _of_rule(self, rule: Rule) -> dict[str, Any]:
        alone = self.alone(rule.slug)
        others = [mutant for mutant in self.mutants if rule.slug in mutant.killers and mutant not in alone]
        return {
            "id": rule.id,
            "killed": len(alone) + len(others),
            "alone": len(alone),
            "examples": [_place(mutant) for mutant in [*alone, *others][:EXAMPLES]],
        }


def _place(mutant: Mutant) -> dict[str, str]:
    mutation = mutant.mutation
    return {
        "operator": mutation.operator, "path": mutation.path, "resource": mutation.resource, "change": mutation.change,
    }  # fmt: skip
