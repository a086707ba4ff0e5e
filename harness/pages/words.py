"""Texts shared by the pages: verdicts, mutants and rule paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.catalogue import clauses
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, Rule
from harness.catalogue.controls import Controls
from harness.markdown import count, escaped
from harness.pages.reports import ROOT, Reports

README = "rules/README.md"
PROOF = "rules/proof.csv"
ENGINES = {
    GUARD: "a Guard rule, which judges one resource",
    CHECKOV: "a policy of Checkov, which judges one resource and computes",
    CHECKS: "a check in Python, which compares resources with each other",
}
#: Marks a requirement that was not verified in the framework's source.
UNCHECKED = "⚠"
SOURCE_CHECK = "a check in Python, which reads the template as written"


@dataclass(frozen=True)
class Material:
    """The inputs of proof.csv and the rule pages."""

    rules: Sequence[Rule]
    controls: Controls
    reports: Reports

    @cached_property
    def by_slug(self) -> Mapping[str, Rule]:
        """The rules by slug."""
        return {rule.slug: rule for rule in self.rules}

    def verdict(self, rule: Rule) -> str:
        """A rule's verdict on the template, with the number of scenarios."""
        verdict = self.reports.verdict(rule)
        if clauses.judges_source(rule):
            return f"{verdict} on the source"
        counts = self.reports.counts(rule)
        # Only the source can be "not evaluated", because its values are still functions. The others are scenarios.
        unevaluated = counts.pop("not evaluated", 0)
        if not counts:
            return verdict
        first, *others = sorted(counts, key=lambda each: each != ("fail" if verdict == "waived" else verdict))
        scenarios = count(self.reports.scenarios, "scenario")
        if unevaluated:
            shown = f"{verdict} in {count(counts[first], 'scenario')}"
        else:
            shown = f"{verdict} in {f'{counts[first]} of ' if others else ''}the source and {scenarios}"
        return ", ".join((shown, *(f"{each} in {counts[each]}" for each in others)))

    def mutants(self, rule: Rule) -> str:
        """The mutants that a rule kills, and those that no other rule kills."""
        found = self.reports.killed(rule)
        return f"{found.killed:,} / {found.alone:,}"


def engine(rule: Rule) -> str:
    """The kind of rule."""
    return SOURCE_CHECK if clauses.judges_source(rule) else ENGINES[rule.engine]


def requirement(id_: str, unchecked: bool) -> str:
    """A requirement's id, marked if it was not verified."""
    return f"{escaped(id_)} {UNCHECKED}" if unchecked else escaped(id_)


def inside(path: str, rule: Rule) -> str:
    """A file of a rule, relative to the project."""
    files = {"rule": rule.path, "cases": rule.case_file}
    return files[path].relative_to(ROOT).as_posix()
