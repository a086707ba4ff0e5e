"""Who asks in one scenario: each role, each service, account and identity that policies or rows tell from others, one
service and one account that none names, those of this account that have all rights of their own, and anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from harness.access.actions import Home
from harness.access.globs import ANY_TEXT, DIGIT, Element, Glob, classes, literal
from harness.access.opinions import Granted, Intended, Opinion
from harness.access.principals import ACCOUNT_KEYS, Principal
from harness.access.refused import Refused
from harness.access.statements import Statement
from harness.access.table import THE_ACCOUNT

#: An account and a service that nobody names.
STRANGER, UNNAMED_SERVICE = "999999999999", "unnamed.amazonaws.com"
_ACCOUNT = (DIGIT,) * 12


@dataclass(frozen=True)
class Asking:
    """Finds who asks. Raises Refused for a condition on who asks that nobody of them passes."""

    granted: Granted
    expected: Opinion
    home: Home

    def all(self) -> list[tuple[str, Principal]]:
        """Who asks, as the report calls it, and as AWS knows it."""
        found = [(name, Principal(role, bounded=self._bounded(role))) for role, name in self.granted.roles.items()]
        found += [(each, Principal(service=each)) for each in sorted(self._services())]
        found += [(self._label(each.account), each) for each in self._identities()]
        # Whatever else it may do, here is what the resource's policy alone lets it do.
        own = [each for each in self._named if each.split(":")[4] == self.home.account]
        found += [(each, Principal(each, powerless=True)) for each in own]
        found.append(("anybody without credentials", Principal()))
        self._refuse_unasked([each for _, each in found])
        return found

    @cached_property
    def _statements(self) -> list[Statement]:
        return [*self.granted.statements, *self.expected.statements]

    @cached_property
    def _rows(self) -> frozenset[str]:
        return self.expected.named if isinstance(self.expected, Intended) else frozenset()

    def _bounded(self, role: str) -> bool:
        identity = self.granted.policies.identities.get(role)
        return identity is not None and identity.boundary is not None

    def _label(self, account: str) -> str:
        return THE_ACCOUNT if account == self.home.account else account

    def _services(self) -> set[str]:
        named = {one for each in self._statements if each.principals for one in each.principals.services}
        named |= {each for each in self._rows if each.endswith(".amazonaws.com")}
        globs = self._tested("aws:principalservicename")
        tested = classes(globs, Glob("a service", ANY_TEXT)) if globs else {}
        return {*named, UNNAMED_SERVICE, *(name for fitting, name in tested.items() if fitting)}

    def _identities(self) -> Iterator[Principal]:
        named = [each.principals for each in self._statements if each.principals]
        accounts = {account for each in named for account in each.accounts}
        accounts |= {each for each in self._rows if each.isdigit()} | {self.home.account, STRANGER}
        for account in sorted(accounts):
            yield from (Principal(each) for each in self._arns(account) if each not in self.granted.roles)
        for each in self._elsewhere():
            if each.split(":")[4] not in accounts:
                yield Principal(each)
        for one in self._named:
            account = one.split(":")[4]
            # A session is its role's, whose path is not in the session's ARN.
            role, _, session = one.partition(":assumed-role/")[2].partition("/")
            its = f"arn:{self.home.partition}:iam::{account}:role/{role}"
            yield Principal(its, session) if role else Principal(one)

    @cached_property
    def _named(self) -> list[str]:
        """The ARNs that statements name, but for those of this stack's roles."""
        named = {one for each in self._statements if each.principals for one in each.principals.arns}
        return sorted(named - self.granted.roles.keys())

    def _tested(self, key: str) -> list[Glob]:
        """What policies and rows compare a condition key with."""
        tests = [test for each in self._statements for test in each.tests if test.key == key and test.kind == "text"]
        return [value for test in tests for value in test.values if isinstance(value, Glob)]

    @cached_property
    def _patterns(self) -> list[Glob]:
        """What conditions on who asks say about the ARN of a user or a role."""
        before = literal(f"arn:{self.home.partition}:iam::")
        found = self._tested("aws:principalarn")
        for each in (one for key in ACCOUNT_KEYS for one in self._tested(key)):
            account = (replace(one, but=one.but | {":"}) if one.only is None else one for one in each.elements)
            found.append(Glob(each.text, (*before, *account, *literal(":"), *ANY_TEXT)))
        for each in self._tested("aws:username"):
            found.append(Glob(each.text, (*before, *_ACCOUNT, *literal(":user/"), *each.elements)))
        return found

    def _form(self, account: Iterable[Element], kind: str) -> Glob:
        before = literal(f"arn:{self.home.partition}:iam::")
        return Glob(f"a {kind}", (*before, *account, *literal(f":{kind}/"), *ANY_TEXT))

    def _arns(self, account: str) -> Iterator[str]:
        """ARNs of an account's users and roles, one for each way in which policies tell them apart."""
        for kind in ("user", "role"):
            found = classes(self._patterns, self._form(literal(account), kind)) if self._patterns else {}
            # Without any such test, a readable name.
            readable = f"arn:{self.home.partition}:iam::{account}:{kind}/somebody"
            yield from found.values() if len(found) > 1 else [readable]

    def _elsewhere(self) -> Iterator[str]:
        """Users and roles of any account, for each way in which a pattern fits them."""
        for kind in ("user", "role") if self._patterns else ():
            found = classes(self._patterns, self._form(_ACCOUNT, kind))
            yield from (each for fitting, each in found.items() if fitting)

    def _refuse_unasked(self, principals: Iterable[Principal]) -> None:
        had = {"aws:resourceaccount": {self.home.account}}
        for each in principals:
            for key, values in each.context(lambda _: True).items():
                had.setdefault(key, set()).update(values)
        for test in (test for each in self._statements for test in each.tests if test.kind == "text"):
            for value in test.values if test.key in had else ():
                if isinstance(value, Glob) and not any(value.fits(each) for each in had[test.key]):
                    raise Refused(test.place, f"nobody is asked about whose {test.key} is {value.text}")
