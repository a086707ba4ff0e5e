"""MiniStack's policy engine, asked with the same facts as ours.

The engine takes the time, the transport and the like from its own request. So that it uses what a question says, the
keys in policies and contexts get a name that it does not know.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as engine

from tests.second_opinion.questions import Json, Question

_FACT = "fact:"


def opinion(question: Question) -> bool | None:
    """Whether MiniStack allows it; None where it asks no policy, or has no such policy: it knows no VPC endpoints."""
    request, facts, principal = question.request, question.facts, question.request.principal
    if facts.endpoint is not None or request.action in engine._ALWAYS_ALLOWED_ACTIONS:
        return None
    context = engine.EvalContext(
        principal_arn=principal.session_arn or principal.arn or principal.service,
        principal_type="",
        principal_account=principal.account,
        action=request.action,
        resource_arn=request.resource,
        region="",
        service_context={_FACT + key: _value(values) for key, values in question.context.items()},
    )
    of_resource = _renamed(facts.resource)
    if not principal.arn:
        result = engine.evaluate_resource_policy(of_resource, context, service=principal.service or None)
        return bool(result.decision == "Allow")
    limits = [] if facts.boundary is None else [[engine.parse_policy_document(_renamed(facts.boundary))]]
    own = engine.evaluate(context, [engine.parse_policy_document(_renamed(facts.identity))], *limits)
    both = engine.combine_resource_policy(
        own, context, of_resource, request.owner, required=facts.decides, limits=tuple(limits)
    )
    return bool(both.decision == "Allow")


def _value(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _renamed(document: Json | None) -> Json:
    return {"Statement": [_statement(each) for each in (document or {}).get("Statement", [])]}


def _statement(body: dict[str, Any]) -> Json:
    tests = body.get("Condition", {})
    renamed = {name: {_FACT + key.lower(): value for key, value in each.items()} for name, each in tests.items()}
    return {**body, "Condition": renamed}
