"""Examples of what a rule rejects and accepts, from its cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.catalogue.cases import Case
from harness.catalogue.catalogue import BadRule, Rule

#: Maximum lines of an example; the rest is in the case file.
LONGEST = 60
#: Maximum columns of an example.
WIDTH = 100


@dataclass(frozen=True)
class Example:
    """A case's name and the relevant part of its YAML."""

    name: str
    text: str


def examples(rule: Rule, cases: Sequence[Case]) -> tuple[Example, Example]:
    """The first rejected and the first accepted case. Raises BadRule if there is none."""
    first = {case.expect: case for case in reversed(cases)}
    if not {"FAIL", "PASS"} <= set(first):
        raise BadRule(f"{rule.case_file}: no case to show for FAIL or for PASS")
    bad, good = first["FAIL"], first["PASS"]
    texts = _text(bad.template, rule.targets), _text(good.template, rule.targets)
    if texts[0] == texts[1]:
        # The difference is elsewhere in the template.
        texts = _difference(bad.template, good.template), _difference(good.template, bad.template)
    return Example(bad.name, texts[0]), Example(good.name, texts[1])


def _text(template: dict[str, Any], targets: tuple[str, ...]) -> str:
    """The rule's section, or its target resources, or the whole template."""
    sections = {target: template[target] for target in targets if target in template}
    named = template["Resources"].items()
    judged = {name: body for name, body in named if isinstance(body, dict) and body.get("Type") in targets}
    return _dumped(sections or ({"Resources": judged} if judged else template))


def _difference(template: dict[str, Any], other: dict[str, Any]) -> str:
    """The parts that differ from another template, or the whole template if none do."""
    differing = {
        section: {name: body for name, body in entries.items() if (other.get(section) or {}).get(name) != body}
        for section, entries in template.items()
        if isinstance(entries, dict)
    }
    return _dumped(differing if any(differing.values()) else template)


def _dumped(template: dict[str, Any]) -> str:
    written = {name: body for name, body in template.items() if body}
    lines = yaml.dump(written, Dumper=_Dumper, sort_keys=False, width=WIDTH).splitlines()
    return "\n".join(lines if len(lines) <= LONGEST else [*lines[: LONGEST - 1], "# ... and more in the case file"])


class _Dumper(yaml.SafeDumper):
    """Writes repeated values in full, without YAML anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
