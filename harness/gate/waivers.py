"""`rules/waivers.yaml`: the only way to let a finding through. A waiver that is not needed is a finding itself."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from harness.gate.verdicts import Finding

ENGINE = "waivers"
_FIELDS = ("rule", "resource", "reason", "owner", "expires")


class BadWaivers(Exception):
    """The file of waivers cannot be read; one line."""


@dataclass(frozen=True)
class Waiver:
    """Lets `rule` (an id or a slug) refuse `resource` until `expires`; `line` is where it stands in its file."""

    rule: str
    resource: str
    reason: str
    owner: str
    expires: datetime.date
    line: int


@dataclass(frozen=True)
class Known:
    """What a waiver may be about: the template's resources, and the ids and slugs of all rules there are.

    `complete` says that every engine has judged: only then is a waiver without a finding one that is not needed.
    """

    path: Path
    resources: frozenset[str]
    rules: frozenset[str]
    complete: bool

    def problem(self, waiver: Waiver) -> str:
        """What is wrong with a waiver that nothing matches."""
        if waiver.resource not in self.resources:
            return f"there is no resource {waiver.resource}."
        if not self.complete:
            return ""
        if waiver.rule not in self.rules:
            return f"there is no rule {waiver.rule}, or it refuses nothing."
        return f"{waiver.rule} does not refuse {waiver.resource}: the waiver is not needed."


def load(path: Path) -> list[Waiver]:
    """The waivers in a file. Raises BadWaivers for one that lacks a field, or has one too many."""
    try:
        node = yaml.compose(path.read_text(), Loader=yaml.CSafeLoader)
        entries = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: not UTF-8, or the 31st of February
        raise BadWaivers(f"{path}: {' '.join(str(error).split())}") from error
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise BadWaivers(f"{path}: waivers are a list")
    lines = [each.start_mark.line + 1 for each in node.value] if isinstance(node, yaml.SequenceNode) else []
    return [_waiver(entry, line, path) for entry, line in zip(entries, lines, strict=True)]


def apply(waivers: Iterable[Waiver], findings: Iterable[Finding], known: Known, today: datetime.date) -> list[Finding]:
    """The findings with those waived marked, and what is wrong with the waivers as findings of their own."""
    findings, problems = list(findings), []
    for waiver in waivers:
        matching = [
            each
            for each in findings
            if waiver.rule in (each.rule, each.slug) and waiver.resource == each.resource and not each.waived
        ]
        problem = known.problem(waiver) if not matching else ""
        if matching and waiver.expires < today:
            problem = f"it has expired on {waiver.expires}."
        if problem:
            # Kept apart: no waiver lets another one through.
            problems.append(_problem(waiver, known.path, problem))
            continue
        for each in matching:
            why = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
            findings[findings.index(each)] = replace(each, waived=why)
    return findings + problems


def _waiver(entry: Any, line: int, path: Path) -> Waiver:
    if not isinstance(entry, dict) or set(entry) != set(_FIELDS) or not all(entry.values()):
        raise BadWaivers(f"{path}:{line}: a waiver has {', '.join(_FIELDS)}, each of them and nothing else")
    if type(entry["expires"]) is not datetime.date:  # and not a moment of a day, which is one too
        raise BadWaivers(f"{path}:{line}: expires is a day, such as 2027-06-30")
    text = {key: " ".join(str(entry[key]).split()) for key in _FIELDS[:-1]}
    return Waiver(**text, expires=entry["expires"], line=line)


def _problem(waiver: Waiver, path: Path, message: str) -> Finding:
    fix = f"Remove it from {path.name}, or mend it there (line {waiver.line})."
    rule, message = f"waiver:{waiver.rule}", f"A waiver: {message}"
    return Finding(rule, waiver.rule, ENGINE, waiver.resource, waiver.line, str(path), message, fix, ())
