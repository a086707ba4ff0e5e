"""Whom a question names, in one scenario.

- `every role`: each role of the stack. `every service`: each service that a policy names, and one that none names.
  `every other account`: each account and principal outside that a policy names, and one that none names.
- `administrator`: somebody in the account with rights of their own to everything. `consumer account`: a role there, and
  a user. `another account`: one that no policy names. `anybody`: without credentials. Or a service, or a role's id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from harness.access import question_file as form
from harness.access.conditions import Comparison, Context, representatives
from harness.access.evaluate import Decision
from harness.access.globs import Element, Glob, arn, classes, literal
from harness.access.policies import ROLE, Policies
from harness.access.principals import Principal
from harness.access.question_file import Texts
from harness.access.refused import Refused
from harness.access.statements import Statement
from harness.render.resources import Stack

#: Named in no policy.
_ACCOUNT, _SERVICE = "999999999999", "unnamed.amazonaws.com"
_IDENTITY = re.compile(r"arn:[\w-]+:iam::([0-9]{12}):(role|user)/[^*?]+")
_SESSION = re.compile(r"(arn:[\w-]+):sts::([0-9]{12}):assumed-role/([^/]+)/([^*?]+)")


class Known:
    """What was worked out, for all scenarios: most have the same statements about most requests."""

    def __init__(self) -> None:
        self.decisions: dict[object, Decision] = {}
        self.covers: dict[object, int] = {}
        self.answers: dict[object, tuple[str, str]] = {}
        #: Whether a statement, with where it may be about, may be about what is asked; and about an action.
        self.about: dict[tuple[Statement, int, Texts, Texts], bool] = {}
        self.fits: dict[tuple[Statement, str], bool] = {}
        self._classes: dict[tuple[frozenset[Glob], Glob], list[tuple[frozenset[Glob], str]]] = {}
        self._values: dict[tuple[str, frozenset[Comparison]], list[tuple[str, ...]]] = {}

    def classes_of(self, globs: frozenset[Glob], within: Glob) -> Iterable[tuple[frozenset[Glob], str]]:
        """The classes that patterns divide texts into, each as the patterns that fit and a text."""
        key = (globs, within)
        if key not in self._classes:
            self._classes[key] = list(classes(sorted(globs, key=lambda each: each.text), within).items())
        return self._classes[key]

    def values_of(self, key: str, tests: Iterable[Comparison], context: Context) -> list[tuple[str, ...]]:
        """A condition key's values, one of each class that the tests tell apart."""
        known = (key, frozenset(tests))
        if known not in self._values or any(each.variables for each in tests):
            self._values[known] = representatives(key, tuple(tests), context)
        return self._values[known]


class Askers:
    """The principals of one scenario. Raises Refused for whom it does not have."""

    def __init__(self, policies: Policies, stack: Stack, text: Callable[[str], str], known: Known) -> None:
        """`text` replaces the variables of a text."""
        self._policies = policies
        self._stack = stack
        self._text = text
        self._known = known
        self._named: dict[str, list[Principal]] = {}

    def named(self, who: str) -> list[Principal]:
        """Whom a text names."""
        if who not in self._named:
            self._named[who] = list(self._find(who))
        return self._named[who]

    def _find(self, who: str) -> Iterator[Principal]:
        account, partition = self._policies.account, self._text("${AWS::Partition}")
        if who == form.EVERY_ROLE:
            yield from map(Principal, self._policies.identities)
        elif who == form.EVERY_SERVICE:
            yield from (Principal(service=each) for each in self._services())
        elif who == form.EVERY_OTHER:
            yield from self._others(partition)
        elif who == form.ADMINISTRATOR:
            arns = [f"arn:{partition}:iam::{account}:user/administrator", *self._arns(partition)]
            others = (each for each in arns if each.split(":")[4] == account)
            yield from (Principal(each) for each in others if each not in self._policies.identities)
        elif who in (form.CONSUMER, form.STRANGER):
            of = self._text("${DataConsumerAccountId}") if who == form.CONSUMER else _ACCOUNT
            if not of:
                raise Refused(("DataConsumerAccountId",), "the scenario has no consumer account")
            yield from (Principal(f"arn:{partition}:iam::{of}:{kind}/somebody") for kind in ("role", "user"))
        elif who == form.ANYBODY:
            yield Principal()
        elif "." in who:
            yield Principal(service=self._text(who))
        elif role := self._stack.of(ROLE).get(who):
            yield Principal(role.arn)
        else:
            raise Refused((who,), "the scenario has no such role")

    @cached_property
    def _statements(self) -> list[Statement]:
        policies = self._policies
        own = [(*each.statements, *(each.boundary or ())) for each in policies.identities.values()]
        others = [each.statements for each in policies.resources]
        return [one for several in (*own, *others) for one in several] + [
            one for each in policies.endpoints.values() for one in each.statements
        ]

    def _services(self) -> list[str]:
        found = {one for each in self._statements if each.principals for one in each.principals.services}
        return sorted({*found, *self._of_key("aws:principalservicename"), _SERVICE} - {""})

    def _others(self, partition: str) -> Iterator[Principal]:
        named = [each.principals for each in self._statements if each.principals]
        arns = {one for each in named for one in each.arns} | {*self._arns(partition)}
        accounts = {one for each in named for one in each.accounts} | self._of_key("aws:principalaccount") | {_ACCOUNT}
        found = {
            f"arn:{partition}:iam::{of}:{kind}/somebody": "session" for of in accounts for kind in ("role", "user")
        }
        for each in sorted(arns):
            part = _SESSION.fullmatch(each)
            found |= {f"{part[1]}:iam::{part[2]}:role/{part[3]}": part[4]} if part else {each: "session"}
        for each, session in sorted(found.items()):
            identity = _IDENTITY.fullmatch(each)
            if identity and identity[1] != self._policies.account:
                yield Principal(each, session)

    def _arns(self, partition: str) -> list[str]:
        """Roles and users of this account and of others, one of each class that `aws:PrincipalArn` tells apart."""
        tests = [one for each in self._statements for one in each.tests if one.key == "aws:principalarn"]
        values = [value for each in tests if each.kind != "null" for value in each.values]
        globs = frozenset(each for each in values if isinstance(each, Glob))
        any_account, any_name = (Element(frozenset("0123456789")),) * 12, (Element(), Element(repeats=True))
        found: list[str] = []
        ours = arn(f"arn:{partition}:iam::{self._policies.account}:*")
        for kind in ("role", "user") if globs else ():
            elements = (*literal(f"arn:{partition}:iam::"), *any_account, *literal(f":{kind}/"), *any_name)
            found += [each for _, each in self._known.classes_of(globs | {ours}, Glob(f"a {kind}", elements))]
        return found

    def _of_key(self, key: str) -> set[str]:
        tests = [one for each in self._statements for one in each.tests if one.key == key]
        return {value for values in self._known.values_of(key, tests, {}) for value in values} if tests else set()
