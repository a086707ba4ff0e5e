"""Reads the reports of the gate and the mutants, if they match the current template and rules."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.catalogue import proof
from harness.catalogue.catalogue import RULES, Rule, fingerprint

ROOT = RULES.parent
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
VERDICTS = ROOT / "build" / "gate" / "verdicts.json"
MUTANTS = ROOT / "build" / "mutants" / "report.json"


class NoReport(Exception):
    """A report is missing or out of date; one line."""


@dataclass(frozen=True)
class RuleMutants:
    """The mutants that a rule kills: how many, how many no other rule kills, one of these, and examples."""

    killed: int
    alone: int
    only_by_it: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Reports:
    """Both reports, which cover every rule."""

    verdicts: Mapping[str, Any]
    mutants: Mapping[str, Any]
    #: What the last run of all mutants found, by slug, where this one is of a sample.
    last: Mapping[str, proof.Proof]

    @cached_property
    def _by_rule(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(each["engine"], each["slug"]): each for each in self.verdicts["rules"]}

    @property
    def scenarios(self) -> int:
        """The number of scenarios."""
        return len(self.verdicts["scenarios"])

    def knows(self, rule: Rule) -> bool:
        """Whether both reports cover a rule."""
        return (rule.engine, rule.slug) in self._by_rule and rule.slug in self.mutants["rules"]

    def verdict(self, rule: Rule) -> str:
        """The verdict on the template: pass, fail, not applicable, not evaluated, or waived."""
        verdict = str(self._by_rule[rule.engine, rule.slug]["verdict"])
        findings = self.findings(rule)
        return "waived" if verdict == "fail" and findings and all(each["waived"] for each in findings) else verdict

    def counts(self, rule: Rule) -> dict[str, int]:
        """The number of inputs (source and scenarios) per verdict."""
        found = self._by_rule[rule.engine, rule.slug]
        keys = {"pass": "passed_in", "fail": "failed_in"}
        keys |= {"not applicable": "not_applicable_in", "not evaluated": "not_evaluated_in"}
        return {verdict: int(found[key]) for verdict, key in keys.items() if found[key]}

    def findings(self, rule: Rule) -> list[Mapping[str, Any]]:
        """A rule's findings in the template."""
        found = self.verdicts["findings"]
        return [each for each in found if (each["engine"], each["slug"]) == (rule.engine, rule.slug)]

    def killed(self, rule: Rule) -> RuleMutants:
        """The mutants that a rule kills."""
        found = self.mutants["rules"][rule.slug]
        examples = tuple(f"{each['operator']} {each['path']}: {each['change']}" for each in found["examples"])
        last = self.last.get(rule.slug)
        if last:
            return RuleMutants(last.mutants_killed, last.killed_alone, last.killed_only_by_it, examples)
        # Examples begin with those that no other rule kills.
        return RuleMutants(int(found["killed"]), int(found["alone"]), examples[0] if found["alone"] else "", examples)

    @property
    def sampled(self) -> bool:
        """Whether only some mutants were judged."""
        return bool(self.mutants["total"] < self.mutants["made"])


def load(rules: list[Rule], folder: Path, verdicts: Path, mutants: Path, whole: bool = False) -> Reports:
    """Both reports. Raises NoReport with the command that writes them; `whole`: also if mutants are a sample."""
    template, now = hashlib.sha256(TEMPLATE.read_bytes()).hexdigest(), fingerprint(folder)
    read = []
    for path, command in ((verdicts, "tox -e gate"), (mutants, "tox -e mutants")):
        report = _read(path, command)
        for what, digest in (("template", template), ("rules", now)):
            if report.get(f"{what}_sha256") != digest:
                raise NoReport(f"{_shown(path)} does not match the current {what}; run {command}")
        read.append(report)
    reports = Reports(read[0], read[1], {})
    if reports.sampled:
        if whole:
            raise NoReport(f"{_shown(mutants)} is of a sample; run tox -e mutants")
        reports = Reports(read[0], read[1], proof.read(folder / proof.PROOF.name))
    for rule in rules:
        if not reports.knows(rule):
            raise NoReport(f"the reports lack {rule.slug}; run tox -e gate and tox -e mutants without arguments")
    return reports


def _read(path: Path, command: str) -> Mapping[str, Any]:
    try:
        report = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise NoReport(f"{_shown(path)} does not exist; run {command}") from error
    except (OSError, ValueError) as error:
        raise NoReport(f"{_shown(path)} cannot be read ({' '.join(str(error).split())}); run {command}") from error
    if not isinstance(report, dict):
        raise NoReport(f"{_shown(path)} is not a report; run {command}")
    return report


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
