"""Whether AWS allows one request, by its documented evaluation logic.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html

An organization's own policies (SCP, RCP) and session policies are not the template's, and only take away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from harness.access.actions import FREE, may_have
from harness.access.conditions import Context
from harness.access.policies import Policies
from harness.access.principals import Grade, Principal
from harness.access.statements import Statement


@dataclass(frozen=True)
class Request:
    """One action on one resource of the account `owner`.

    `context` are its condition keys, but for those that follow from the principal; `via` is the logical id of the VPC
    endpoint that it passes.
    """

    principal: Principal
    action: str
    resource: str
    owner: str
    context: Context = field(default_factory=dict)
    via: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed, and the statement that decides; without one nothing allows it, for a reason."""

    allowed: bool
    statement: Statement | None
    because: str

    def __str__(self) -> str:
        by = f" by {self.statement}" if self.statement else ""
        return f"{'allowed' if self.allowed else 'denied'}{by}: {self.because}"


Statements = tuple[Statement, ...]


class Sides(NamedTuple):
    """The statements that concern a request's action, resource and principal; None where there is no such policy."""

    identity: Statements
    boundary: Statements | None
    resource: Statements
    #: The resource's policy must let the principal's account in, whatever the account's own policies say.
    resource_decides: bool
    endpoint: Statements | None


def decide(policies: Policies, request: Request) -> Decision:
    """Decide one request. Raises Refused for what AWS does not document."""
    if request.action.lower() == FREE.lower() and (request.principal.arn or request.principal.service):
        return Decision(True, None, "whoever has credentials may ask whose they are")
    return judge(sides(policies, request), request.principal, request.owner, full_context(policies, request))


def sides(policies: Policies, request: Request) -> Sides:
    """The statements that concern a request."""

    def concerned(several: Iterable[Statement]) -> Statements:
        return tuple(each for each in several if each.concerns(request.action, request.resource))

    identity = policies.identity(request.principal)
    resource = policies.resource(request.resource, request.owner, request.action.lower().partition(":")[0])
    endpoint = policies.endpoints.get(request.via)
    return Sides(
        concerned(identity.statements),
        None if identity.boundary is None else concerned(identity.boundary),
        concerned(resource.statements),
        resource.decides,
        None if endpoint is None else concerned(endpoint.statements),
    )


def full_context(policies: Policies, request: Request) -> Context:
    """A request's condition keys, and those that follow from who asks, of whom, and through what."""
    endpoint = policies.endpoints.get(request.via)
    through = {"aws:sourcevpce": (endpoint.id,) if endpoint else ()}
    owner = {"aws:resourceaccount": (request.owner,)}
    return {**request.context, **through, **owner, **request.principal.context(partial(may_have, request.action))}


def judge(sides: Sides, principal: Principal, owner: str, context: Context) -> Decision:
    """Decide by the statements that concern a request; `context` is all of it."""
    named = [each for each in sides.resource if _grade(each, principal)]
    passing = [each for each in sides.endpoint or () if _grade(each, principal)]
    for each in (*sides.identity, *(sides.boundary or ()), *named, *passing):
        if not each.allows and each.holds(context):
            return Decision(False, each, "an explicit Deny overrides every Allow")
    if sides.endpoint is not None and not _first(passing, context):
        return Decision(False, None, "the VPC endpoint's policy allows it to nobody like this")
    granting = [each for each in named if each.allows and each.holds(context)]
    best = max(granting, key=lambda each: _grade(each, principal), default=None)
    grade = _grade(best, principal) if best else Grade.NOT
    if not principal.arn:
        return Decision(best is not None, best, "only the resource's policy decides, as it has no policies of its own")
    own = _first(sides.identity, context)
    if sides.boundary is not None and not _first(sides.boundary, context):
        if grade is Grade.ITSELF and principal.account == owner:
            return Decision(True, best, "the resource's policy names the very principal, whatever its boundary")
        return Decision(False, None, "the permissions boundary does not allow it")
    if principal.account != owner:
        if best and own:
            return Decision(True, best, "the policies of both accounts allow it")
        lacking = "the principal's own policies do not" if best else "the resource's policy does not"
        return Decision(False, None, f"across accounts both sides must allow it, and {lacking}")
    if grade >= Grade.ROLE:
        return Decision(True, best, "the resource's policy names the principal, in the same account")
    if own and (best or not sides.resource_decides):
        return Decision(True, own, "the principal's own policy allows it, in the same account")
    if own:
        return Decision(False, None, "keys and roles are used by what their own policy lets in, and it does not")
    return Decision(False, None, "no policy allows it")


def _grade(statement: Statement, principal: Principal) -> Grade:
    return statement.principals.grade(principal) if statement.principals else Grade.NOT


def _first(several: Iterable[Statement], context: Context) -> Statement | None:
    return next((each for each in several if each.allows and each.holds(context)), None)
