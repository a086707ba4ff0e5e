"""SARIF 2.1.0, for code hosts that show findings at their lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from typing import Any
from urllib.parse import quote

from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, location
from harness.gate.verdicts import EngineUsed, Finding, Report
from harness.render.dumping import as_indented_json

#: Engines that run this project's rules.
ENGINES = (GUARD, CHECKOV, CHECKS)
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(report: Report) -> str:
    """One run per engine, and one each for problems with waivers and for what nobody could judge."""
    engines = [*report.engines]
    others = {each.engine for each in report.findings} - {each.name for each in engines}
    engines += [EngineUsed(name, "1") for name in sorted(others)]
    return as_indented_json(
        {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(engine, report) for engine in engines]}
    )


def _run(engine: EngineUsed, report: Report) -> dict[str, Any]:
    findings = [finding for finding in report.findings if finding.engine == engine.name]
    rules = {finding.rule: _rule(finding) for finding in findings}
    driver = {"name": engine.name, "version": engine.version, "rules": list(rules.values())}
    return {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(finding, report) for finding in findings],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": finding.rule, "name": finding.slug, "shortDescription": {"text": finding.message}}
    if finding.engine in ENGINES and finding.rule != finding.slug:
        # The rule's file, which states its reason. Not as helpUri, which must be absolute.
        rule["help"] = {"text": f"See {location(finding.engine, finding.rule, finding.slug)}."}
    return rule


def _result(finding: Finding, report: Report) -> dict[str, Any]:
    fix = f" {finding.fix}" if finding.fix else ""
    file = finding.path if finding.engine == "waivers" else report.template
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": f"{finding.message}{fix}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(file)}, "region": {"startLine": finding.line}},
                "logicalLocations": [{"name": finding.resource, "fullyQualifiedName": finding.path}],
            }
        ],
        "properties": {"scenarios": list(finding.scenarios)},
    }
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "justification": finding.waived}]
    return result
