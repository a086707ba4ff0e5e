"""Two opinions about the same requests: what policies grant, and what the table means. Each has a view of a class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from harness.access.actions import NOWHERE, ActionClass, ResourceClass
from harness.access.conditions import Context, Place
from harness.access.evaluate import Sides, judge
from harness.access.globs import Glob
from harness.access.policies import NOTHING, Endpoint, Identity, Policies, ResourcePolicy
from harness.access.principals import Principal
from harness.access.statements import Statement
from harness.access.table import ANYBODY, Meant, Row
from rules.lib.iam import overlap

Statements = tuple[Statement, ...]
#: The patterns that a policy's resources fit.
Covers = frozenset[Glob]


class Who(NamedTuple):
    """Who asks: `label` is for people."""

    label: str
    principal: Principal

    @property
    def names(self) -> tuple[str, str]:
        """As the table names them."""
        return self.label, ANYBODY


class Asked(NamedTuple):
    """A class of requests: who, what, on whose resource, through which endpoint.

    `own`: the resource is the principal's, and not of this stack.
    """

    who: Who
    action: ActionClass
    resource: ResourceClass = NOWHERE
    owner: str = ""
    via: str = ""
    own: bool = False


class Concerned(Protocol):
    """All that an opinion says about somebody's use of a service. What is equal gives equal answers."""

    @property
    def statements(self) -> Iterable[Statement]:
        """In any order."""


class Answer(NamedTuple):
    """Whether a request is allowed, why, the rows of the table that decide, and where the deciding statement is.

    `never`: no request like it may be allowed, whatever another statement grants. A Deny says so.
    """

    allowed: bool
    reasons: tuple[object, ...]
    rows: frozenset[Row] = frozenset()
    place: Place = ()
    never: bool = False

    @property
    def because(self) -> str:
        """The reasons, in words: few are ever read."""
        return "; ".join(map(str, self.reasons))


class View(Protocol):
    """An opinion about one class. Views that are equal give equal answers."""

    @property
    def statements(self) -> Statements:
        """All that it depends on."""

    @property
    def decides(self) -> bool:
        """Whether some context may be allowed, or is never to be."""

    def answer(self, context: Context) -> Answer:
        """For one request of the class."""


class Opinion(Protocol):
    """What policies grant, or what the table means."""

    @property
    def statements(self) -> Sequence[Statement]:
        """All there are."""

    def may_reach(self, who: Who, service: str) -> bool:
        """Whether somebody may use a service at all."""

    def concerned(self, who: Who, service: str, covers: Covers) -> Concerned:
        """All that decides about somebody's use of a service, with what `covers` fits; if none, what has no policy."""

    def covers(self, service: str) -> Sequence[Covers]:
        """Patterns of the resources that have a policy for a service's actions, for each such policy."""

    def reaches(self, asked: Asked, *, covered: bool) -> bool:
        """Whether who asks may do the action to some resource with a policy (`covered`), or without."""

    def view(self, asked: Asked) -> View | None:
        """About a class; None if it has no such VPC endpoint."""


@dataclass(frozen=True)
class _Policies:
    identity: Statements
    boundary: Statements | None
    resources: tuple[ResourcePolicy, ...]
    #: By logical id and id.
    endpoints: tuple[tuple[str, str, Statements], ...]

    @property
    def statements(self) -> Iterable[Statement]:
        yield from (*self.identity, *(self.boundary or ()))
        for policy in self.resources:
            yield from policy.statements
        for *_, statements in self.endpoints:
            yield from statements


@dataclass(frozen=True)
class _Rows:
    #: About who asks, and about VPC endpoints.
    own: tuple[Meant, ...]
    gates: tuple[Meant, ...]

    @property
    def statements(self) -> Iterable[Statement]:
        return (each.statement for each in dict.fromkeys((*self.own, *self.gates)))


class _Granting(NamedTuple):
    sides: Sides
    principal: Principal
    owner: str

    @property
    def statements(self) -> Statements:
        sides = self.sides
        return (*sides.identity, *(sides.boundary or ()), *sides.resource, *(sides.endpoint or ()))

    @property
    def decides(self) -> bool:
        return any(each.allows for each in (*self.sides.identity, *self.sides.resource))

    def answer(self, context: Context) -> Answer:
        decision = judge(self.sides, self.principal, self.owner, context)
        place = decision.statement.place if decision.statement else ()
        return Answer(decision.allowed, (decision,), place=place, never=bool(place) and not decision.allowed)


@dataclass(frozen=True)
class Granted:
    """What a stack's policies grant. A role of `others` that it lacks has no rights."""

    policies: Policies
    roles: Mapping[str, str]
    others: frozenset[str] = frozenset()

    @cached_property
    def statements(self) -> list[Statement]:
        """Of all policies."""
        policies = self.policies
        found = [one for each in policies.identities.values() for one in (each.statements, each.boundary or ())]
        found += [each.statements for each in policies.resources]
        found += [each.statements for each in policies.endpoints.values()]
        return [one for each in found for one in each]

    @property
    def everywhere(self) -> Iterator[tuple[Statement, frozenset[Glob]]]:
        """Every statement, with the resources that its policy is on if it is a resource's."""
        for identity in self.policies.identities.values():
            yield from ((each, frozenset()) for each in (*identity.statements, *(identity.boundary or ())))
        for policy in self.policies.resources:
            yield from ((each, frozenset(policy.covers)) for each in policy.statements)
        for endpoint in self.policies.endpoints.values():
            yield from ((each, frozenset()) for each in endpoint.statements)

    def may_reach(self, who: Who, service: str) -> bool:
        """Whether a policy of its own, or one of a resource, allows somebody anything."""
        # Through an endpoint, others may use resources of their own.
        of_its_own = who.principal.account == self.policies.account or self._of_resources(service)[1]
        mine = self._identity(who.principal).statements if of_its_own else ()
        return _allow_some(mine, service) or bool(self._naming(who.principal, service))

    def concerned(self, who: Who, service: str, covers: Covers) -> _Policies:
        """All that decides about somebody's use of a service, with what `covers` fits; if none, what has no policy."""
        identity = self._identity(who.principal)
        policies, endpoints = self._of_resources(service)
        return _Policies(
            _of(identity.statements, service, covers),
            None if identity.boundary is None else _of(identity.boundary, service, covers),
            tuple(each for each in policies if _overlapping(frozenset(each.covers), covers)),
            tuple((name, each.id, _of(each.statements, service, covers)) for name, each in endpoints),
        )

    def _of_resources(self, service: str) -> tuple[tuple[ResourcePolicy, ...], tuple[tuple[str, Endpoint], ...]]:
        if service not in self._by_service:
            policies = self.policies
            self._by_service[service] = (
                tuple(each for each in policies.resources if each.service == service),
                tuple((name, each) for name, each in policies.endpoints.items() if each.service == service),
            )
        return self._by_service[service]

    @cached_property
    def _by_service(self) -> dict[str, tuple[tuple[ResourcePolicy, ...], tuple[tuple[str, Endpoint], ...]]]:
        return {}

    def covers(self, service: str) -> list[Covers]:
        """Patterns of the resources that have a policy for a service's actions, for each such policy."""
        return [frozenset(each.covers) for each in self._of_resources(service)[0]]

    def reaches(self, asked: Asked, *, covered: bool) -> bool:
        """Whether a policy allows who asks the action on something: across accounts, the resource's has to."""
        principal, service = asked.who.principal, asked.action.service
        mine = self._identity(principal).statements
        if (not covered or principal.account == self.policies.account) and _reach(mine, asked):
            return True
        return covered and _reach(self._naming(principal, service), asked)

    def _naming(self, principal: Principal, service: str) -> list[Statement]:
        """The statements of resources' policies that allow a principal something."""
        if (principal, service) not in self._named:
            self._named[principal, service] = [
                each
                for policy in self.policies.resources
                if policy.service == service
                for each in policy.statements
                if each.allows and each.principals and each.principals.grade(principal)
            ]
        return self._named[principal, service]

    @cached_property
    def _named(self) -> dict[tuple[Principal, str], list[Statement]]:
        return {}

    def _identity(self, principal: Principal) -> Identity:
        return NOTHING if principal.arn in self.others else self.policies.identity(principal)

    def view(self, asked: Asked) -> _Granting | None:
        """The statements that concern a class."""
        if asked.via and asked.via not in self.policies.endpoints:
            return None
        identity = self._identity(asked.who.principal)
        policy = self.policies.resource(asked.resource.arn, asked.owner, asked.action.service)
        sides = Sides(
            _concerned(identity.statements, asked),
            None if identity.boundary is None else _concerned(identity.boundary, asked),
            _concerned(policy.statements, asked),
            policy.decides,
            _concerned(self.policies.endpoints[asked.via].statements, asked) if asked.via else None,
        )
        return _Granting(sides, asked.who.principal, asked.owner)


class _Meaning(NamedTuple):
    rows: tuple[Meant, ...]
    #: What is meant to pass the endpoint; None without one.
    passing: tuple[Meant, ...] | None
    own: bool

    @property
    def statements(self) -> Statements:
        return tuple(each.statement for each in (*self.rows, *(self.passing or ())))

    @property
    def decides(self) -> bool:
        return self.own or bool(self.rows)

    def answer(self, context: Context) -> Answer:
        meaning, never = _holding(self.rows, context)
        is_meant = bool(meaning) or self.own
        deciding = frozenset(meaning + never if is_meant else ())
        if never:
            return Answer(False, (f"{never[0]} says never",), deciding, never=True)
        if not is_meant:
            return Answer(False, ("no row means it",))
        if self.passing is not None:
            passing, stopped = _holding(self.passing, context)
            deciding |= {*passing, *stopped}
            if stopped or not passing:
                return Answer(False, ("no row means it to pass the endpoint",), deciding)
            return Answer(True, (*meaning, *passing), deciding)
        return Answer(True, tuple(meaning), deciding)


def _holding(several: Iterable[Meant], context: Context) -> tuple[list[Row], list[Row]]:
    """The rows that hold: those that allow, and those that never do."""
    holding = [each.row for each in several if each.statement.holds(context)]
    return [each for each in holding if each.allows], [each for each in holding if not each.allows]


@dataclass(frozen=True)
class Intended:
    """What the table means in one scenario."""

    meant: tuple[Meant, ...]
    #: The logical ids of the scenario's VPC endpoints. Rows about them say what may pass.
    gates: frozenset[str] = frozenset()

    def may_reach(self, who: Who, service: str) -> bool:
        """Whether a row is about somebody and the service."""
        return any(each.statement.is_of(service) for name in who.names for each in self._of.get(name, ()))

    def concerned(self, who: Who, service: str, covers: Covers) -> _Rows:
        """The rows about somebody, and about endpoints, that may be about a service and resources."""
        own, gates = self._about(who.names), self._about(tuple(sorted(self.gates)))
        return _Rows(_rows_on(own, service, covers), _rows_on(gates, service, covers))

    def covers(self, service: str) -> list[Covers]:
        """None: rows are no policies."""
        return []

    def reaches(self, asked: Asked, *, covered: bool) -> bool:
        """Whether a row is about who asks and the action."""
        rows = (each for name in asked.who.names for each in self._of.get(name, ()))
        return any(each.statement.actions.fit_class(asked.action.fitting) for each in rows)

    @cached_property
    def statements(self) -> list[Statement]:
        """Of all rows."""
        return [each.statement for each in self.meant]

    @cached_property
    def named(self) -> frozenset[str]:
        """Whom rows name."""
        return frozenset(who for each in self.meant for who in each.who)

    @cached_property
    def _of(self) -> dict[str, list[Meant]]:
        return {who: [each for each in self.meant if who in each.who] for who in self.named}

    def view(self, asked: Asked) -> _Meaning:
        """The rows that concern a class."""
        passing = _meant(self._about((asked.via,)), asked) if asked.via else None
        return _Meaning(_meant(self._about(asked.who.names), asked), passing, asked.own)

    def _about(self, names: tuple[str, ...]) -> tuple[Meant, ...]:
        """The rows about any of these, each once."""
        if names not in self._rows:
            rows = dict.fromkeys(each for name in sorted(names) for each in self._of.get(name, ()))
            self._rows[names] = tuple(rows)
        return self._rows[names]

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], tuple[Meant, ...]]:
        return {}


def _meant(several: tuple[Meant, ...], asked: Asked) -> tuple[Meant, ...]:
    return _rows_of(several, asked.action.fitting, asked.resource.fitting)


def _concerned(several: Statements, asked: Asked) -> Statements:
    return _statements_of(several, asked.action.fitting, asked.resource.fitting)


# Many principals ask the same policies and rows about the same classes. What mutants change is forgotten in time.
@lru_cache(maxsize=100_000)
def _rows_of(several: tuple[Meant, ...], action: frozenset[Glob], resource: frozenset[Glob]) -> tuple[Meant, ...]:
    return tuple(each for each in several if _concerns(each.statement, action, resource))


@lru_cache(maxsize=100_000)
def _statements_of(several: Statements, action: frozenset[Glob], resource: frozenset[Glob]) -> Statements:
    return tuple(each for each in several if _concerns(each, action, resource))


@lru_cache(maxsize=10_000)
def _allow_some(several: Statements, service: str) -> bool:
    return any(each.allows and each.is_of(service) for each in several)


@lru_cache(maxsize=10_000)
def _of(several: Statements, service: str, covers: Covers) -> Statements:
    return tuple(each for each in several if _may_concern(each, service, covers))


@lru_cache(maxsize=10_000)
def _rows_on(several: tuple[Meant, ...], service: str, covers: Covers) -> tuple[Meant, ...]:
    return tuple(each for each in several if _may_concern(each.statement, service, covers))


def _may_concern(statement: Statement, service: str, covers: Covers) -> bool:
    """Whether a statement may be about a service's actions on what `covers` fits; on anything, if none."""
    resources = statement.resources
    return statement.is_of(service) and (
        not covers or resources.excepted or _overlapping(frozenset(resources.globs), covers)
    )


@lru_cache(maxsize=100_000)
def _overlapping(some: frozenset[Glob], others: frozenset[Glob]) -> bool:
    """Whether a resource may fit some pattern of both."""
    return any(overlap(each.text, other.text) for each in some for other in others)


def _reach(several: Iterable[Statement], asked: Asked) -> bool:
    return any(each.allows and each.actions.fit_class(asked.action.fitting) for each in several)


def _concerns(statement: Statement, action: frozenset[Glob], resource: frozenset[Glob]) -> bool:
    return statement.actions.fit_class(action) and statement.resources.fit_class(resource)
