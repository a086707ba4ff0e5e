"""JUnit's XML, for CI systems that show tests: a rule is a test case, its findings are the failure."""

import re
from xml.etree import ElementTree

from harness.gate.verdicts import NOT_APPLICABLE, NOT_EVALUATED, WARNING, Finding, Report, RuleVerdict

#: Characters that XML 1.0 cannot represent, even as entities.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report) -> str:
    """One suite per engine. Rules that were not applicable or not evaluated are skipped test cases."""
    root = ElementTree.Element("testsuites", name=report.template)
    names = dict.fromkeys([*(engine.name for engine in report.engines), *(each.engine for each in report.findings)])
    for engine in names:
        _suite(root, engine, report)
    ElementTree.indent(root)
    written = _UNWRITABLE.sub("\ufffd", ElementTree.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'


def _suite(root: ElementTree.Element, engine: str, report: Report) -> None:
    findings = [finding for finding in report.findings if finding.engine == engine and finding.stands]
    warnings = [finding for finding in report.findings if finding.engine == engine and finding.level == WARNING]
    verdicts = {verdict.rule: verdict for verdict in report.rules if verdict.engine == engine}
    rules = dict.fromkeys([*verdicts, *(finding.rule for finding in findings)])
    failing = {finding.rule for finding in findings}
    skipped = [rule for rule in rules if rule not in failing and _is_skipped(verdicts.get(rule))]
    suite = ElementTree.SubElement(
        root, "testsuite", name=engine, tests=str(len(rules)), failures=str(len(failing)), skipped=str(len(skipped))
    )
    for rule in rules:
        verdict = verdicts.get(rule)
        case = ElementTree.SubElement(suite, "testcase", classname=engine, name=_name(rule, verdict))
        mine = [finding for finding in findings if finding.rule == rule]
        if mine:
            failure = ElementTree.SubElement(case, "failure", message=mine[0].message)
            failure.text = "\n".join(_line(finding, report) for finding in mine)
        elif _is_skipped(verdict):
            ElementTree.SubElement(case, "skipped", message=verdict.verdict if verdict else NOT_EVALUATED)
    if warnings:
        ElementTree.SubElement(suite, "system-out").text = "\n".join(
            f"warning: {each.rule} {_line(each, report)}" for each in warnings
        )


def _is_skipped(verdict: RuleVerdict | None) -> bool:
    return verdict is not None and verdict.verdict in (NOT_APPLICABLE, NOT_EVALUATED)


def _name(rule: str, verdict: RuleVerdict | None) -> str:
    return f"{rule} {verdict.slug}" if verdict and verdict.slug != rule else rule


def _line(finding: Finding, report: Report) -> str:
    where = "; ".join(finding.scenarios)
    return f"{report.template}:{finding.line}: {finding.resource}: {finding.message} {finding.fix} [{where}]"
