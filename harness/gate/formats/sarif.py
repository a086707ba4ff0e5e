"""SARIF 2.1.0, for code hosts that show findings at their lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.catalogue import catalogue
from harness.catalogue.catalogue import CHECKOV, Rule, location
from harness.catalogue.clauses import checkov_sentences, clauses
from harness.gate.engines.checkov_process import BREAKS
from harness.gate.rule_set import LINT
from harness.gate.verdicts import GATE, EngineUsed, Finding, Report
from harness.gate.waivers import ENGINE as WAIVERS
from harness.markdown import escaped, sentence
from harness.render.dumping import as_indented_json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: What relative addresses start from. Only the reader knows where that is, so it gets no address here.
ROOT = "%SRCROOT%"
#: cfn-lint's severity is the first letter of a rule's id; what our rules find is an error.
LEVELS = {"W": "warning", "I": "note"}
#: The name says how it is made, so that a change makes another. Hosts that compare lines of code add theirs to it.
FINGERPRINT = "ruleResourcePathMessage/v1"

#: Rules of the gate itself: statement, reason, and the file that explains them.
_OWN = {
    GATE: (
        "Every rule reaches a verdict.",
        "Nothing is known of what no scenario reaches, of what depends on a value that only the deployment knows, or "
        "by a rule that finds nothing to judge any more.",
        "docs/judging-other-templates.md",
    ),
    WAIVERS: (
        "Each waiver names a finding that exists, and has not expired.",
        "A waiver that nobody needs any more would hide the next finding of its rule.",
        "rules/waivers.yaml",
    ),
}


def write(report: Report, rules_url: str = "") -> str:
    """One run per engine, and one each for problems with waivers and for what nobody could judge.

    `rules_url` is the address of this project's files, without which its rules have no `helpUri`: that has to be
    absolute, and no file here says where the project is hosted.
    """
    engines = [*report.engines]
    others = {each.engine for each in report.findings} - {each.name for each in engines}
    engines += [EngineUsed(name, "1") for name in sorted(others)]
    ours = {(rule.engine, rule.id): rule for rule in catalogue.load()}
    runs = [_run(engine, report, ours, rules_url) for engine in engines]
    return as_indented_json({"$schema": SCHEMA, "version": "2.1.0", "runs": runs})


def _run(engine: EngineUsed, report: Report, ours: Mapping[tuple[str, str], Rule], rules_url: str) -> dict[str, Any]:
    findings = [finding for finding in report.findings if finding.engine == engine.name]
    first = {finding.rule: finding for finding in reversed(findings)}
    ids = [*dict.fromkeys(finding.rule for finding in findings)]
    rules = [_rule(first[each], ours.get((engine.name, each)), rules_url) for each in ids]
    return {
        "tool": {"driver": {"name": engine.name, "version": engine.version, "rules": rules}},
        "invocations": [{"executionSuccessful": True}],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the checkout, where the gate ran."}}},
        "results": [*_results(findings, ids, report)],
    }


def _rule(finding: Finding, rule: Rule | None, rules_url: str) -> dict[str, Any]:
    """What a rule demands, why, and how to comply: of the rule, not of the finding."""
    file, url = "", ""
    if rule:
        statement, why = f"{sentence(rule.slug.replace('_', ' '))}.", rule.why
        file = location(rule.engine, rule.id, rule.slug)
    elif finding.engine in _OWN:
        statement, why, file = _OWN[finding.engine]
    elif finding.engine == LINT:
        # Here, because importing cfn-lint takes a second.
        from harness.gate.engines.cfn_lint_rules import described

        statement, why, url = described(finding.rule)
    else:
        # A check of Checkov's says of each resource what it demands of all; unless it broke.
        statement, why = finding.rule if finding.message == BREAKS else finding.message, ""
    described_as: dict[str, Any] = {
        "id": finding.rule,
        "name": finding.slug,
        "shortDescription": {"text": statement},
        "fullDescription": {"text": why or statement},
        "defaultConfiguration": {"level": _level(finding)},
    }
    if file:
        paragraphs = [why, *(_clauses(rule) if rule else ()), f"See {file}."]
        described_as["help"] = {
            "text": "\n\n".join(paragraphs),
            "markdown": "\n\n".join(escaped(each) for each in paragraphs),
        }
        url = f"{rules_url.rstrip('/')}/{file}" if rules_url else ""
    if url:
        described_as["helpUri"] = url
    return described_as


def _clauses(rule: Rule) -> Iterator[str]:
    if rule.engine == CHECKOV:
        yield " Fix: ".join(checkov_sentences(rule))
    yield from (f"Violation: {each.violation} Fix: {each.fix}" for each in clauses(rule))


def _level(finding: Finding) -> str:
    """As severe as the rule. What was not evaluated is an error and not of the kind `open`, which has no level.

    Code hosts do not show results without a level, and the gate fails for them.
    """
    return LEVELS.get(finding.rule[:1], finding.level) if finding.engine == LINT else finding.level


def _results(findings: list[Finding], rules: list[str], report: Report) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for finding in findings:
        fix = f" {finding.fix}" if finding.fix else ""
        file = finding.path if finding.engine == WAIVERS else report.template
        logical = {"name": finding.resource, "fullyQualifiedName": finding.path}
        # Without the line, which moves with every edit above it.
        identity = "\0".join((finding.rule, finding.resource, finding.path, finding.message))
        seen[identity] = seen.get(identity, 0) + 1
        digest = hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": rules.index(finding.rule),
            "level": _level(finding),
            "message": {"text": f"{finding.message}{fix}"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": _artifact(file), "region": {"startLine": finding.line}},
                    "logicalLocations": [{key: text for key, text in logical.items() if text}],
                }
            ],
            "partialFingerprints": {FINGERPRINT: f"{digest}:{seen[identity]}"},
            "properties": {"scenarios": list(finding.scenarios)},
        }
        if finding.waived:
            result["suppressions"] = [{"kind": "external", "justification": finding.waived}]
        yield result


def _artifact(file: str) -> dict[str, str]:
    """A file of the checkout, relative to its root; another by its whole address."""
    path = Path(file)
    if path.is_absolute() or ".." in path.parts:
        return {"uri": path.resolve().as_uri()}
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": ROOT}
