"""Synthetic reports of the gate and the mutants, for the real rules and the real template."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from harness.catalogue.catalogue import Rule, fingerprint
from harness.pages.reports import TEMPLATE

#: In how many targets a rule passed, failed, was not applicable, was not evaluated.
Counts = tuple[int, int, int, int]
EVERYWHERE: Counts = (30, 0, 0, 0)
KEYS = ("passed_in", "failed_in", "not_applicable_in", "not_evaluated_in")


def verdicts_and_mutants(
    folder: Path, rules: Sequence[Rule], counts: Mapping[str, Counts] | None = None
) -> tuple[Path, Path]:
    """Both report files, in a folder. `counts`: the rules that do not pass everywhere."""
    about = {"template_sha256": hashlib.sha256(TEMPLATE.read_bytes()).hexdigest(), "rules_sha256": _rules_sha256()}
    verdicts = {
        **about,
        "engines": [{"name": "checks", "version": "1"}],
        "scenarios": [{"name": f"scenario {number}"} for number in range(29)],
        "rules": [_verdict(rule, (counts or {}).get(rule.slug, EVERYWHERE)) for rule in rules],
        "findings": [],
    }
    example = {"operator": "falsify", "path": "Resources.Stream.Properties.Name", "change": "other"}
    mutants = {
        **about,
        "made": 4321,
        "total": 4321,
        "killed": 4300,
        "survived": [],
        "seen_by_others": {"of": 3, "cfn-lint": 1, "checkov": 1, "neither": 2},
        "harmless": [{"operator": "falsify", "path": "Resources.A", "resource": "A", "change": "b", "reason": "c"}]
        * 21,
        "rules": {
            rule.slug: {"id": rule.id, "killed": 10 + number, "alone": 1 + number, "examples": [example]}
            for number, rule in enumerate(rules)
        },
    }
    paths = (folder / "verdicts.json", folder / "report.json")
    for path, report in zip(paths, (verdicts, mutants), strict=True):
        path.write_text(json.dumps(report))
    return paths


_rules_sha256 = cache(fingerprint)


def _verdict(rule: Rule, counts: Counts) -> dict[str, object]:
    passed, failed, not_applicable, _ = counts
    verdict = "fail" if failed else "pass" if passed else "not applicable" if not_applicable else "not evaluated"
    return {
        "rule": rule.id, "slug": rule.slug, "engine": rule.engine, "verdict": verdict,
        **dict(zip(KEYS, counts, strict=True)),
    }  # fmt: skip
