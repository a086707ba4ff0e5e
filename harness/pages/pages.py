"""Writes `build/rules/`: an index, and a page per rule with its cases, verdict and mutants."""

import os
from collections.abc import Iterator

from harness.catalogue.cases import Case, load
from harness.catalogue.catalogue import CHECKOV, CHECKS, Rule
from harness.catalogue.clauses import checkov_sentences, clauses, judges_source
from harness.catalogue.controls import Control
from harness.markdown import anchor, code, count, escaped, paragraph, sections, sentence, table
from harness.pages import prose
from harness.pages.examples import Example, examples
from harness.pages.words import README, Material, engine, inside, requirement

FOLDER = "build/rules"
INDEX = f"{FOLDER}/README.md"
OUTCOMES = {"FAIL": "rejected", "PASS": "accepted", "SKIP": "not applicable"}


def page(rule: Rule) -> str:
    """The path of a rule's page, relative to the project."""
    return f"{FOLDER}/{rule.slug}.md"


def write(material: Material) -> dict[str, str]:
    """Every page by its path relative to the project: the index, and one per rule."""
    return {INDEX: _index(material), **{page(rule): _page(rule, material) for rule in material.rules}}


def _index(material: Material) -> str:
    reports, mutants = material.reports, material.reports.mutants
    engines = (f"{each['name']} {each['version']}" for each in reports.verdicts["engines"] if each["name"] != CHECKS)
    filled = prose.INDEX.format(
        scenarios=count(reports.scenarios, "scenario"),
        engines=", ".join(engines),
        total=f"{mutants['total']:,}" + (f" (a sample of {mutants['made']:,})" if reports.sampled else ""),
        killed=f"{mutants['killed']:,}",
        harmless=count(len(mutants["harmless"]), "is", "are"),
        survived=count(len(mutants["survived"]), "survives", "survive"),
        asked=f"{mutants['seen_by_others']['of']:,}",
        neither=f"{mutants['seen_by_others']['neither']:,}",
    )
    if reports.sampled:
        # Others are asked about mutants only where all are judged.
        filled = filled.rpartition("\n\n")[0]
    return sections(
        "# Verdicts and mutants",
        *(each if each.startswith("<!--") else paragraph(each) for each in filled.split("\n\n")),
        *(part for control in material.controls.controls for part in _of_control(control, material)),
    )


def _of_control(control: Control, material: Material) -> Iterator[str]:
    yield f"## {control.id}"
    yield paragraph(escaped(control.statement))
    frameworks = material.controls.frameworks
    listed = (
        f"- {escaped(frameworks[key].name)}: "
        + ", ".join(requirement(id_, id_ in control.unchecked.get(key, ())) for id_ in ids)
        for key, ids in control.frameworks.items()
    )
    yield "\n".join(listed)
    rules = [material.by_slug[slug] for slug in control.rules]
    rows = [
        (code(rule.id), f"[{rule.slug}]({rule.slug}.md)", rule.engine, material.verdict(rule), material.mutants(rule))
        for rule in rules
    ]
    yield table(("id", "rule", "engine", "verdict on the template", "mutants killed / alone"), rows)


def _page(rule: Rule, material: Material) -> str:
    cases = load(rule)
    return sections(
        f"# {rule.slug}",
        "\n".join(paragraph(f"- {line}", "  ") for line in _facts(rule, material)),
        paragraph(f"**Why.** {escaped(rule.why)}"),
        "## Violations",
        escaped(checkov_sentences(rule)[0]) if rule.engine == CHECKOV else "",
        table(("violation", "fix"), ((escaped(each.violation), escaped(each.fix)) for each in clauses(rule))),
        "`…` stands for what the message fills in." if "…" in str(clauses(rule)) else "",
        "## Cases",
        f"[{rule.case_file.name}]({_to(inside('cases', rule))}) has them.",
        *_cases(cases),
        *_examples(rule, cases),
        "## Verdict on the template",
        *_verdict(rule, material),
        "## Mutants",
        *_mutants(rule, material),
    )


def _facts(rule: Rule, material: Material) -> Iterator[str]:
    yield f"Id: `{rule.id}`"
    yield f"Rule: [{inside('rule', rule)}]({_to(inside('rule', rule))}), {engine(rule)}"
    yield f"Intent: {rule.intent}"
    for control in material.controls.of_rule(rule.slug):
        yield f"Control: [{control.id}]({_to(README)}#{anchor(control.id)}). {escaped(control.statement)}"
    yield f"Targets: {', '.join(code(target) for target in rule.targets)}"


def _cases(cases: list[Case]) -> Iterator[str]:
    for outcome, said in OUTCOMES.items():
        names = [case.name for case in cases if case.expect == outcome]
        if names:
            yield f"{outcome}, {said}:"
            yield "\n".join(f"- {escaped(name)}" for name in names)


def _examples(rule: Rule, cases: list[Case]) -> Iterator[str]:
    bad, good = examples(rule, cases)
    yield from _example("Avoid", bad)
    yield from _example("Prefer", good)


def _example(title: str, example: Example) -> Iterator[str]:
    yield f"### {title}"
    yield f'The case "{escaped(example.name)}":'
    yield f"```yaml\n{example.text}\n```"


def _verdict(rule: Rule, material: Material) -> Iterator[str]:
    yield f"{sentence(material.verdict(rule))}."
    found = [
        f"- {code(each['resource'])}, line {each['line']}: {escaped(each['message'])}"
        + (f" Waived: {escaped(each['waived'])}" if each["waived"] else "")
        for each in material.reports.findings(rule)
    ]
    yield "\n".join(found)
    if judges_source(rule):
        yield "It needs no scenario, because its inputs are the same in all of them."


def _mutants(rule: Rule, material: Material) -> Iterator[str]:
    found = material.reports.killed(rule)
    total = int(material.reports.mutants["made"])
    yield f"It kills {found.killed:,} of {count(total, 'mutant')}; {found.alone:,} of them no other rule kills."
    if found.examples:
        yield "For example:"
        yield "\n".join(f"- {code(each)}" for each in found.examples)


def _to(path: str) -> str:
    return os.path.relpath(path, FOLDER)
