"""Whether IAM policies allow an action: MiniStack's own policy engine, asked with the context a service would bring.

The engine's front door, `SimulatePrincipalPolicy`, takes neither context keys (`kms:ViaService`) nor resource policies
(a key's) into account in this version. The engine itself does, so it is called here as a library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator as engine

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """A role as the policies see it."""

    name: str
    arn: str
    trust: Document
    documents: tuple[Document, ...]
    boundary: Document | None = None

    @property
    def account(self) -> str:
        """The account it lives in."""
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Request:
    """One action on one resource, with the condition keys the calling service fills."""

    action: str
    resource: str
    region: str
    context: Mapping[str, str]
    tls: bool = True


def role_may(role: Role, request: Request, resource_policy: Document | None = None, *, required: bool = False) -> bool:
    """Whether a session of `role` may make `request`; `required` for a policy that must allow too (a key's)."""
    # The role's ARN, not the session's: that is what `aws:PrincipalArn` holds on AWS.
    context = _context(role.arn, role.account, request)
    limits = [] if role.boundary is None else [[engine.parse_policy_document(role.boundary)]]
    documents = [engine.parse_policy_document(document) for document in role.documents]
    result = engine.evaluate(context, documents, *limits)
    if resource_policy is not None:
        result = engine.combine_resource_policy(
            result, context, resource_policy, role.account, required=required, limits=tuple(limits)
        )
    return bool(result.decision == "Allow")


def service_may(service: str, request: Request, resource_policy: Document | None) -> bool:
    """Whether a resource's own policy (a key's, a role's trust) lets an AWS service make `request` in its own name."""
    context = _context(service, "", request)
    result = engine.evaluate_resource_policy(resource_policy, context, service=service)
    return bool(result.decision == "Allow")


def patterns_for(role: Role, action: str, resource: str) -> Sequence[str]:
    """The resource patterns of `role` that let it do `action` on `resource`, or on something inside it.

    Conditions are not looked at: a right that is sometimes there is a right.
    """
    found = []
    for document in role.documents:
        for statement in engine.parse_policy_document(document):
            if statement.effect == "Allow" and engine._action_matches(action, statement.actions, statement.not_actions):
                found += [pattern for pattern in statement.resources if _covers(pattern, resource)]
    return found


def _covers(pattern: str, resource: str) -> bool:
    inside = f"{resource}/"
    return (
        engine.fnmatch_iam_cs(resource, pattern)
        or pattern.startswith(inside)
        or engine.fnmatch_iam_cs(f"{inside}x", pattern)
    )


def _context(principal: str, account: str, request: Request) -> Any:
    return engine.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=request.action,
        resource_arn=request.resource,
        region=request.region,
        source_ip="127.0.0.1",
        secure_transport=request.tls,
        service_context={name.lower(): value for name, value in request.context.items()},
    )
