"""The report as text: each finding with its place, what is wrong, the fix, the scenarios, and the lines."""

import textwrap
from collections import Counter
from collections.abc import Iterator

from harness.gate.formats.excerpts import Excerpts
from harness.gate.verdicts import FAIL, NOT_APPLICABLE, NOT_EVALUATED, PASS, Finding, Report
from harness.gate.waivers import ENGINE as WAIVERS
from harness.markdown import count
from harness.render.source import Source

#: ANSI colours; `write` uses them on a terminal only.
_RED, _YELLOW, _GREEN, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
_NAMED_SCENARIOS = 3
#: Characters that are shown of a line of the template.
_SHOWN = 100


def write(report: Report, source: Source | None = None, colour: bool = False) -> str:
    """The whole report; with the lines of the template where there is one."""
    return "\n".join(_lines(report, Excerpts(source) if source else None, colour)) + "\n"


def _lines(report: Report, excerpts: Excerpts | None, colour: bool) -> Iterator[str]:
    for finding in report.findings:
        if not finding.waived:
            yield from _finding(finding, report, colour)
            if excerpts and finding.engine != WAIVERS:
                yield from _excerpt(finding, excerpts, colour)
    waived = [finding for finding in report.findings if finding.waived]
    for finding in waived:
        yield f"{_paint('waived', _YELLOW, colour)}  {_heading(finding, report)}"
        yield from _indented(finding.waived)
    for suppression in report.suppressions:
        place, what = printable(f"{report.template}:{suppression.line}"), printable(suppression.what)
        yield f"{_paint('ignored', _YELLOW, colour)}  {place}  {what}: suppression for {suppression.engine}"
    if report.findings or report.suppressions:
        yield ""
    yield from _summary(report, colour)


def _finding(finding: Finding, report: Report, colour: bool) -> Iterator[str]:
    word, paint = ("FAIL", _RED) if finding.stands else ("WARN", _YELLOW)
    yield f"{_paint(word, paint, colour)}  {_heading(finding, report)}"
    yield from _indented(finding.message)
    if finding.fix:
        yield from _indented(f"Fix: {finding.fix}")
    if finding.path:
        yield from _indented(f"at {finding.path}")
    if finding.scenarios:
        yield from _indented(_where(finding, report))


def _excerpt(finding: Finding, excerpts: Excerpts, colour: bool) -> Iterator[str]:
    """The lines that a finding is about, its own one marked, without what they are indented by in common."""
    excerpt = excerpts.of(finding.line, finding.path)
    width = len(str(excerpt.first + len(excerpt.lines)))
    for number, line in enumerate(textwrap.dedent("\n".join(excerpt.lines)).split("\n"), excerpt.first):
        mark = _paint("> ", _RED, colour) if number == finding.line else "  "
        shown = printable(line)
        yield f"    {mark}{number:{width}} | {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}…'}".rstrip()
    if not excerpt.is_whole:
        yield f"      {'':{width}} | …"


def _where(finding: Finding, report: Report) -> str:
    names = {name for name in finding.scenarios if name != "source"}
    if names >= {scenario.name for scenario in report.scenarios}:
        return "in every scenario"
    if not names:
        return "in the source"
    share = f"{len(names)} of {len(report.scenarios)} scenarios"
    if because := _common(names, report):
        return f"wherever {because} ({share})"
    listed = "; ".join(sorted(names, key=lambda name: (len(name), name))[:_NAMED_SCENARIOS])
    return f"in {share}, such as {listed}" if len(names) > _NAMED_SCENARIOS else f"in {listed}"


def _common(names: set[str], report: Report) -> str:
    """The one condition or parameter value that exactly these scenarios share; empty if there is none."""
    for condition in report.scenarios[0].conditions:
        for holds in (True, False):
            if names == {each.name for each in report.scenarios if each.conditions.get(condition) == holds}:
                return f"{condition} is {str(holds).lower()}"
    for parameter in report.scenarios[0].parameters:
        values = {each.parameters[parameter] for each in report.scenarios if each.name in names}
        if len(values) == 1 and names == {
            each.name for each in report.scenarios if each.parameters[parameter] in values
        }:
            return f"{parameter} is {values.pop() or 'empty'}"
    return ""


def _summary(report: Report, colour: bool) -> Iterator[str]:
    verdicts = Counter(rule.verdict for rule in report.rules)
    engines = ", ".join(f"{engine.name} {engine.version}" for engine in report.engines)
    scenarios = count(len(report.scenarios), "scenario")
    yield f"{printable(report.template)}: the source and {scenarios}, judged by {engines}"
    counted = ", ".join(
        f"{verdicts[each]} {each}" for each in (PASS, FAIL, NOT_APPLICABLE, NOT_EVALUATED) if verdicts[each]
    )
    yield f"rules: {counted}"
    standing = sum(finding.stands for finding in report.findings)
    waived = sum(bool(finding.waived) for finding in report.findings)
    warnings = len(report.findings) - standing - waived
    found = count(standing, "finding") if standing else "no findings"
    also = [*([count(warnings, "warning")] if warnings else []), *([f"{waived} waived"] if waived else [])]
    yield ", ".join([_paint(found, _RED if standing else _GREEN, colour), *also])


def _heading(finding: Finding, report: Report) -> str:
    file = report.template if finding.engine != WAIVERS else finding.path
    name = finding.rule if finding.rule == finding.slug else f"{finding.rule} {finding.slug}"
    return printable(f"{file}:{finding.line}  {name} ({finding.engine})  {finding.resource}".rstrip())


def printable(text: str) -> str:
    """`text` with non-printable characters escaped: a template must not control the reader's terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _indented(text: str) -> list[str]:
    return textwrap.wrap(printable(text), 116, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _paint(text: str, colour: str, wanted: bool) -> str:
    return f"{colour}{text}{_PLAIN}" if wanted else text
