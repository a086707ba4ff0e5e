"""Writes the rules' cases for their engines: Guard's test files, and one template per Checkov policy."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.catalogue.cases import Case, load
from harness.catalogue.catalogue import CHECKOV, GUARD, BadRule, Rule
from harness.render.dumping import as_indented_json

#: The only resource in a policy's cases.
SUBJECT = "Subject"


def write(folder: Path, rules: Iterable[Rule]) -> None:
    """Write the inputs of `cfn-guard test --dir <folder>/guard/<intent>` and `checkov -f`.

    JSON, which YAML is a superset of: functions in the long form, as both engines see them anyway.
    """
    for rule in rules:
        if rule.engine == GUARD:
            there = folder / "guard" / rule.intent
            _file(there / rule.path.name, rule.path.read_text())
            _file(
                there / "tests" / f"{rule.path.stem}_tests.yml", as_indented_json([*map(_of_guard(rule), load(rule))])
            )
        elif rule.engine == CHECKOV:
            resources = {name: case.template["Resources"][SUBJECT] for name, case in subjects(rule).items()}
            _file(folder / "checkov" / f"{rule.path.stem}.json", as_indented_json({"Resources": resources}))


def subjects(rule: Rule) -> dict[str, Case]:
    """The cases of a policy, by their resource's name in Checkov's template, which contains the verdict."""
    found = {}
    for case in load(rule):
        if set(case.template["Resources"]) != {SUBJECT}:
            raise BadRule(f"{rule.case_file}: {case.name}: the one resource of a policy's case is called {SUBJECT}")
        kind = {"PASS": "Good", "FAIL": "Bad"}.get(case.expect)
        if kind is None:
            raise BadRule(f"{rule.case_file}: {case.name}: Checkov says PASS or FAIL of each resource")
        words = re.findall(r"[A-Za-z0-9]+", case.name)
        name = kind + "".join(word[:1].upper() + word[1:] for word in words)
        if name in found:
            raise BadRule(f"{rule.case_file}: {case.name}: another case has the same letters")
        found[name] = case
    return found


def _of_guard(rule: Rule) -> Any:
    def entry(case: Case) -> dict[str, Any]:
        return {"name": case.title, "input": case.template, "expectations": {"rules": {rule.slug: case.expect}}}

    return entry


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
