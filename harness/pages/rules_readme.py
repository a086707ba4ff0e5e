"""Writes `rules/README.md`: from a framework's requirement to the control and its rules. Needs no report."""

import os
import re
from collections.abc import Iterator, Sequence

from harness.catalogue.catalogue import Rule
from harness.catalogue.controls import Control, Controls, Framework
from harness.markdown import anchor, code, escaped, paragraph, sections, sentence
from harness.pages import prose
from harness.pages.words import PROOF, README, inside, requirement

#: A requirement or control stands on one line up to this many characters.
LONGEST = 400


def write(rules: Sequence[Rule], controls: Controls) -> str:
    """The whole page."""
    by_slug = {rule.slug: rule for rule in rules}
    said = controls.said_about
    return sections(
        "# Rules",
        prose.WHAT,
        prose.JUDGED,
        prose.ACCESS,
        prose.HOW_TO,
        "## By framework",
        _linked(said("How to read it")),
        _linked(said("Whom they bind")),
        *(part for framework in controls.frameworks.values() for part in _framework(framework, controls)),
        "## Controls",
        prose.CONTROLS,
        *(part for control in controls.controls for part in _control(control, by_slug)),
        "## What is not claimed",
        "Each control says what it does not cover. Not covered at all, on purpose:",
        _linked(said("Not claimed, on purpose")),
    )


def _linked(text: str) -> str:
    """A paragraph or list of the catalogue's comment, with links to the documents it names."""
    lines = ((re.match(r"- |  |", line)[0], line) for line in text.splitlines())  # type: ignore[index]
    linkless = "\n".join(start + escaped(line.removeprefix(start)) for start, line in lines)
    return re.sub(r"docs/[\w./-]+\.md", lambda path: f"[{path[0]}]({_to(path[0])})", linkless)


def _framework(framework: Framework, controls: Controls) -> Iterator[str]:
    yield f"### {framework.name}"
    yield f"{escaped(sentence(framework.version))}. [Source]({framework.source})."
    items = [_requirement(id_, framework, controls) for id_ in sorted(framework.titles, key=_sortable)]
    yield "\n".join(items)
    if any(control.unchecked.get(framework.key) for control in controls.controls):
        yield prose.UNCHECKED


def _requirement(id_: str, framework: Framework, controls: Controls) -> str:
    claiming = [control for control in controls.controls if id_ in control.frameworks.get(framework.key, ())]
    name = requirement(id_, any(id_ in control.unchecked.get(framework.key, ()) for control in claiming))
    links = ", ".join(f"[{control.id}](#{anchor(control.id)})" for control in claiming)
    gap = f". Gap: {escaped(framework.gaps[id_])}" if id_ in framework.gaps else ""
    about = framework.proofs.get(id_)
    proof = f". Proof: [{about}](#{anchor(about)})" if about else ""
    return _line(f"- **{name}** {escaped(framework.titles[id_])}: {links}{gap}{proof}", "  ")


def _control(control: Control, by_slug: dict[str, Rule]) -> Iterator[str]:
    yield f"### {control.id}"
    proof = f"Verdicts and mutants of its rules: [{os.path.basename(PROOF)}]({_to(PROOF)})."
    yield _line(f"**{escaped(control.statement)}** Not covered: {escaped(control.not_covered)} {proof}")
    yield "\n".join(_rule(by_slug[slug]) for slug in control.rules)


def _line(text: str, indent: str = "") -> str:
    return text if len(text) <= LONGEST else paragraph(text, indent)


def _rule(rule: Rule) -> str:
    return f"- {code(rule.id)} [{rule.slug}]({_to(inside('rule', rule))})"


def _sortable(id_: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", id_)]


def _to(path: str) -> str:
    return os.path.relpath(path, os.path.dirname(README))
