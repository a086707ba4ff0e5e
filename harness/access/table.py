"""`rules/access.yaml`: who is meant to touch what, and why. Its first comment explains the form, which is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from harness.access.actions import exists
from harness.access.conditions import read as read_condition
from harness.access.globs import action, like
from harness.access.refused import Refused
from harness.access.statements import Patterns, Statement
from harness.render import sub_variables
from harness.render.dumping import as_key
from harness.render.rendering import Rendering
from harness.render.resources import items

#: Whom rows name, besides roles, services, endpoints and accounts: those of this account that have all rights, and all.
THE_ACCOUNT, ANYBODY = "the account", "anybody"
_KEYS = {"who", "may", "never", "resources", "if", "when", "why", "code", "page"}
_NEEDED = {"who", "resources", "why"}


class BadTable(Exception):
    """The table cannot be read; the message is one line and names the row."""


@dataclass(frozen=True, eq=False)
class Row:
    """One row: its number from 1 (`row`), as it is written."""

    number: int
    stated: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it says what may be done, and not what is never done."""
        return "may" in self.stated

    @property
    def who(self) -> tuple[str, ...]:
        """Whom it is about, as written."""
        return tuple(items(self.stated["who"]))

    @property
    def actions(self) -> tuple[str, ...]:
        """Patterns of actions."""
        return tuple(items(self.stated["may" if self.allows else "never"]))

    @property
    def resources(self) -> tuple[str, ...]:
        """Patterns of resources, before Fn::Sub."""
        return tuple(items(self.stated["resources"]))

    @property
    def when(self) -> tuple[str, ...]:
        """The template's conditions that it depends on, or `not` and one."""
        return tuple(map(str, items(self.stated.get("when", []))))

    @cached_property
    def texts(self) -> list[str]:
        """Everything that is as Fn::Sub takes it."""
        return [*self.who, *self.resources, *_texts(self.stated.get("if", {}))]

    def __str__(self) -> str:
        return f"row {self.number} ({', '.join(self.who)}: {self.stated['why']})"


@dataclass(frozen=True, eq=False)
class Meant:
    """A row in one scenario: whom it names, and what as a statement."""

    row: Row
    who: frozenset[str]
    statement: Statement


@dataclass(frozen=True)
class Table:
    """The rows, in the order of the file."""

    rows: tuple[Row, ...]
    _made: dict[str, Meant] = field(default_factory=dict, repr=False, compare=False)

    def meant(self, rendering: Rendering) -> list[Meant]:
        """What the rows say in one scenario, without those that do not apply there. The same are the same objects."""
        return [found for each in self.rows if (found := self._meant(each, rendering))]

    def _meant(self, row: Row, rendering: Rendering) -> Meant | None:
        place = ("rules/access.yaml", f"row {row.number}")
        for when in row.when:
            condition = when.removeprefix("not ")
            if rendering.conditions[condition] == (condition != when):
                return None
        names = {name.partition(".")[0] for each in row.texts for name in sub_variables.names(each)}
        if any(rendering.lacks(each) for each in names):
            return None
        said = {key: _rendered(row.stated.get(key, []), rendering) for key in ("who", "resources", "if")}
        key = f"{row.number} {as_key(said)}"
        if key not in self._made:
            try:
                tests = read_condition(said["if"] or {}, (*place, "if"), has_variables=True)
                on = Patterns(tuple(like(each) for each in items(said["resources"])))
            except (Refused, ValueError) as error:
                raise BadTable(f"{row}: {error}") from error
            does = Patterns(tuple(map(action, row.actions)))
            statement = Statement(place, row.stated["why"], row.allows, None, does, on, tests)
            self._made[key] = Meant(row, frozenset(items(said["who"])), statement)
        return self._made[key]


def _rendered(value: Any, rendering: Rendering) -> Any:
    if isinstance(value, dict):
        return {key: _rendered(each, rendering) for key, each in value.items()}
    if isinstance(value, list):
        return [_rendered(each, rendering) for each in value]
    return rendering.text(value) if isinstance(value, str) and "${" in value else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def read(path: Path, template: Mapping[str, Any]) -> Table:
    """The table for a template. Raises BadTable for what is not in its form, or names what the template lacks."""
    try:
        stated = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadTable(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(stated, dict) or stated.keys() != {"rows"} or not isinstance(stated["rows"], list):
        raise BadTable(f"{path}: it has rows, and nothing else")
    known = set(template["Resources"]) | set(template.get("Parameters", {}))
    rows = []
    for number, each in enumerate(stated["rows"], 1):
        if fault := _fault(each, known, template):
            raise BadTable(f"{path}, row {number}: {fault}")
        rows.append(Row(number, each))
    return Table(tuple(rows))


def _fault(stated: Any, known: set[str], template: Mapping[str, Any]) -> str:
    if not isinstance(stated, dict):
        return "it is no mapping"
    if strange := sorted(stated.keys() - _KEYS) or sorted(_NEEDED - stated.keys()):
        return f"{strange[0]} is {'no key of a row' if strange[0] in stated else 'missing'}"
    if ("may" in stated) == ("never" in stated) or ("code" in stated) == ("page" in stated):
        return "it has either may or never, and either code or page"
    row = Row(0, stated)
    if not all(isinstance(each, str) for each in (*row.texts, *row.actions, stated["why"])) or not row.actions:
        return "a text is no text"
    if absent := next((each for each in row.actions if not exists(action(each))), None):
        return f"{absent} is no action of AWS's"
    if absent := next((each for each in row.who if not _is_somebody(each, template)), None):
        return f"{absent} is no role, endpoint, service or account"
    for condition in (each.removeprefix("not ") for each in row.when):
        if condition not in template.get("Conditions", {}):
            return f"the template has no condition {condition}"
    names = (name for each in row.texts for name in sub_variables.names(each) if not name.startswith("AWS::"))
    if absent := next((each for each in names if each.partition(".")[0] not in known), None):
        return f"the template has no {absent}"
    return ""


def _is_somebody(who: str, template: Mapping[str, Any]) -> bool:
    if who in (THE_ACCOUNT, ANYBODY) or who.startswith("${") or who.endswith(".amazonaws.com"):
        return True
    kind = template["Resources"].get(who, {}).get("Type")
    return kind in ("AWS::IAM::Role", "AWS::EC2::VPCEndpoint")
