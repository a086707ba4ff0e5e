"""Reads `rules/controls.yaml`: the controls, their frameworks' requirements, and the rules that enforce them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.catalogue.catalogue import RULES, Rule
from harness.render.source import plain

CONTROLS = RULES / "controls.yaml"
_TOP = ("frameworks", "controls")
_FRAMEWORK = ("name", "version", "source", "titles")
_BY_ID = ("titles", "gaps", "proofs")
_CONTROL = ("id", "statement", "why", "rules", "not_covered")
_OPTIONAL = ("frameworks", "unchecked")


class BadControls(Exception):
    """The catalogue of controls is unreadable, or does not match the rules; one line."""


@dataclass(frozen=True)
class Framework:
    """A framework in one version. By id: `titles`, `gaps` (what the template leaves open) and `proofs`.

    A proof is a section of rules/README.md with more than the rules prove.
    """

    key: str
    name: str
    version: str
    source: str
    titles: Mapping[str, str]
    gaps: Mapping[str, str]
    proofs: Mapping[str, str]


@dataclass(frozen=True)
class Control:
    """A control. `frameworks` has requirement ids by framework; `unchecked` those not verified in the source."""

    id: str
    statement: str
    why: str
    frameworks: Mapping[str, tuple[str, ...]]
    rules: tuple[str, ...]
    not_covered: str
    unchecked: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Controls:
    """The catalogue. `preface` holds the paragraphs of its leading comment."""

    frameworks: Mapping[str, Framework]
    controls: tuple[Control, ...]
    preface: tuple[str, ...]

    def of_rule(self, slug: str) -> list[Control]:
        """The controls that a rule enforces."""
        return [control for control in self.controls if slug in control.rules]

    def said_about(self, title: str) -> str:
        """The preface's paragraph under this title. Raises BadControls if there is none."""
        found = next((each for each in self.preface if each.startswith(title)), None)
        if found is None:
            raise BadControls(f"the leading comment has no paragraph '{title}'")
        return found.removeprefix(title).lstrip(".\n ")


def load(path: Path, rules: Iterable[Rule]) -> Controls:
    """The controls in a file. Raises BadControls if they are invalid or do not match these rules."""
    try:
        text = path.read_text()
        data = plain(text)
    except (OSError, yaml.YAMLError) as error:
        raise BadControls(f"{path}: {' '.join(str(error).split())}") from error
    try:
        controls = _read(data, text)
        _require_fit(controls, list(rules))
    except BadControls as error:
        raise BadControls(f"{path}: {error}") from error
    return controls


def _read(data: Any, text: str) -> Controls:
    _require_fields(data, "the file", _TOP)
    if not isinstance(data["frameworks"], dict) or not isinstance(data["controls"], list):
        raise BadControls("frameworks are a mapping, controls a list")
    frameworks = {}
    for key, body in data["frameworks"].items():
        _require_fields(body, f"framework {key}", _FRAMEWORK, _BY_ID[1:])
        name, version, source = (str(body[field]) for field in _FRAMEWORK[:-1])
        by_id = (_titles(body.get(field, {}), f"{field} of framework {key}") for field in _BY_ID)
        frameworks[str(key)] = Framework(str(key), name, version, source, *by_id)
    return Controls(frameworks, tuple(map(_control, data["controls"])), _preface(text))


def _control(body: Any) -> Control:
    name = f"control {body['id']}" if isinstance(body, dict) and body.get("id") else "a control"
    _require_fields(body, name, _CONTROL, _OPTIONAL)
    statement, why, not_covered = (" ".join(str(body[key]).split()) for key in ("statement", "why", "not_covered"))
    ids = {key: _ids(body.get(key, {}), f"{key} of {name}") for key in ("frameworks", "unchecked")}
    rules = tuple(map(str, _texts(body["rules"], f"rules of {name}")))
    return Control(str(body["id"]), statement, why, ids["frameworks"], rules, not_covered, ids["unchecked"])


def _ids(value: Any, what: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise BadControls(f"{what}: it is a mapping of frameworks to lists of ids")
    return {str(key): _texts(ids, f"{what}, {key}") for key, ids in value.items()}


def _titles(value: Any, what: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(each, str) and each for pair in value.items() for each in pair
    ):
        raise BadControls(f"{what}: it is a mapping of ids to titles, gaps or proofs, all of them texts")
    return {id_: " ".join(title.split()) for id_, title in value.items()}


def _texts(value: Any, what: str) -> tuple[str, ...]:
    # An id such as 7.2 is a number to YAML, and 7.10 would lose its last digit.
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise BadControls(f"{what}: it is a list of texts, and not an empty one")
    twice = [each for each, count in Counter(value).items() if count > 1]
    if twice:
        raise BadControls(f"{what}: {twice[0]} is listed twice")
    return tuple(value)


def _require_fields(body: Any, what: str, fields: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    if not isinstance(body, dict):
        raise BadControls(f"{what}: it is a mapping with {', '.join(fields)}")
    missing = [field for field in fields if not body.get(field)]
    if missing:
        raise BadControls(f"{what}: {missing[0]} is missing")
    unknown = [str(key) for key in body if key not in (*fields, *optional)]
    if unknown:
        raise BadControls(f"{what}: {unknown[0]} is not one of {', '.join((*fields, *optional))}")


def _require_fit(controls: Controls, rules: list[Rule]) -> None:
    for what, names in (
        ("controls are", [control.id for control in controls.controls]),
        ("rules have the id", [rule.id for rule in rules]),
        ("rules are called", [rule.slug for rule in rules]),
    ):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise BadControls(f"two {what} {twice[0]}")
    slugs = {rule.slug for rule in rules}
    for control in controls.controls:
        for slug in control.rules:
            if slug not in slugs:
                raise BadControls(f"control {control.id}: there is no rule {slug}")
        for key in control.frameworks:
            if key not in controls.frameworks:
                raise BadControls(f"control {control.id}: there is no framework {key}")
        for key, ids in control.unchecked.items():
            unlisted = [id_ for id_ in ids if id_ not in control.frameworks.get(key, ())]
            if unlisted:
                raise BadControls(
                    f"control {control.id}: {unlisted[0]} is unchecked, and is not among its ids of {key}"
                )
    enforced = {slug for control in controls.controls for slug in control.rules}
    for rule in rules:
        if rule.slug not in enforced:
            raise BadControls(f"rule {rule.slug} has no control")
    for key, framework in controls.frameworks.items():
        claimed = {id_ for control in controls.controls for id_ in control.frameworks.get(key, ())}
        if not claimed:
            raise BadControls(f"no control has an id of framework {key}")
        if untitled := sorted(claimed - set(framework.titles)):
            raise BadControls(f"framework {key}: {untitled[0]} has no title")
        if unclaimed := sorted(set(framework.titles) - claimed):
            raise BadControls(f"framework {key}: {unclaimed[0]} has a title, and no control has it")
        for what, by_id in (("gap", framework.gaps), ("proof", framework.proofs)):
            if unlisted := sorted(set(by_id) - claimed):
                raise BadControls(f"framework {key}: {unlisted[0]} has a {what}, and no control has it")


def _preface(text: str) -> tuple[str, ...]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return tuple(paragraph.strip() for paragraph in "\n".join(lines).split("\n\n") if paragraph.strip())
