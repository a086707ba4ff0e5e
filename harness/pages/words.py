"""How the pages say what the reports hold: verdicts, mutants and where a rule is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.catalogue import clauses
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, Rule
from harness.catalogue.controls import Controls
from harness.markdown import count, plain
from harness.pages.reports import ROOT, Reports

README = "rules/README.md"
PROOF = "rules/proof.csv"
ENGINES = {
    GUARD: "a Guard rule, which judges one resource",
    CHECKOV: "a policy of Checkov, which judges one resource and computes",
    CHECKS: "a check in Python, which compares resources with each other",
}
#: Marks a requirement whose place in the framework nobody could read in a source.
UNCHECKED = "⚠"
SOURCE_CHECK = "a check in Python, which reads the template as written"


@dataclass(frozen=True)
class Material:
    """Everything that proof.csv and the pages of the rules are made of."""

    rules: Sequence[Rule]
    controls: Controls
    reports: Reports

    @cached_property
    def by_slug(self) -> Mapping[str, Rule]:
        """The rules by slug."""
        return {rule.slug: rule for rule in self.rules}

    def verdict(self, rule: Rule) -> str:
        """A rule's verdict on the template, and in how much of it."""
        verdict = self.reports.verdict(rule)
        if clauses.judges_source(rule):
            return f"{verdict} on the source"
        counts = self.reports.counts(rule)
        # Only the source can be not evaluated: there, values are still functions. Then all others are scenarios.
        unevaluated = counts.pop("not evaluated", 0)
        if not counts:
            return verdict
        first, *others = sorted(counts, key=lambda each: each != ("fail" if verdict == "waived" else verdict))
        scenarios = count(self.reports.scenarios, "scenario")
        if unevaluated:
            told = f"{verdict} in {count(counts[first], 'scenario')}"
        else:
            told = f"{verdict} in {f'{counts[first]} of ' if others else ''}the source and {scenarios}"
        return ", ".join((told, *(f"{each} in {counts[each]}" for each in others)))

    def mutants(self, rule: Rule) -> str:
        """How many mutants a rule kills, and how many of them no other rule kills."""
        found = self.reports.killed(rule)
        return f"{found.killed:,} / {found.alone:,}"


def engine(rule: Rule) -> str:
    """What kind of rule it is."""
    return SOURCE_CHECK if clauses.judges_source(rule) else ENGINES[rule.engine]


def requirement(id_: str, unchecked: bool) -> str:
    """A requirement's id, marked where its place was not checked."""
    return f"{plain(id_)} {UNCHECKED}" if unchecked else plain(id_)


def inside(path: str, rule: Rule) -> str:
    """A file of a rule, from the root of the project."""
    files = {"rule": rule.path, "cases": rule.case_file}
    return files[path].relative_to(ROOT).as_posix()
