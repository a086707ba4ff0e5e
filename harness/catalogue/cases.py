"""The cases of a rule: small templates, each with the verdict the rule has to come to."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.catalogue.catalogue import CHECKOV, BadRule, Rule
from harness.render.errors import UnreadableTemplate
from harness.render.source import parse

OUTCOMES = ("SKIP", "PASS", "FAIL")
_FIELDS = {"name", "input", "expectations"}
_OPTIONAL = {"parameters"}
#: A case file is a list. The reader of templates, which knows functions in their short form, is given it inside of one.
_WRAPPING = "Resources: {X: {Type: X}}\nMetadata:\n  cases:\n"


@dataclass(frozen=True)
class Case:
    """A template, values of its parameters, and what each rule named has to say: SKIP, PASS or FAIL."""

    name: str
    template: dict[str, Any]
    parameters: Mapping[str, str]
    expected: Mapping[str, str]


def load(rule: Rule) -> list[Case]:
    """The cases of a Guard rule or a check. Raises BadRule for a file that does not hold a list of them."""
    path = rule.case_file
    try:
        wrapped = parse(_WRAPPING + textwrap.indent(path.read_text(), "    "), path)
    except (OSError, UnreadableTemplate) as error:
        raise BadRule(f"{path}: {error}") from error
    entries = wrapped.template["Metadata"]["cases"]
    if not isinstance(entries, list):
        raise BadRule(f"{path}: cases are a list")
    return [_case(entry, path) for entry in entries]


def expected_of_checkov(rule: Rule) -> dict[str, list[str]]:
    """For one of Checkov's policies: the resources of its template that it has to pass, and those it has to refuse."""
    path = rule.expected_file
    assert rule.engine == CHECKOV
    try:
        expected = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BadRule(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(expected, dict) or set(expected) != {"pass", "fail"} or not all(expected.values()):
        raise BadRule(f"{path}: it lists resources under pass and fail, and nothing else")
    return expected


def _case(entry: Any, path: Path) -> Case:
    if not isinstance(entry, dict) or not _FIELDS <= set(entry) <= _FIELDS | _OPTIONAL:
        raise BadRule(f"{path}: a case has {', '.join(sorted(_FIELDS))}, and perhaps parameters")
    rules = entry["expectations"].get("rules") if isinstance(entry["expectations"], dict) else None
    if not isinstance(rules, dict) or not rules or not set(rules.values()) <= set(OUTCOMES):
        raise BadRule(f"{path}: {entry['name']}: expectations are rules, each with one of {', '.join(OUTCOMES)}")
    template = entry["input"] if isinstance(entry["input"], dict) else {}
    values = {name: str(value) for name, value in entry.get("parameters", {}).items()}
    return Case(str(entry["name"]), {"Resources": {}} | template, values, rules)
