"""`rules/waivers.yaml`: the only way to accept a finding. A waiver that is not needed is itself a finding."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from harness.gate.verdicts import Finding
from harness.render.source import plain

ENGINE = "waivers"
#: What the waived template calls itself in `Metadata.Template`. A copy of it elsewhere has the same findings.
TEMPLATE_NAME = "financial-pipeline"
_FIELDS = ("rule", "resource", "reason", "owner", "expires")


class BadWaivers(Exception):
    """The waiver file is invalid; the message is one line."""


@dataclass(frozen=True)
class Waiver:
    """Accepts what `rule` (an id or a slug) finds in `resource` until `expires`; `line` is its line in the file."""

    rule: str
    resource: str
    reason: str
    owner: str
    expires: datetime.date
    line: int


@dataclass(frozen=True)
class Known:
    """What a waiver may name: the template's resources, and the ids and slugs of all rules.

    `complete`: every engine has run. Only then can a waiver without a finding be called unnecessary.
    """

    path: Path
    resources: frozenset[str]
    rules: frozenset[str]
    complete: bool

    def problem(self, waiver: Waiver) -> str:
        """What is wrong with a waiver that matches no finding."""
        if waiver.resource not in self.resources:
            return f"the template has no resource {waiver.resource}."
        if not self.complete:
            return ""
        if waiver.rule not in self.rules:
            return f"there is no rule {waiver.rule}, or it found nothing."
        return f"{waiver.rule} finds nothing in {waiver.resource}: the waiver is not needed."


def are_for(template: Mapping[str, Any]) -> bool:
    """Whether the waivers are for this template: by its name, not by its place."""
    metadata = template.get("Metadata")
    return isinstance(metadata, Mapping) and metadata.get("Template") == TEMPLATE_NAME


def load(path: Path) -> list[Waiver]:
    """The waivers in a file. Raises BadWaivers where a field is missing or unknown."""
    try:
        node = yaml.compose(path.read_text(), Loader=yaml.CSafeLoader)
        entries = plain(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: not UTF-8, or the 31st of February
        raise BadWaivers(f"{path}: {' '.join(str(error).split())}") from error
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise BadWaivers(f"{path}: must be a list of waivers")
    lines = [each.start_mark.line + 1 for each in node.value] if isinstance(node, yaml.SequenceNode) else []
    return [_waiver(entry, line, path) for entry, line in zip(entries, lines, strict=True)]


def apply(waivers: Iterable[Waiver], findings: Iterable[Finding], known: Known, today: datetime.date) -> list[Finding]:
    """All findings, the waived ones marked, then one finding for each problem with a waiver."""
    findings, problems = list(findings), []
    for waiver in waivers:
        matching = [
            each
            for each in findings
            if waiver.rule in (each.rule, each.slug) and waiver.resource == each.resource and not each.waived
        ]
        problem = known.problem(waiver) if not matching else ""
        if matching and waiver.expires < today:
            problem = f"it expired on {waiver.expires}."
        if problem:
            # Kept apart: a waiver cannot waive a problem of another waiver.
            problems.append(_problem(waiver, known.path, problem))
            continue
        for each in matching:
            why = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
            findings[findings.index(each)] = replace(each, waived=why)
    return findings + problems


def _waiver(entry: Any, line: int, path: Path) -> Waiver:
    if not isinstance(entry, dict) or set(entry) != set(_FIELDS) or not all(entry.values()):
        raise BadWaivers(f"{path}:{line}: a waiver has exactly the fields {', '.join(_FIELDS)}")
    if type(entry["expires"]) is not datetime.date:  # a datetime is a date too
        raise BadWaivers(f"{path}:{line}: expires must be a date such as 2027-06-30")
    text = {key: " ".join(str(entry[key]).split()) for key in _FIELDS[:-1]}
    return Waiver(**text, expires=entry["expires"], line=line)


def _problem(waiver: Waiver, path: Path, message: str) -> Finding:
    fix = f"Correct or remove line {waiver.line} of {path.name}."
    rule, message = f"waiver:{waiver.rule}", f"Invalid waiver: {message}"
    return Finding(rule, waiver.rule, ENGINE, waiver.resource, waiver.line, str(path), message, fix, ())
