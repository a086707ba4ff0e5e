"""The page of each rule, `docs/rules/<slug>.md`: why it is there, what it refuses, its cases, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from harness.catalogue.catalogue import CHECKOV, Rule
from harness.catalogue.clauses import checkov_sentences, clauses, judges_source
from harness.markdown import anchor, code, count, paragraph, plain, sections, sentence, table
from harness.pages import rules_readme
from harness.pages.examples import Example, examples
from harness.pages.words import README, Material, engine, inside

OUTCOMES = {"FAIL": "refused", "PASS": "accepted", "SKIP": "not applicable"}


def write(material: Material) -> dict[str, str]:
    """Every page by its path from the root of the project: the README of `rules/`, and one for each rule."""
    pages = {rule.page: _page(rule, material) for rule in material.rules}
    return {README: rules_readme.write(material), **pages}


def _page(rule: Rule, material: Material) -> str:
    return sections(
        f"# {rule.slug}",
        "\n".join(paragraph(f"- {line}", "  ") for line in _facts(rule, material)),
        paragraph(f"**Why.** {plain(rule.why)}"),
        "## What it refuses",
        plain(checkov_sentences(rule)[0]) if rule.engine == CHECKOV else "",
        table(("violation", "fix"), ((plain(each.violation), plain(each.fix)) for each in clauses(rule))),
        "`…` stands for what the message fills in."
        if any("…" in each.violation + each.fix for each in clauses(rule))
        else "",
        "## Cases",
        f"[{rule.case_file.name}]({_to(inside('cases', rule), rule)}) has them.",
        *_cases(rule),
        *_examples(rule),
        "## Verdict on the template",
        *_verdict(rule, material),
        "## Mutants",
        *_mutants(rule, material),
    )


def _facts(rule: Rule, material: Material) -> Iterator[str]:
    intent = rule.intent
    yield f"Id: `{rule.id}`"
    yield f"Rule: [{inside('rule', rule)}]({_to(inside('rule', rule), rule)}), {engine(rule)}"
    yield f"Intent: [{intent}]({_to(README, rule)}#{anchor(intent)})"
    for control in material.controls.of_rule(rule.slug):
        yield f"Control: [{control.id}]({_to(README, rule)}#{anchor(control.id)}). {plain(control.statement)}"
    yield f"Targets: {', '.join(code(target) for target in rule.targets)}"


def _cases(rule: Rule) -> Iterator[str]:
    for outcome, said in OUTCOMES.items():
        if outcome in rule.cases:
            yield f"{outcome}, {said}:"
            yield "\n".join(f"- {plain(name)}" for name in rule.cases[outcome])


def _examples(rule: Rule) -> Iterator[str]:
    bad, good = examples(rule)
    yield from _example("Avoid", bad)
    yield from _example("Prefer", good)


def _example(title: str, example: Example) -> Iterator[str]:
    yield f"### {title}"
    yield f'The case "{plain(example.name)}":'
    yield f"```yaml\n{example.text}\n```"


def _verdict(rule: Rule, material: Material) -> Iterator[str]:
    yield f"{sentence(material.verdict(rule))}."
    found = [
        f"- {code(each['resource'])}, line {each['line']}: {plain(each['message'])}"
        + (f" Waived: {plain(each['waived'])}" if each["waived"] else "")
        for each in material.reports.findings(rule)
    ]
    yield "\n".join(found)
    if judges_source(rule):
        yield "It needs no scenario: what it reads is the same in all of them."


def _mutants(rule: Rule, material: Material) -> Iterator[str]:
    found = material.reports.killed(rule)
    total = int(material.reports.mutants["total"])
    yield f"It refuses {found.killed:,} of {count(total, 'mutant')}; {found.alone:,} of them no other rule refuses."
    if found.examples:
        yield "For example:"
        yield "\n".join(f"- {code(each)}" for each in found.examples)


def _to(path: str, rule: Rule) -> str:
    return os.path.relpath(path, os.path.dirname(rule.page))
