"""Finitely many requests that stand for all that a question asks, in one scenario.

- `every role`: each role of the stack. `every service`: each service that a policy names, and one that none names.
  `every other account`: each account and principal outside that a policy names, and one that none names.
- `administrator`: somebody in the account with rights of their own to everything. `consumer account`: a role there, and
  a user. `another account`: one that no policy names. `anybody`: without credentials. Or a service, or a role's id.
- A pattern of actions or resources: a text of each class that the policies divide those that fit it into.
- What a request carries besides what is stated: a value of each class of each condition key that a policy asks for.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from harness.access import question_file as form
from harness.access.conditions import Comparison, Context, representatives
from harness.access.evaluate import Decision, Request, Sides, full_context, judge, sides
from harness.access.globs import Element, Glob, action, arn, classes, like, literal
from harness.access.policies import ROLE, Endpoint, Policies
from harness.access.principals import Principal
from harness.access.question_file import Asked, Texts, is_pattern
from harness.access.refused import Refused
from harness.access.statements import Patterns, Statement
from harness.render import sub_variables
from harness.render.resources import Stack
from harness.render.scenarios import Scenario

#: Named in no policy: an account, and a service. Two can have neither of the scenarios' accounts.
_ACCOUNT, _SERVICE = "999999999999", "unnamed.amazonaws.com"
_OF_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:([0-9]{12}):")
_IDENTITY = re.compile(r"arn:[\w-]+:iam::([0-9]{12}):(role|user)/[^*?]+")
_SESSION = re.compile(r"(arn:[\w-]+):sts::([0-9]{12}):assumed-role/([^/]+)/([^*?]+)")
#: More combinations of condition keys than this are not tried.
MAXIMUM_CONTEXTS = 4096
#: What a pattern's wildcards stand for where any text does.
_ANY = str.maketrans({"*": "", "?": "x"})
Globs = tuple[Glob, ...]
Excluded = Sequence[Mapping[str, Texts]]


@dataclass(frozen=True)
class _Acting:
    """The statements that may concern a principal, each with where it may; and those that may allow something here."""

    concerned: list[tuple[Statement, Globs]]
    able: list[tuple[Statement, Globs]]


class Known:
    """What was worked out, for all scenarios: most have the same statements about most requests."""

    def __init__(self) -> None:
        self.classes: dict[tuple[frozenset[Glob], Glob], list[tuple[frozenset[Glob], str]]] = {}
        self.values: dict[tuple[str, frozenset[Comparison]], list[tuple[str, ...]]] = {}
        self.decisions: dict[object, Decision] = {}
        self.covers: dict[object, int] = {}
        self.answers: dict[object, tuple[str, str]] = {}
        #: Whether a statement, with where it may be about, may be about what is asked; and about an action.
        self.about: dict[tuple[Statement, int, Texts, Texts], bool] = {}
        self.fits: dict[tuple[Statement, str], bool] = {}


class Witnesses:
    """The requests of one scenario. Raises Refused for who or what the scenario does not have."""

    def __init__(
        self, scenario: Scenario, policies: Policies, stack: Stack, declared: Container[str], known: Known
    ) -> None:
        """`declared` are the template's resources, whether the scenario creates them or not."""
        self._scenario = scenario
        self.policies = policies
        self._stack = stack
        self._declared = declared
        self._known = known
        self._texts: dict[str, str] = {}
        self._principals: dict[str, list[Principal]] = {}
        self._acting: dict[tuple[Principal, str], _Acting] = {}

    def text(self, written: str) -> str:
        """A text with its variables replaced. Raises Refused if the scenario does not create what it names."""
        if written not in self._texts:
            for name in sub_variables.names(written):
                logical_id = name.partition(".")[0]
                if logical_id in self._declared and logical_id not in self._stack.resources:
                    raise Refused((logical_id,), "the scenario does not create it: say so in when")
            self._texts[written] = self._scenario.rendering.text(written)
        return self._texts[written]

    def requests(self, asked: Asked, but: Excluded = ()) -> Iterator[Request]:
        """What is asked, with the condition keys that are stated."""
        context = {key: tuple(map(self.text, values)) for key, values in asked.context.items()}
        excluded = [
            {key: tuple(map(self.text, texts)) if key != "who" else texts for key, texts in each.items()}
            for each in but
        ]
        for principal in dict.fromkeys(one for each in asked.who for one in self.principals(each)):
            left_out = [each for each in excluded if self._names(each.get("who"), principal)]
            for one in self._actions(asked, principal, left_out):
                of_action = [each for each in left_out if _fit(each.get("action"), one, action)]
                for resource in self._resources(asked, principal, one, of_action):
                    if not _left_out(resource, of_action):
                        found = _OF_ACCOUNT.match(resource)
                        owner = self.text(asked.owner) or (found[1] if found else self.policies.account)
                        yield Request(principal, one, resource, owner, context, asked.via)

    def deciding(self, asked: Asked, but: Excluded) -> tuple[object, ...]:
        """All that decides what is asked: where this is equal, so are the answers."""
        texts = [
            *asked.action,
            *asked.resource,
            asked.owner,
            *(one for values in asked.context.values() for one in values),
        ]
        texts += [one for each in but for key, several in each.items() if key != "who" for one in several]
        whose = [*asked.who, *(one for each in but for one in each.get("who", ()))]
        principals = tuple(one for each in whose for one in self.principals(each))
        endpoint = self._endpoint(asked.via)
        resources = tuple(map(self.text, asked.resource))
        concerned = {
            each: None
            for one in dict.fromkeys(principals)
            for each, where in self._acts(one, asked.via).concerned
            if self._is_about(each, where, asked.action, resources)
        }
        return tuple(map(self.text, texts)), principals, tuple(concerned), self._covers, endpoint

    def _is_about(self, statement: Statement, where: Globs, actions: Texts, resources: Texts) -> bool:
        key = (statement, self._covers, actions, resources)
        if key not in self._known.about:
            asked, on = map(action, actions), list(map(_on, resources))
            self._known.about[key] = any(
                _are_near(each, glob) for each in asked for glob in _reach(statement.actions, action("*"))
            ) and any(_are_near(each, glob) for each in on for glob in where)
        return self._known.about[key]

    @cached_property
    def _covers(self) -> int:
        """A number for the account and what each policy is for, as they are in this scenario."""
        covers = (self.policies.account, *(each.covers for each in self.policies.resources))
        return self._known.covers.setdefault(covers, len(self._known.covers))

    def decide(self, request: Request, *, whatever: bool) -> tuple[Decision, Context]:
        """The decision over TLS and with what is stated; with `whatever` else it carries, one that allows it if any."""
        concerned = sides(self.policies, request)
        usual = {"aws:securetransport": ("true",), **request.context}
        found = self._judged(concerned, request, usual)
        if whatever and not found.allowed and self._may_be_allowed(concerned, request):
            for each in self._contexts(concerned, request):
                if (other := self._judged(concerned, request, each)).allowed:
                    return other, each
        return found, usual

    @staticmethod
    def _may_be_allowed(concerned: Sides, request: Request) -> bool:
        own, of_resource = (any(each.allows for each in some) for some in (concerned.identity, concerned.resource))
        is_inside = request.principal.account == request.owner
        return of_resource or own if is_inside else of_resource and (own or not request.principal.arn)

    def _judged(self, concerned: Sides, request: Request, context: Context) -> Decision:
        key = (concerned, request.principal, request.owner, request.via, tuple(sorted(context.items())))
        if key not in self._known.decisions:
            whole = full_context(self.policies, Request(**{**vars(request), "context": context}))
            self._known.decisions[key] = judge(concerned, request.principal, request.owner, whole)
        return self._known.decisions[key]

    def principals(self, who: str) -> list[Principal]:
        """Whom a question names."""
        if who not in self._principals:
            self._principals[who] = list(self._named(who))
        return self._principals[who]

    def _named(self, who: str) -> Iterator[Principal]:
        account, partition = self.policies.account, self.text("${AWS::Partition}")
        if who == form.EVERY_ROLE:
            yield from map(Principal, self.policies.identities)
        elif who == form.EVERY_SERVICE:
            yield from (Principal(service=each) for each in self._services)
        elif who == form.EVERY_OTHER:
            yield from self._others(partition)
        elif who == form.ADMINISTRATOR:
            arns = [f"arn:{partition}:iam::{account}:user/administrator", *self._arns(partition)]
            others = (each for each in arns if each.split(":")[4] == account)
            yield from (Principal(each) for each in others if each not in self.policies.identities)
        elif who in (form.CONSUMER, form.STRANGER):
            of = self.text("${DataConsumerAccountId}") if who == form.CONSUMER else _ACCOUNT
            if not of:
                raise Refused(("DataConsumerAccountId",), "the scenario has no consumer account")
            yield from (Principal(f"arn:{partition}:iam::{of}:{kind}/somebody") for kind in ("role", "user"))
        elif who == form.ANYBODY:
            yield Principal()
        elif "." in who:
            yield Principal(service=self.text(who))
        elif role := self._stack.of(ROLE).get(who):
            yield Principal(role.arn)
        else:
            raise Refused((who,), "the scenario has no such role")

    def _endpoint(self, via: str) -> Endpoint | None:
        if via and via not in self.policies.endpoints:
            raise Refused((via,), "the scenario has no such VPC endpoint")
        return self.policies.endpoints.get(via)

    @cached_property
    def _all(self) -> list[Statement]:
        policies = self.policies
        own = [(*each.statements, *(each.boundary or ())) for each in policies.identities.values()]
        return [one for several in own for one in several] + self._of_resources

    @cached_property
    def _of_resources(self) -> list[Statement]:
        endpoints = [one for each in self.policies.endpoints.values() for one in each.statements]
        return [one for each in self.policies.resources for one in each.statements] + endpoints

    @cached_property
    def _services(self) -> list[str]:
        found = {one for each in self._all if each.principals for one in each.principals.services}
        return sorted({*found, *self._of_key("aws:principalservicename"), _SERVICE} - {""})

    def _others(self, partition: str) -> Iterator[Principal]:
        named = [each.principals for each in self._all if each.principals]
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
            if identity and identity[1] != self.policies.account:
                yield Principal(each, session)

    def _arns(self, partition: str) -> list[str]:
        """Roles and users of this account and of others, one of each class that `aws:PrincipalArn` tells apart."""
        tests = [one for each in self._all for one in each.tests if one.key == "aws:principalarn"]
        globs = frozenset(
            glob for each in tests if each.kind != "null" for glob in each.values if isinstance(glob, Glob)
        )
        any_account, any_name = (Element(frozenset("0123456789")),) * 12, (Element(), Element(repeats=True))
        found: list[str] = []
        ours = arn(f"arn:{partition}:iam::{self.policies.account}:*")
        for kind in ("role", "user") if globs else ():
            elements = (*literal(f"arn:{partition}:iam::"), *any_account, *literal(f":{kind}/"), *any_name)
            found += [each for _, each in self._classes(globs | {ours}, Glob(f"a {kind}", elements))]
        return found

    def _of_key(self, key: str) -> set[str]:
        tests = [one for each in self._all for one in each.tests if one.key == key]
        return {value for values in self._representatives(key, tests, {}) for value in values} if tests else set()

    def _representatives(self, key: str, tests: Iterable[Comparison], context: Context) -> list[tuple[str, ...]]:
        known = (key, frozenset(tests))
        if known not in self._known.values or any(each.variables for each in tests):
            self._known.values[known] = representatives(key, tuple(tests), context)
        return self._known.values[known]

    def _contexts(self, concerned: Sides, request: Request) -> Iterator[Context]:
        several = (concerned.identity, concerned.boundary or (), concerned.resource, concerned.endpoint or ())
        statements = [one for each in several for one in each]
        given = full_context(self.policies, request)
        values = {}
        for key in sorted({key for each in statements for key in each.keys} - given.keys()):
            tests = [one for each in statements for one in each.tests if one.key == key]
            values[key] = self._representatives(key, tests, given)
        if math.prod(map(len, values.values())) > MAXIMUM_CONTEXTS:
            raise Refused((request.action,), f"more than {MAXIMUM_CONTEXTS:,} combinations of condition keys")
        for chosen in itertools.product(*values.values()):
            yield {**request.context, **dict(zip(values, chosen, strict=True))}

    def _acts(self, principal: Principal, via: str) -> _Acting:
        key = (principal, via)
        if key not in self._acting:
            own, endpoint = self.policies.identity(principal), self._endpoint(via)
            identity = [*own.statements, *(own.boundary or ()), *(endpoint.statements if endpoint else ())]
            inside = [(each, _reach(each.resources, like("*"))) for each in identity]
            there = [
                (each, policy.covers)
                for policy in self.policies.resources
                for each in policy.statements
                if each.principals and each.principals.grade(principal)
            ]
            # Of somebody from outside, own policies are not enough.
            able = [*inside, *there] if principal.account == self.policies.account else there
            self._acting[key] = _Acting([*inside, *there], [each for each in able if each[0].allows])
        return self._acting[key]

    def _actions(self, asked: Asked, principal: Principal, but: Excluded) -> Iterator[str]:
        acting = self._acts(principal, asked.via)
        for text in map(self.text, asked.action):
            if not is_pattern(text):
                yield text
                continue
            globs = {glob for each, _ in acting.concerned for glob in each.actions.globs}
            globs |= {action(one) for each in but for one in each.get("action", ())}
            able = [glob for each, _ in acting.able for glob in _reach(each.actions, action("*"))]
            yield from self._witnesses(action(text), able, globs, lambda one: True)

    def _resources(self, asked: Asked, principal: Principal, act: str, but: Excluded) -> Iterator[str]:
        acting = self._acts(principal, asked.via)
        for text in map(self.text, asked.resource):
            if not is_pattern(text):
                yield text
                continue
            able = {glob for each, where in acting.able if self._is_for(each, act) for glob in where}
            globs = {_on(one) for each in but for one in each.get("resource", ())} | able
            if able:
                globs |= {
                    glob for each, _ in acting.concerned if self._is_for(each, act) for glob in each.resources.globs
                }
            yield from self._witnesses(_on(text), able, globs, lambda one: not _left_out(one, but))

    def _is_for(self, statement: Statement, act: str) -> bool:
        key = (statement, act)
        if key not in self._known.fits:
            self._known.fits[key] = statement.actions.fit(act)
        return self._known.fits[key]

    def _witnesses(
        self, asked: Glob, able: Iterable[Glob], globs: Iterable[Glob], left_in: Callable[[str], bool]
    ) -> list[str]:
        """The texts that are asked for and that a policy may allow, one of each class; if there is none, any text."""
        found: dict[str, None] = {}
        for glob in sorted(set(able), key=lambda each: each.text):
            if not is_pattern(glob.text):
                found |= {glob.text: None} if asked.fits(glob.text) else {}
            elif _are_near(asked, glob):
                near = frozenset(
                    each for each in {*globs, asked, glob} if _are_near(each, asked) and _are_near(each, glob)
                )
                within = max(asked, glob, key=lambda each: len(_beginning(each.text)))
                found |= {each: None for fitting, each in self._classes(near, within) if {asked, glob} <= fitting}
        return [each for each in found if left_in(each)] or [
            each for each in [asked.text.translate(_ANY)] if left_in(each)
        ]

    def _classes(self, globs: frozenset[Glob], within: Glob) -> Iterable[tuple[frozenset[Glob], str]]:
        key = (globs, within)
        if key not in self._known.classes:
            found = classes(sorted(globs, key=lambda each: each.text), within)
            self._known.classes[key] = list(found.items())
        return self._known.classes[key]

    def _names(self, who: Iterable[str] | None, principal: Principal) -> bool:
        return who is None or any(principal in self.principals(each) for each in who)


def _on(text: str) -> Glob:
    """A pattern of resources. In an ARN, a `*` stays inside its part."""
    return arn(text) if text.startswith("arn:") and text.count(":") >= 5 else like(text)


def _reach(patterns: Patterns, everything: Glob) -> Globs:
    """What an Allow may be about: all of it is among these."""
    return (everything,) if patterns.excepted else patterns.globs


@cache
def _beginning(text: str) -> str:
    return re.split(r"[*?]", text, maxsplit=1)[0].lower()


def _are_near(one: Glob, other: Glob) -> bool:
    """Whether some text may fit both: whether it begins alike."""
    left, right = _beginning(one.text), _beginning(other.text)
    return left.startswith(right) or right.startswith(left)


def _left_out(resource: str, but: Excluded) -> bool:
    return any(_fit(each.get("resource"), resource, _on) for each in but)


def _fit(texts: Iterable[str] | None, text: str, make: Callable[[str], Glob]) -> bool:
    return texts is None or any(make(each).fits(text) for each in texts)
