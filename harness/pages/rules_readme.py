"""`rules/README.md`: from a framework's requirement to the control, its rules, their cases, verdicts and mutants."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, INTENTS, Rule
from harness.catalogue.controls import Control, Framework
from harness.markdown import anchor, code, count, paragraph, plain, sections, sentence, table
from harness.pages import prose
from harness.pages.words import README, Material, inside

#: Marks a requirement whose place in the framework nobody could read in a source.
UNCHECKED = "⚠"
RULE_HEAD = ("id", "rule", "engine", "cases", "verdict on the template", "mutants killed / alone")


def write(material: Material) -> str:
    """The whole page."""
    said = material.controls.said_about
    return sections(
        "# Rules",
        _what(material),
        _judged(material),
        "## By framework",
        _escaped(said("How to read it")),
        _escaped(said("Whom they bind")),
        *_frameworks(material),
        "## Controls",
        *(part for control in material.controls.controls for part in _control(control, material)),
        "## Rules by intent",
        *_intents(material),
        "## Waivers",
        *_waivers(material),
        "## What is not judged",
        "Each control says what it does not cover. Left out on purpose, as a whole:",
        _escaped(said("Not claimed, on purpose")),
        prose.HOW_TO,
    )


def _escaped(text: str) -> str:
    """A paragraph or a list of the catalogue's comment, with links to the documents that it names."""
    lines = ((re.match(r"- |  |", line)[0], line) for line in text.splitlines())  # type: ignore[index]
    escaped = "\n".join(start + plain(line.removeprefix(start)) for start, line in lines)
    return re.sub(r"docs/[\w./-]+\.md", lambda path: f"[{path[0]}]({_to(path[0])})", escaped)


def _what(material: Material) -> str:
    engines = Counter(rule.engine for rule in material.rules)
    mark, *paragraphs = prose.WHAT.format(
        controls=count(len(material.controls.controls), "control"),
        rules=len(material.rules),
        guard=engines[GUARD],
        checkov=engines[CHECKOV],
        checks=engines[CHECKS],
    ).split("\n\n")
    return "\n\n".join((mark, *map(paragraph, paragraphs)))


def _judged(material: Material) -> str:
    reports, mutants = material.reports, material.reports.mutants
    engines = reports.verdicts["engines"]
    own = {(rule.engine, rule.slug) for rule in material.rules}
    others = [each for each in reports.verdicts["rules"] if (each["engine"], each["slug"]) not in own]
    of_checkov = sum(each["engine"] == CHECKOV for each in others)
    filled = prose.JUDGED.format(
        scenarios=count(reports.scenarios, "scenario"),
        total=f"{mutants['total']:,}",
        killed=f"{mutants['killed']:,}",
        harmless=count(len(mutants["harmless"]), "is", "are"),
        survived=count(len(mutants["survived"]), "survives", "survive"),
        engines=", ".join(f"{each['name']} {each['version']}" for each in engines if each["name"] != CHECKS),
        asked=f"{mutants['seen_by_others']['of']:,}",
        neither=f"{mutants['seen_by_others']['neither']:,}",
        others=f"cfn-lint and {count(of_checkov, 'check')} of Checkov's own",
    )
    return "\n\n".join(each if "\n- " in each or each[0] in "#-" else paragraph(each) for each in filled.split("\n\n"))


def _frameworks(material: Material) -> Iterator[str]:
    for framework in material.controls.frameworks.values():
        yield f"### {framework.name}"
        yield f"{plain(sentence(framework.version))}. [Source]({framework.source})."
        rows = list(_requirements(framework, material))
        yield table(("requirement", "control", "rules: verdict, mutants killed"), rows)
        if any(row[0].endswith(UNCHECKED) for row in rows):
            yield f"{UNCHECKED} Its place in the framework could not be read in a source: not checked."


def _requirements(framework: Framework, material: Material) -> Iterator[tuple[str, str, str]]:
    found = [
        (id_, control) for control in material.controls.controls for id_ in control.frameworks.get(framework.key, ())
    ]
    for id_, control in sorted(found, key=lambda each: (_sortable(each[0]), material.controls.controls.index(each[1]))):
        rules = (material.by_slug[slug] for slug in control.rules)
        yield (
            _requirement(id_, framework.key, control),
            f"[{control.id}](#{anchor(control.id)})",
            "<br>".join(_briefly(rule, material) for rule in rules),
        )


def _briefly(rule: Rule, material: Material) -> str:
    reports = material.reports
    return f"[{rule.slug}]({_to(rule.page)}): {reports.verdict(rule)}, {reports.killed(rule).killed:,}"


def _requirement(id_: str, framework: str, control: Control) -> str:
    mark = f" {UNCHECKED}" if id_ in control.unchecked.get(framework, ()) else ""
    return f"{plain(id_)}{mark}"


def _control(control: Control, material: Material) -> Iterator[str]:
    frameworks = material.controls.frameworks
    yield f"### {control.id}"
    yield paragraph(f"**{plain(control.statement)}**")
    yield paragraph(f"Why: {plain(control.why)}")
    listed = (
        f"- [{frameworks[key].name}](#{anchor(frameworks[key].name)}): "
        + ", ".join(_requirement(id_, key, control) for id_ in ids)
        for key, ids in control.frameworks.items()
    )
    yield "\n".join(listed)
    yield _rules((material.by_slug[slug] for slug in control.rules), material)
    yield paragraph(f"Not covered: {plain(control.not_covered)}")


def _rules(rules: Iterable[Rule], material: Material, controls: bool = False) -> str:
    rows = []
    for rule in rules:
        row = [
            code(rule.id), f"[{rule.slug}]({_to(rule.page)})", rule.engine, f"[cases]({_to(inside('cases', rule))})",
            material.verdict(rule), material.mutants(rule),
        ]  # fmt: skip
        if controls:
            row.insert(
                2, ", ".join(f"[{each.id}](#{anchor(each.id)})" for each in material.controls.of_rule(rule.slug))
            )
        rows.append(row)
    head = (*RULE_HEAD[:2], "control", *RULE_HEAD[2:]) if controls else RULE_HEAD
    return table(head, rows)


def _intents(material: Material) -> Iterator[str]:
    for intent in INTENTS:
        rules = [rule for rule in material.rules if rule.intent == intent]
        yield f"### {intent.capitalize()}"
        yield _rules(rules, material, controls=True)


def _waivers(material: Material) -> Iterator[str]:
    yield prose.WAIVERS
    if material.waivers:
        rows = (
            (code(each.rule), code(each.resource), plain(each.reason), plain(each.owner), str(each.expires))
            for each in material.waivers
        )
        yield table(("rule", "resource", "reason", "owner", "until"), rows)
    else:
        yield "There are none."


def _sortable(id_: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", id_)]


def _to(path: str) -> str:
    return os.path.relpath(path, os.path.dirname(README))
