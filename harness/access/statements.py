"""Policy documents in a closed form: what is not in it is refused with its place.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from harness.access.conditions import Comparison, Context, Place, read
from harness.access.globs import Glob, action, like
from harness.access.principals import Named, named
from harness.access.refused import Refused
from harness.render.dumping import as_key
from rules.lib import iam

_VERSIONS = ("2012-10-17", "2008-10-17")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")


class Kind(Enum):
    """What a policy is attached to, which decides what its statements contain."""

    IDENTITY = "a policy of an identity"
    RESOURCE = "a policy of a resource"
    TRUST = "a role's trust policy"


@dataclass(frozen=True)
class Patterns:
    """An element such as Action, or NotAction if `excepted`."""

    globs: tuple[Glob, ...]
    excepted: bool = False

    def fit(self, text: str) -> bool:
        """Whether a text is meant."""
        return any(each.fits(text) for each in self.globs) != self.excepted

    def fit_class(self, fitting: frozenset[Glob]) -> bool:
        """Whether the texts that just these patterns fit are meant."""
        return (not fitting.isdisjoint(self.globs)) != self.excepted


#: What every text fits: the resource of a statement that names none.
ANYTHING = Patterns((), excepted=True)


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement, written as `body`. `place` leads to it; `principals` are None in an identity's policy."""

    place: Place
    sid: str
    allows: bool
    principals: Named | None
    actions: Patterns
    resources: Patterns
    tests: tuple[Comparison, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    def concerns(self, asked: str, resource: str) -> bool:
        """Whether it is about an action on a resource."""
        return self.actions.fit(asked) and self.resources.fit(resource)

    def is_of(self, service: str) -> bool:
        """Whether it may be about a service's actions."""
        return self.actions.excepted or not self._services.isdisjoint(("", service))

    @cached_property
    def _services(self) -> frozenset[str]:
        named = (each.text.lower().rpartition(":")[0] for each in self.actions.globs)
        return frozenset(named)

    def holds(self, context: Context) -> bool:
        """Whether a request passes all its tests."""
        return all(each.holds(context) for each in self.tests)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The condition keys that it depends on."""
        return frozenset(each.key for each in self.tests).union(*(each.variables for each in self.tests))

    def __str__(self) -> str:
        return ".".join(map(str, self.place)) + (f" ({self.sid})" if self.sid else "")


_READ: dict[tuple[Place, Kind, str], tuple[Statement, ...]] = {}


def statements(document: Any, place: Place, kind: Kind) -> tuple[Statement, ...]:
    """The statements of a document at a place, whose first step is a logical id. Raises Refused.

    The same statements are the same objects, in whatever scenario.
    """
    key = (place, kind, as_key(document))
    if key not in _READ:
        _READ[key] = _statements(document, place, kind)
    return _READ[key]


def _statements(document: Any, place: Place, kind: Kind) -> tuple[Statement, ...]:
    try:
        bodies = iam.statements(document, place)
    except iam.Unreadable as error:
        raise Refused(error.path, str(error)) from error
    if "{{resolve:" in as_key(document):
        raise Refused(place, "what a dynamic reference stands for is only known when the stack is created")
    if strange := sorted(document.keys() - {"Version", "Id", "Statement"}):
        raise Refused(place, f"a policy document has {strange[0]}")
    version = document.get("Version", _VERSIONS[1])
    if version not in _VERSIONS:
        raise Refused(place, f"the policy's Version is {version}")
    return tuple(_statement(each, kind, version == _VERSIONS[0]) for each in bodies)


def _statement(stated: iam.Statement, kind: Kind, has_variables: bool) -> Statement:
    body, place = stated.body, stated.path
    has = {each for each in ("Principal", "NotPrincipal", "Resource", "NotResource") if each in body}
    principal, resource = has & {"Principal", "NotPrincipal"}, has & {"Resource", "NotResource"}
    if bool(principal) != (kind is not Kind.IDENTITY) or bool(resource) != (kind is not Kind.TRUST):
        raise Refused(place, f"a statement of {kind.value} has {' and '.join(sorted(has)) or 'no resource'}")
    if "NotPrincipal" in body and (stated.allows or kind is Kind.TRUST):
        raise Refused(place, "AWS supports NotPrincipal only to deny, and in no trust policy")
    who = next((named(body[each], (*place, each), excepted=each != "Principal") for each in principal), None)
    what = "NotAction" if "NotAction" in body else "Action"
    for each in stated.items(what):
        if not _ACTION.fullmatch(each):
            raise Refused((*place, what), f"{each} is no action with wildcards in its name alone")
    on = next((_resources(stated, each) for each in resource), ANYTHING)
    actions = Patterns(tuple(map(action, stated.items(what))), what == "NotAction")
    tests = read(body.get("Condition", {}), (*place, "Condition"), has_variables=has_variables)
    return Statement(place, stated.sid, stated.allows, who, actions, on, tests, body)


def _resources(stated: iam.Statement, name: str) -> Patterns:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

    A `*` reaches beyond a colon only at the end of a part of the ARN. Others, and `?`, are refused before the last.
    """
    for each in stated.items(name):
        *parts, _ = each.split(":", 5)
        if each != "*" and (len(parts) < 5 or any(re.search(r"\?|\*(?!$)", part) for part in parts)):
            raise Refused((*stated.path, name), f"{each} is no ARN with wildcards at the end of its parts")
    return Patterns(tuple(map(like, stated.items(name))), name == "NotResource")
