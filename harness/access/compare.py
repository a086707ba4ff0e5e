"""One scenario: every class of requests, and where two opinions about it differ.

Roles ask about all resources, the others about those that have a policy here, and about their own through this stack's
VPC endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from harness.access.actions import (
    ActionClass,
    Home,
    ResourceClass,
    action_classes,
    exists,
    forms_of,
    may_test,
    resource_classes,
    service_of,
    services,
)
from harness.access.asking import Asking
from harness.access.conditions import Comparison, Context, Place, representatives
from harness.access.globs import Glob, like
from harness.access.globs import action as action_pattern
from harness.access.idle import idle
from harness.access.opinions import Answer, Asked, Covers, Granted, Intended, Opinion, View, Who
from harness.access.principals import Named
from harness.access.refused import Refused
from harness.access.statements import Statement
from harness.access.table import Row

#: More contexts than this are not tried for one class.
MAXIMUM_CONTEXTS = 50_000
#: Only a service that acts for somebody's resource says which one.
_OF_SERVICES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
#: Only principals of an organization have these.
_OF_MEMBERS = ("aws:principalorgid", "aws:principalorgpaths", "aws:userid")
_THROUGH = "aws:sourcevpce"
#: Of what is outside the template: see harness/access/policies.py.
_ANY_ACTION, _ANYTHING = action_pattern("*"), like("*")


@dataclass(frozen=True)
class Difference:
    """Requests that are allowed and not expected to be (`spare`), or expected and not allowed.

    Or those that are never to be allowed, and that nothing allows or denies (`undenied`).

    The witness is the first action on the resource with the context; `because` says why it is allowed or not, and
    `expected` why that is not expected. `place` is the statement that decides; empty if none does.
    """

    spare: bool
    undenied: bool
    who: str
    actions: tuple[str, ...]
    resource: str
    via: str
    context: Context
    because: str
    expected: str
    place: Place

    @property
    def witness(self) -> str:
        """The request, in words."""
        more = f" and {len(self.actions) - 1} more" if len(self.actions) > 1 else ""
        through = f" through {self.via}" if self.via else ""
        given = "; ".join(f"{key}={','.join(values) or '(absent)'}" for key, values in sorted(self.context.items()))
        return f"{self.who}: {self.actions[0]}{more} on {self.resource}{through}{f' with {given}' if given else ''}"


@dataclass(frozen=True)
class _Outcome:
    contexts: int
    different: tuple[tuple[Context, Answer, Answer], ...]
    used: frozenset[Row]


@dataclass
class Compared:
    """A scenario's outcome: classes of requests, differences, and the rows that decided something."""

    classes: int = 0
    differences: list[Difference] = field(default_factory=list)
    used: set[Row] = field(default_factory=set)

    def add(self, other: Compared) -> None:
        """With what another asked."""
        self.classes += other.classes
        self.differences += other.differences
        self.used |= other.used


@dataclass(frozen=True)
class Known:
    """What was compared, by all that decides it. Scenarios share it: most statements are in all of them."""

    #: Somebody's use of a service.
    compared: dict[tuple[object, ...], Compared] = field(default_factory=dict)
    #: What decides about it: statements, the condition keys that they test, and whom they name.
    deciding: dict[tuple[object, ...], tuple[list[Statement], list[str], list[Named]]] = field(default_factory=dict)
    #: One class of requests, whatever the resource is called.
    outcomes: dict[tuple[object, ...], _Outcome] = field(default_factory=dict)

    def with_(self, other: Known) -> Known:
        """Both, as a third."""
        return Known(self.compared | other.compared, self.deciding | other.deciding, self.outcomes | other.outcomes)


@dataclass(frozen=True)
class Comparing:
    """Compares what policies grant with what is expected. Raises Refused for what is unknown.

    With `until_first`, a difference ends it: enough for whoever wants to know whether there is one.
    """

    granted: Granted
    expected: Opinion
    home: Home
    known: Known
    until_first: bool = False

    def compare(self) -> Compared:
        """Ask all there is to ask."""
        found = Compared()
        everything = [*self.granted.statements, *self.expected.statements]
        for each in everything:
            if absent := next((glob for glob in each.actions.globs if not exists(glob)), None):
                raise Refused(each.place, f"{absent.text} is no action that AWS documents")
            if unknown := next((test for test in each.tests if not may_test(each.actions, test.key)), None):
                raise Refused(unknown.place, f"AWS documents {unknown.key} for none of these actions")
        self._refuse_idle()
        asking = Asking(self.granted, self.expected, self.home).all()
        for service in services(everything, self._having_policies()):
            with_policy = list(dict.fromkeys([*self.granted.covers(service), *self.expected.covers(service)]))
            all_covers = frozenset[Glob]().union(*with_policy)
            for label, principal in asking:
                who = Who(label, principal)
                if not self.granted.may_reach(who, service) and not self.expected.may_reach(who, service):
                    # No policy and no row lets it do anything at all.
                    found.classes += 1
                    continue
                # What differs between scenarios is often the policy of one resource.
                for covers in (*with_policy, frozenset[Glob]()):
                    found.add(self._compared(who, service, covers, all_covers))
                    if self._has_enough(found):
                        return found
        return found

    def _compared(self, who: Who, service: str, covers: Covers, all_covers: Covers) -> Compared:
        """What somebody's use of a service comes to, or that of somebody else whom nothing tells apart here."""
        concerned = self.granted.concerned(who, service, covers), self.expected.concerned(who, service, covers)
        about = (service, self.home, covers, covers or all_covers, *concerned)
        if about not in self.known.deciding:
            statements = [each for one in concerned for each in one.statements]
            keys = sorted({key for each in statements for key in each.keys})
            named = [each.principals for each in statements if each.principals]
            self.known.deciding[about] = statements, keys, named
        statements, keys, named = self.known.deciding[about]
        principal = who.principal
        context = principal.context(lambda _: True)
        alike = (
            principal.account, bool(principal.arn), bool(principal.service), principal.arn in self.granted.roles,
            tuple(each.grade(principal) for each in named), tuple(context.get(key) for key in keys),
        )  # fmt: skip
        compared = self.known.compared
        if (about, alike) not in compared:
            compared[about, alike] = self._of(who, service, statements, covers, all_covers)
        # A difference names who asks.
        if compared[about, alike].differences and (about, who) not in compared:
            compared[about, who] = self._of(who, service, statements, covers, all_covers)
        return compared.get((about, who)) or compared[about, alike]

    @cached_property
    def _patterns(self) -> frozenset[Glob]:
        """The patterns of resources in all policies and rows."""
        everything = [*self.granted.statements, *self.expected.statements]
        globs = {glob for each in everything for glob in each.resources.globs}
        return frozenset(globs).union({_ANYTHING}, *(each.covers for each in self.granted.policies.resources))

    def _having_policies(self) -> set[str]:
        """The services of resources and of VPC endpoints that have a policy, whatever actions it names."""
        policies = self.granted.policies
        return {each.service for each in policies.resources} | {each.service for each in policies.endpoints.values()}

    def _refuse_idle(self) -> None:
        # What somebody else's template said is compared as it was.
        for each, covers in self.granted.everywhere if isinstance(self.expected, Intended) else ():
            if said := idle(each, covers, self.home):
                raise Refused(each.place, said)

    def _of(
        self, who: Who, service: str, statements: Sequence[Statement], covers: Covers, all_covers: Covers
    ) -> Compared:
        """Let somebody ask about one service's actions, of which these statements decide.

        The resources are those that `covers` fits or, if there are none, those without a policy.
        """
        found = Compared()
        keys = frozenset(key for each in statements for key in each.keys)
        patterns = frozenset(
            glob for each in statements for glob in each.actions.globs if service_of(glob.text) in ("", service)
        )
        actions = action_classes(service, patterns | {_ANY_ACTION}, keys)
        for action, resources in self._pairs(statements, actions, covers, all_covers):
            asked, covered = Asked(who, action), bool(covers)
            is_reached = self._reaches(asked, covered=covered)
            for each in resources:
                if is_reached:
                    self._ask(asked, each, covered, found)
                else:
                    found.classes += 1
                if self._has_enough(found):
                    return found
        return found

    def _has_enough(self, found: Compared) -> bool:
        return self.until_first and bool(found.differences)

    def _pairs(
        self, everything: Sequence[Statement], actions: Iterable[ActionClass], covers: Covers, all_covers: Covers
    ) -> list[tuple[ActionClass, list[ResourceClass]]]:
        """Classes of actions with the resources to ask about: those that differ in their ARNs' forms alone, once."""
        found: dict[tuple[frozenset[Glob], frozenset[str]], dict[tuple[frozenset[Glob], bool], ResourceClass]] = {}
        names: dict[tuple[frozenset[Glob], frozenset[str]], list[str]] = {}
        on: dict[frozenset[Glob], frozenset[Glob]] = {}
        having = covers or all_covers
        for action in actions:
            if action.fitting not in on:
                concerned = (each for each in everything if each.actions.fit_class(action.fitting))
                globs = {glob for each in concerned for glob in each.resources.globs}
                on[action.fitting] = frozenset(globs | having | {_ANYTHING})
            kind = action.fitting, action.keys
            forms = forms_of(action.forms, covers) if covers else action.forms
            several = [
                each
                for each in resource_classes(forms, on[action.fitting], self._patterns, self.home)
                if each.fitting.isdisjoint(having) != bool(covers)
            ]
            if several:
                names.setdefault(kind, []).extend(action.names)
            for each in several:
                found.setdefault(kind, {}).setdefault((each.fitting, each.owner == self.home.account), each)
        return [
            (ActionClass(tuple(names[kind]), kind[0], (), kind[1]), list(several.values()))
            for kind, several in found.items()
        ]

    def _reaches(self, asked: Asked, *, covered: bool) -> bool:
        return any(each.reaches(asked, covered=covered) for each in (self.granted, self.expected))

    def _ask(self, asked: Asked, resource: ResourceClass, covered: bool, found: Compared) -> None:
        principal = asked.who.principal
        own = not covered and principal.arn not in self.granted.roles
        owner = principal.account if own else resource.owner
        if own and not owner:
            return
        endpoints = self.granted.policies.endpoints.items()
        ways = [name for name, each in endpoints if each.service == asked.action.service]
        for via in ways if own else ["", *ways]:
            self._compare(Asked(asked.who, asked.action, resource, owner, via, own), found)

    def _compare(self, asked: Asked, found: Compared) -> None:
        granted, expected = self.granted.view(asked), self.expected.view(asked)
        if granted is None or expected is None:
            return
        if not granted.decides and not expected.decides:
            found.classes += 1
            return
        # A request that passes no endpoint of this stack may pass one that is elsewhere.
        ways = self.granted.policies.endpoints.values()
        ours = frozenset(each.id for each in ways if each.service == asked.action.service)
        key = (granted, expected, asked.action.keys, asked.owner, asked.via, ours)
        if key not in self.known.outcomes:
            fixed = _fixed(asked, self.granted)
            self.known.outcomes[key] = _outcome(granted, expected, fixed, asked.action, ours)
        outcome = self.known.outcomes[key]
        found.classes += outcome.contexts
        found.used |= outcome.used
        for context, allowed, wanted in outcome.different:
            found.differences.append(
                Difference(
                    allowed.allowed, _is_undenied(allowed, wanted), asked.who.label, asked.action.names,
                    asked.resource.arn, asked.via, context, allowed.because, wanted.because, allowed.place,
                )
            )  # fmt: skip


def _outcome(
    granted: View, expected: View, fixed: dict[str, tuple[str, ...]], action: ActionClass, endpoints: Set[str]
) -> _Outcome:
    tests = [test for each in (*granted.statements, *expected.statements) for test in each.tests]
    free = {test.key for test in tests} - fixed.keys()
    different: dict[tuple[bool, bool], tuple[Context, Answer, Answer]] = {}
    used: set[Row] = set()
    contexts = _contexts(tests, fixed, action, endpoints)
    for context in contexts:
        allowed, wanted = granted.answer(context), expected.answer(context)
        used |= wanted.rows
        if allowed.allowed != wanted.allowed or _is_undenied(allowed, wanted):
            witness = {key: values for key, values in context.items() if key in free}
            different.setdefault((allowed.allowed, _is_undenied(allowed, wanted)), (witness, allowed, wanted))
    return _Outcome(len(contexts), tuple(different.values()), frozenset(used))


def _is_undenied(allowed: Answer, wanted: Answer) -> bool:
    """Whether no statement denies what is never to be, so that one that is added one day may allow it."""
    return wanted.never and not allowed.never and not allowed.allowed


def _fixed(asked: Asked, granted: Granted) -> dict[str, tuple[str, ...]]:
    """The condition keys that follow from who asks for whose resource through what."""
    principal = asked.who.principal
    absent = {*(_OF_MEMBERS if principal.service or not principal.arn else ())}
    absent |= {*(() if principal.service else _OF_SERVICES)}
    found: dict[str, tuple[str, ...]] = dict.fromkeys(absent, ())
    if asked.via:
        found[_THROUGH] = (granted.policies.endpoints[asked.via].id,)
    return found | {"aws:resourceaccount": (asked.owner,)} | principal.context(asked.action.may_have)


def _contexts(
    tests: Sequence[Comparison], fixed: dict[str, tuple[str, ...]], action: ActionClass, endpoints: Set[str]
) -> list[Context]:
    """A context for each way in which requests of a class can pass and fail the tests, through none of `endpoints`."""
    by_key: dict[str, list[Comparison]] = {}
    for each in tests:
        if each.key not in fixed and action.may_have(each.key):
            by_key.setdefault(each.key, []).append(each)
            if free := sorted(key for key in each.variables - fixed.keys() if action.may_have(key)):
                raise Refused(each.place, f"not every value that ${{{free[0]}}} may stand for is tried")
    found: list[Context] = [fixed]
    for key in by_key:
        found = [
            {**each, key: value}
            for each in found
            for value in representatives(key, by_key[key], each)
            if key != _THROUGH or endpoints.isdisjoint(value)
        ]
        if len(found) > MAXIMUM_CONTEXTS:
            raise Refused(by_key[key][0].place, f"more than {MAXIMUM_CONTEXTS:,} combinations of condition keys")
    return found
