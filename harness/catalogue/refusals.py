"""Reads `rules/refusals.yaml`: what AWS refuses when a stack is created, and what refuses it before.

The file has a list of entries by service, written as cases are (`harness.catalogue.cases`), with CloudFormation's short
forms. Each entry has a `break`: changes of the template, as `harness.catalogue.patches` reads them, after which AWS
would refuse it.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.catalogue.catalogue import RULES, BadRule, Rule
from harness.catalogue.patches import VERBS
from harness.render.errors import UnreadableTemplate
from harness.render.source import parse

REFUSALS = RULES / "refusals.yaml"
#: How sure it is that AWS refuses it.
CONFIRMED = ("documented", "reported", "unconfirmed")
#: Enforces what depends on order or state: the emulator's overlay, which refuses it at deployment.
OVERLAY = "overlay"
#: An address, or an issue of a public repository.
SOURCE = re.compile(r"https://[\w.-]+/\S*|[\w.-]+/[\w.-]+#[0-9]+")
REPORT = re.compile(r"[\w.-]+/[\w.-]+#[0-9]+")
_LINT_RULE = re.compile(r"[EWI][0-9]{4}")
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_FIELDS = ("id", "call", "refused", "source", "confirmed", "read", "enforced_by", "break")
_OPTIONAL = ("message", "quoted_in")
#: Wraps the file in a template, for the template parser with its short-form functions.
_WRAPPING = "Resources: {X: {Type: X}}\nMetadata:\n"


@dataclass(frozen=True)
class Refusal:
    """What AWS refuses. `message` is AWS's, as `quoted_in` (or the source) has it; empty if unknown."""

    id: str
    service: str
    call: str
    refused: str
    message: str
    quoted_in: str
    source: str
    confirmed: str
    read: str
    enforced_by: str
    changes: Mapping[str, Any]

    @property
    def by_lint(self) -> bool:
        """Whether a rule of cfn-lint enforces it."""
        return bool(_LINT_RULE.fullmatch(self.enforced_by))


def load(path: Path, rules: Iterable[Rule]) -> list[Refusal]:
    """The entries of a file, in its order. Raises BadRule if they are invalid or name a rule that is not there."""
    try:
        wrapped = parse(_WRAPPING + textwrap.indent(path.read_text(), "  "), path)
    except (OSError, UnreadableTemplate) as error:
        raise BadRule(f"{path}: {error}") from error
    services = wrapped.template["Metadata"]
    if not isinstance(services, dict) or not all(isinstance(each, list) for each in services.values()):
        raise BadRule(f"{path}: the file is a mapping of services to lists of entries")
    slugs = {rule.slug for rule in rules}
    found: dict[str, Refusal] = {}
    for service, entries in services.items():
        for body in entries:
            try:
                entry = _entry(body, service, slugs)
            except _BadEntry as error:
                raise BadRule(f"{path}: {error}") from error
            if entry.id in found:
                raise BadRule(f"{path}: two entries are called {entry.id}")
            found[entry.id] = entry
    return list(found.values())


class _BadEntry(Exception):
    """An entry is invalid."""


def _entry(body: Any, service: str, slugs: set[str]) -> Refusal:
    name = f"entry {body['id']}" if isinstance(body, dict) and body.get("id") else f"an entry of {service}"
    if not isinstance(body, dict):
        raise _BadEntry(f"{name}: it is a mapping with {', '.join(_FIELDS)}")
    missing = [field for field in _FIELDS if not body.get(field) and (field, body.get("enforced_by")) != _NO_BREAK]
    if missing:
        raise _BadEntry(f"{name}: {missing[0]} is missing")
    unknown = [field for field in body if field not in (*_FIELDS, *_OPTIONAL)]
    if unknown:
        raise _BadEntry(f"{name}: {unknown[0]} is not one of {', '.join((*_FIELDS, *_OPTIONAL))}")
    changes = body.get("break", {})
    if not isinstance(changes, dict) or not set(changes) <= set(VERBS):
        raise _BadEntry(f"{name}: break has only {', '.join(VERBS)}")
    texts = {field: " ".join(str(body.get(field, "")).split()) for field in (*_FIELDS, *_OPTIONAL)}
    for field, form in (("source", SOURCE), ("quoted_in", REPORT), ("read", _DATE)):
        if texts[field] and not form.fullmatch(texts[field]):
            raise _BadEntry(f"{name}: {field} is not {_FORMS[field]}: {texts[field]}")
    if texts["confirmed"] not in CONFIRMED:
        raise _BadEntry(f"{name}: confirmed is one of {', '.join(CONFIRMED)}: {texts['confirmed']}")
    enforced_by = texts["enforced_by"]
    if enforced_by not in slugs | {OVERLAY} and not _LINT_RULE.fullmatch(enforced_by):
        raise _BadEntry(f"{name}: there is no rule {enforced_by}")
    return Refusal(service=service, changes=changes, **{key: text for key, text in texts.items() if key != "break"})


_FORMS = {
    "source": "an https:// address or an issue, owner/name#number",
    "quoted_in": "an issue, owner/name#number",
    "read": "a date such as 2026-12-02",
}
#: What the overlay refuses may depend on the account, not on the template.
_NO_BREAK = ("break", OVERLAY)
