"""Whether IAM policies allow an action: MiniStack's policy engine, called with the context that a service would send.

In this version, `SimulatePrincipalPolicy` ignores context keys (`kms:ViaService`) and resource policies (of KMS keys).
The engine itself supports both, so it is called as a library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator as engine

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """A role and the policies that apply to it."""

    name: str
    arn: str
    trust: Document
    documents: tuple[Document, ...]
    boundary: Document | None = None

    @property
    def account(self) -> str:
        """The role's account id."""
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Request:
    """One action on one resource, with the condition keys that the calling service sets."""

    action: str
    resource: str
    region: str
    context: Mapping[str, str]
    tls: bool = True


def role_may(role: Role, request: Request, resource_policy: Document | None = None, *, required: bool = False) -> bool:
    """Whether a session of `role` may make `request`; `required`: the resource policy must allow it too (KMS keys)."""
    # The role's ARN, not the session's: on AWS, `aws:PrincipalArn` is the role's.
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
    """Whether a resource policy (key policy, trust policy) allows an AWS service to make `request` in its own name."""
    context = _context(service, "", request)
    result = engine.evaluate_resource_policy(resource_policy, context, service=service)
    return bool(result.decision == "Allow")


def patterns_for(role: Role, action: str, resource: str) -> Sequence[str]:
    """The resource patterns in `role`'s policies that allow `action` on `resource` or on something inside it.

    Conditions are ignored: a permission that applies only sometimes counts.
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
