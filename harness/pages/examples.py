"""What a rule refuses and what it accepts, by its own cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.catalogue.cases import Case
from harness.catalogue.catalogue import BadRule, Rule

#: Lines of an example; the rest is in the case file.
LONGEST = 60
#: The columns of an example.
WIDTH = 100


@dataclass(frozen=True)
class Example:
    """A case's name and its YAML, with nothing but what the rule is about."""

    name: str
    text: str


def examples(rule: Rule, cases: Sequence[Case]) -> tuple[Example, Example]:
    """The first case that the rule refuses, and the first that it accepts. Raises BadRule when there is none."""
    first = {case.expect: case for case in reversed(cases)}
    if not {"FAIL", "PASS"} <= set(first):
        raise BadRule(f"{rule.case_file}: no case to show for FAIL or for PASS")
    bad, good = first["FAIL"], first["PASS"]
    texts = _text(bad.template, rule.targets), _text(good.template, rule.targets)
    if texts[0] == texts[1]:
        # What makes the difference is somewhere else in the template.
        texts = _difference(bad.template, good.template), _difference(good.template, bad.template)
    return Example(bad.name, texts[0]), Example(good.name, texts[1])


def _text(template: dict[str, Any], targets: tuple[str, ...]) -> str:
    """The section that a rule is about, or the resources that it judges, or the whole template."""
    sections = {target: template[target] for target in targets if target in template}
    judged = {
        name: body
        for name, body in template["Resources"].items()
        if isinstance(body, dict) and body.get("Type") in targets
    }
    return _dumped(sections or ({"Resources": judged} if judged else template))


def _difference(template: dict[str, Any], other: dict[str, Any]) -> str:
    """What another template does not have in the same way, or the whole template where there is nothing of it."""
    differing = {
        section: {name: body for name, body in entries.items() if (other.get(section) or {}).get(name) != body}
        for section, entries in template.items()
        if isinstance(entries, dict)
    }
    return _dumped(differing if any(differing.values()) else template)


def _dumped(template: dict[str, Any]) -> str:
    text = yaml.dump(
        {name: body for name, body in template.items() if body}, Dumper=_Dumper, sort_keys=False, width=WIDTH
    )
    lines = text.splitlines()
    return "\n".join(lines if len(lines) <= LONGEST else [*lines[: LONGEST - 1], "# ... and more in the case file"])


class _Dumper(yaml.SafeDumper):
    """Writes an anchored value wherever it stands: a name for it would have to be looked up."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
