"""What a template's roles are granted: each action, resource and alternative of a condition, each by itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from harness.access.policies import ROLE
from harness.access.table import Row
from harness.render.resources import items

_ATTRIBUTE = re.compile(r"\$\{(\w+)(\.\w+)?\}")
_BUCKET = re.compile(r"^arn:(\$\{AWS::Partition\}|[^:]+):s3:::")

#: Where it is said that a grant is needed: by a recorded call, by a page of AWS's, or only by a line of code.
RECORDED, PAGE, CODE = "recorded", "page", "code"
#: Where each source says so.
Evidence = dict[str, str]


class Called(NamedTuple):
    """A line of rules/calls.csv, without its condition keys."""

    role: str
    action: str
    resource: str

    def is_of(self, role: str, action: str, resource: str) -> bool:
        """Whether it is a call of this action on this resource (a text with logical ids)."""
        if (self.role, self.action) != (role, action):
            return False
        # The record has logical ids for names; of a bucket outside the template, only that it is another one.
        name = resource.rpartition(":")[2].removeprefix("database/")
        other = self.resource.startswith("other ") and _BUCKET.match(resource)
        return self.resource in (name, resource) or bool(other)

    @property
    def why(self) -> str:
        """As evidence."""
        return f"rules/calls.csv: {self.action} {self.resource}"


Calls = frozenset[Called]


class Alternative(NamedTuple):
    """One of several values of a condition key: `number` of them, from 0."""

    operator: str
    key: str
    number: int
    value: str


@dataclass(frozen=True)
class Grant:
    """One action on one resource, of one statement of a role (logical ids). With it taken away, all others stay.

    `number`: of the resource in its statement, from 0.
    """

    role: str
    sid: str
    action: str
    resource: str
    number: int
    alternative: Alternative | None = None

    @property
    def right(self) -> str:
        """As a row of the table has it: `s3:PutObject RawDataBucket/market-data/*`."""
        only = f" if {self.alternative.key} is {self.alternative.value}" if self.alternative else ""
        return f"{self.action} {self.resource}{only}"

    def __str__(self) -> str:
        return f"{self.role} {self.sid}: {self.right}"

    def is_called(self, calls: Calls) -> bool:
        """Whether the record has a call of it. Values of condition keys are not recorded."""
        return any(each.is_of(self.role, self.action, self.resource) for each in calls)

    def evidence(self, rows: Iterable[Row], calls: Calls) -> Evidence:
        """What says that it is needed. A line of code says so only if there is nothing better."""
        found: Evidence = {}
        for row in rows:
            if self.is_meant(row):
                source = PAGE if PAGE in row.stated else CODE
                found[source] = row.stated[source]
        if recorded := [each for each in sorted(calls) if self._is_for(each)]:
            found[RECORDED] = recorded[0].why
        if len(found) > 1:
            found.pop(CODE, None)
        return found

    def _is_for(self, called: Called) -> bool:
        if called.is_of(self.role, self.action, self.resource):
            return True
        # A call on a table needs the right on its database and the catalog too, and is recorded as the database's:
        # https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
        return ":glue:" in self.resource and (called.role, called.action) == (self.role, self.action)

    def is_meant(self, row: Row) -> bool:
        """Whether the row means (a part of) it."""
        if not row.allows or self.role not in row.who or self.action not in row.actions:
            return False
        if self.alternative is not None:
            stated = row.stated.get("if", {}).get(self.alternative.operator, {}).get(self.alternative.key, [])
            if self.alternative.value not in map(plain, items(stated)):
                return False
        return any(fnmatchcase(plain(each), self.resource) for each in row.resources)


def read_calls(path: Path) -> Calls:
    """The record of calls."""
    with path.open() as file:
        return frozenset(Called(each["role"], each["action"], each["resource"]) for each in csv.DictReader(file))


def plain(text: str) -> str:
    """A text of Fn::Sub with logical ids for what refers to resources and parameters."""
    return _ATTRIBUTE.sub(r"\1", text)


def grants(template: Mapping[str, Any]) -> Iterator[Grant]:
    """Each grant of each role's own policies, in the template's order, whatever their conditions."""
    names = _names(template["Resources"])
    for role, resource in template["Resources"].items():
        if resource.get("Type") == ROLE:
            for policy in _branches(resource.get("Properties", {}).get("Policies")):
                for statement in _branches(policy.get("PolicyDocument", {}).get("Statement")):
                    if statement.get("Effect") == "Allow":
                        yield from _of(role, statement, names)


def _of(role: str, statement: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    actions = [_text(each) for each in _stated(statement, "Action")]
    resources = [_named(each, names) for each in _stated(statement, "Resource")]
    for action, (number, resource) in product(actions, enumerate(resources)):
        for alternative in _alternatives(statement.get("Condition", {})):
            yield Grant(role, statement.get("Sid", ""), action, resource, number, alternative)


def _stated(statement: Mapping[str, Any], key: str) -> list[Any]:
    """Actions or resources; `all but` those that NotAction or NotResource names."""
    if key in statement:
        return list(_branches(statement[key]))
    return [f"all but {' '.join(map(_text, _branches(statement.get(f'Not{key}'))))}"]


def _alternatives(condition: Mapping[str, Any]) -> list[Alternative | None]:
    """The values of the first key of which one is enough; otherwise there is nothing to take apart."""
    for operator, tests in condition.items():
        for key, values in tests.items():
            if isinstance(values, list) and len(values) > 1 and "Not" not in operator:
                return [Alternative(operator, key, number, _text(each)) for number, each in enumerate(values)]
    return [None]


def _branches(value: Any) -> Iterator[Any]:
    """Each item of a list or a single one, and both branches of Fn::If."""
    for each in items(value):
        if isinstance(each, Mapping) and "Fn::If" in each:
            yield from _branches(each["Fn::If"][1:])
        elif isinstance(each, list):
            yield from _branches(each)
        elif each != {"Ref": "AWS::NoValue"}:
            yield each


def _text(value: Any) -> str:
    """A value with logical ids, as `plain` has it."""
    if isinstance(value, Mapping):
        ((function, argument),) = value.items()
        if function == "Fn::Sub":
            return plain(argument if isinstance(argument, str) else argument[0])
        return str(argument[0] if isinstance(argument, list) else argument).partition(".")[0]
    return str(value)


def _named(value: Any, names: Mapping[str, str]) -> str:
    """A resource as a row of the table has it: a name that the template gives is the logical id."""
    text = _text(value)
    for name, logical in names.items():
        if name in text:
            return _BUCKET.sub("", text.replace(name, logical))
    return text


def _names(resources: Mapping[str, Any]) -> dict[str, str]:
    """The logical ids of buckets and jobs by the text of their names, the longest first."""
    named = {
        _text(resource["Properties"][key]): logical
        for logical, resource in resources.items()
        for key in ("BucketName", "Name")
        if resource.get("Type") in ("AWS::S3::Bucket", "AWS::Glue::Job") and key in resource.get("Properties", {})
    }
    return dict(sorted(named.items(), key=lambda item: -len(item[0])))
