"""Finitely many requests that stand for all that a question asks, in one scenario.

- Whom it names: `harness.access.askers`.
- A pattern of actions or resources: a text of each class that the policies divide those that fit it into, as far as a
  policy may allow any of it.
- What a request carries besides what is stated: a value of each class of each condition key that a policy asks for.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from harness.access.askers import Askers, Known
from harness.access.conditions import Context
from harness.access.evaluate import Decision, Request, Sides, full_context, judge, sides
from harness.access.globs import Glob, action, arn, like
from harness.access.policies import Endpoint, Policies
from harness.access.principals import Principal
from harness.access.question_file import Asked, Texts, is_pattern
from harness.access.refused import Refused
from harness.access.statements import Patterns, Statement
from harness.render import sub_variables
from harness.render.resources import Stack
from harness.render.scenarios import Scenario

_OF_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:([0-9]{12}):")
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
        self._askers = Askers(policies, stack, self.text, known)
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
        for principal in dict.fromkeys(one for each in asked.who for one in self._askers.named(each)):
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
        texts = [*asked.action, *asked.resource, asked.owner]
        texts += [one for values in asked.context.values() for one in values]
        texts += [one for each in but for key, several in each.items() if key != "who" for one in several]
        whose = [*asked.who, *(one for each in but for one in each.get("who", ()))]
        principals = tuple(one for each in whose for one in self._askers.named(each))
        endpoint = self._endpoint(asked.via)
        resources = tuple(map(self.text, asked.resource))
        concerned = {
            each: None
            for one in dict.fromkeys(principals)
            for each, where in self._acts(one, asked.via).concerned
            if self._is_about(each, where, asked.action, resources)
        }
        bounded = tuple(self.policies.identity(each).boundary is None for each in principals)
        return tuple(map(self.text, texts)), principals, bounded, tuple(concerned), self._covers, endpoint

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

    def _endpoint(self, via: str) -> Endpoint | None:
        if via and via not in self.policies.endpoints:
            raise Refused((via,), "the scenario has no such VPC endpoint")
        return self.policies.endpoints.get(via)

    def _contexts(self, concerned: Sides, request: Request) -> Iterator[Context]:
        several = (concerned.identity, concerned.boundary or (), concerned.resource, concerned.endpoint or ())
        statements = [one for each in several for one in each]
        given = full_context(self.policies, request)
        values = {}
        for key in sorted({key for each in statements for key in each.keys} - given.keys()):
            tests = [one for each in statements for one in each.tests if one.key == key]
            values[key] = self._known.values_of(key, tests, given)
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
                found |= {
                    each: None for fitting, each in self._known.classes_of(near, within) if {asked, glob} <= fitting
                }
        return [each for each in found if left_in(each)] or [
            each for each in [asked.text.translate(_ANY)] if left_in(each)
        ]

    def _names(self, who: Iterable[str] | None, principal: Principal) -> bool:
        return who is None or any(principal in self._askers.named(each) for each in who)


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
