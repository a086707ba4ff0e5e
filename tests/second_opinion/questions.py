"""Random requests against policies, mostly near what some statement says, and the facts that decide them, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from harness.access.actions import ActionClass, Home, ResourceClass, action_classes, resource_classes, services
from harness.access.conditions import Comparison, representatives
from harness.access.evaluate import Request, decide, full_context
from harness.access.globs import action as action_pattern
from harness.access.globs import like
from harness.access.policies import Policies
from harness.access.principals import Principal
from harness.access.refused import Refused
from harness.access.statements import Statement

Json = dict[str, Any]

STRANGER, UNNAMED_SERVICE = "999999999999", "unnamed.amazonaws.com"
#: Which kinds of condition keys a request may have: only services act for another's resource, only members have an
#: organization. (Both are the caller's to say; the engines take any.)
_OF_SERVICES, _OF_MEMBERS = "aws:source", ("aws:principalorg", "aws:userid")
_ANY = frozenset({action_pattern("*")}), frozenset({like("*")})


@dataclass(frozen=True)
class Question:
    """A request, and the policies that decide it."""

    policies: Policies
    request: Request

    @property
    def ours(self) -> bool:
        """Our answer. Raises Refused for what AWS does not document."""
        return decide(self.policies, self.request).allowed

    @property
    def is_documented(self) -> bool:
        """Whether we answer it."""
        try:
            return self.ours in (True, False)
        except Refused:
            return False

    @property
    def context(self) -> dict[str, tuple[str, ...]]:
        """The condition keys that the request has; iam-simulate takes kms:CallerAccount, which none tests, of few."""
        everything = full_context(self.policies, self.request)
        return {key: values for key, values in everything.items() if values and key != "kms:calleraccount"}

    @property
    def service(self) -> str:
        """Of the action."""
        return self.request.action.partition(":")[0]

    @cached_property
    def facts(self) -> Facts:
        """The policies that concern it, as they are written."""
        request = self.request
        identity = self.policies.identity(request.principal)
        of_resource = self.policies.resource(request.resource, request.owner, self.service)
        endpoint = self.policies.endpoints.get(request.via)
        return Facts(
            document(identity.statements) if identity.statements else None,
            None if identity.boundary is None else document(identity.boundary),
            document(of_resource.statements) if of_resource.statements else None,
            of_resource.decides,
            None if endpoint is None else document(endpoint.statements),
        )


@dataclass(frozen=True)
class Facts:
    """Policy documents, None where there is none. `decides`: nothing is allowed without the resource's."""

    identity: Json | None
    boundary: Json | None
    resource: Json | None
    decides: bool
    endpoint: Json | None


def document(statements: Sequence[Statement]) -> Json:
    """Statements as one policy."""
    return {"Version": "2012-10-17", "Statement": [each.body for each in statements]}


class Asking:
    """Draws requests against one set of policies."""

    def __init__(self, policies: Policies, home: Home, random: Random) -> None:
        self._policies, self._home, self._random = policies, home, random
        identities = policies.identities.values()
        resources = [*policies.resources, *policies.endpoints.values()]
        self._statements = [one for each in (*identities, *resources) for one in each.statements]
        self._statements += [one for each in identities for one in each.boundary or ()]
        self._patterns = frozenset(glob for each in self._statements for glob in each.actions.globs) | _ANY[0]
        self._keys = frozenset(key for each in self._statements for key in each.keys)
        self._resources = frozenset(glob for each in self._statements for glob in each.resources.globs) | _ANY[1]
        self._principals = list(self._all_principals())
        self._services = sorted(set(services(self._statements, ())))

    def questions(self, count: int) -> Iterator[Question]:
        """So many that can be asked."""
        while count:
            if question := self._question():
                count -= 1
                yield question

    def _all_principals(self) -> Iterator[Principal]:
        named = [each.principals for each in self._statements if each.principals]
        for arn, identity in self._policies.identities.items():
            yield Principal(arn, bounded=identity.boundary is not None)
        for service in sorted({one for each in named for one in each.services} | {UNNAMED_SERVICE}):
            yield Principal(service=service)
        for arn in sorted({one for each in named for one in each.arns} - self._policies.identities.keys()):
            yield _of_session(arn, self._policies)
        accounts = {one for each in named for one in each.accounts} | {self._home.account, STRANGER}
        for account in sorted(accounts):
            yield from (Principal(f"arn:{self._home.partition}:iam::{account}:{each}/x") for each in ("user", "role"))
        yield Principal()

    def _question(self) -> Question | None:
        principal = self._random.choice(self._principals)
        near = self._near(principal)
        found = self._what(near)
        if found is None:
            return None
        action, resource = found
        owner = resource.owner or self._home.account
        ways = [name for name, each in self._policies.endpoints.items() if each.service == action.service]
        via = self._random.choice([*ways, ""])
        asked = Question(
            self._policies, Request(principal, self._random.choice(action.names), resource.arn, owner, {}, via)
        )
        try:
            return Question(asked.policies, self._with_context(asked, action, near))
        except Refused:
            # A variable has no value, or a key is compared in several ways.
            return None

    def _near(self, principal: Principal) -> Statement | None:
        """A statement to ask about: more often than not one that is about the principal, or none at all."""
        if self._random.random() < 0.1:
            return None
        identity = self._policies.identity(principal)
        about = [*identity.statements, *(identity.boundary or ())] * 2
        about += [each for each in self._statements if _may_name(each, principal)]
        return self._random.choice(about or self._statements)

    def _what(self, near: Statement | None) -> tuple[ActionClass, ResourceClass] | None:
        pattern = self._random.choice(near.actions.globs).text if near and near.actions.globs else "*"
        service = pattern.partition(":")[0].lower() if ":" in pattern else self._random.choice(self._services)
        actions = action_classes(service, self._patterns, self._keys)
        fitting = [each for each in actions if near is None or near.actions.fit_class(each.fitting)]
        if not actions:
            return None
        action = self._random.choice(fitting or actions)
        resources = resource_classes(action.forms, self._resources, self._resources, self._home)
        on = [each for each in resources if near is None or near.resources.fit_class(each.fitting)]
        if not resources:
            return None
        return action, self._random.choice(on if on and self._random.random() < 0.8 else resources)

    def _with_context(self, asked: Question, action: ActionClass, near: Statement | None) -> Request:
        """With a value for each condition key that some statement about it tests, mostly one that passes `near`."""
        request = asked.request
        concerned = [each for each in self._statements if each.concerns(request.action, request.resource)]
        by_key: dict[str, list[Comparison]] = {}
        for test in (test for each in concerned for test in each.tests):
            if action.may_have(test.key) and _may_have(request.principal, test.key):
                by_key.setdefault(test.key, []).append(test)
        context = dict(full_context(asked.policies, request))
        fixed = frozenset(context)
        # Keys that others' variables stand for come first.
        for key in sorted(by_key.keys() - fixed, key=lambda key: any(each.variables for each in by_key[key])):
            values = representatives(key, by_key[key], context)
            mine = [each for each in near.tests if each.key == key] if near else []
            passing = [each for each in values if all(one.holds({**context, key: each}) for one in mine)]
            context[key] = self._random.choice(passing if passing and self._random.random() < 0.8 else values)
        own = {key: values for key, values in context.items() if key not in fixed}
        return Request(request.principal, request.action, request.resource, request.owner, own, request.via)


def _may_name(statement: Statement, principal: Principal) -> bool:
    try:
        return bool(statement.principals and statement.principals.grade(principal))
    except Refused:
        return True


def _may_have(principal: Principal, key: str) -> bool:
    if principal.service:
        return not key.startswith(_OF_MEMBERS)
    return bool(principal.arn or not key.startswith(_OF_MEMBERS)) and not key.startswith(
        ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorg")
    )


def _of_session(arn: str, policies: Policies) -> Principal:
    """Who has an ARN. A session is its role's, whose path is not in the session's ARN."""
    _, _, rest = arn.partition(":assumed-role/")
    name, _, session = rest.partition("/")
    account = arn.split(":")[4]
    known = next((each for each in policies.identities if each.endswith(f"/{name}") and account in each), None)
    role = known or f"arn:{arn.split(':')[1]}:iam::{account}:role/{name}"
    return Principal(role, session) if session else Principal(arn)
