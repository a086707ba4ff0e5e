"""Where other engines read a policy in another way than AWS documents: how each of them reads it.

disagreements.yaml says what AWS documents. A disagreement is accepted only if we would answer as the other engine does
once the policies say what it reads, so a kind explains only what follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, TypedDict

import yaml

from harness.access.globs import arn, like
from harness.access.policies import Endpoint, Identity, Policies, ResourcePolicy
from harness.access.refused import Refused
from harness.access.statements import Kind, Statement, statements
from harness.render.resources import items
from tests.second_opinion.questions import Json, Question

Reading = Callable[[Json, Question], Json | None]


class Disagreement(TypedDict):
    """An entry of disagreements.yaml."""

    engine: str
    reads: str
    documented: str
    page: str


DISAGREEMENTS: dict[str, Disagreement] = yaml.safe_load(
    Path(__file__).with_name("disagreements.yaml").read_text(encoding="utf-8")
)
#: A resource that no request is about.
_NOTHING = "arn:aws:none:::none"
#: A policy variable that has no default value.
_VARIABLE = re.compile(r"\$\{([^},]+)\}")


def kinds(engine: str, question: Question, theirs: bool) -> tuple[str, ...] | None:
    """The fewest kinds of disagreement that lead to an engine's answer; None if none do."""
    known = [name for name, each in DISAGREEMENTS.items() if each["engine"] == engine]
    for count in range(1, len(known) + 1):
        for chosen in combinations(known, count):
            try:
                if _as_read(question, chosen).ours is theirs:
                    return chosen
            except Refused:
                continue
    return None


def _as_read(question: Question, names: tuple[str, ...]) -> Question:
    """The question with policies that say what an engine reads."""
    request, policies = question.request, question.policies
    change = partial(_changed, question=question, names=names)
    identity, of_resource = (
        policies.identity(request.principal), policies.resource(request.resource, request.owner, question.service)
    )  # fmt: skip
    boundary = None if identity.boundary is None else change(identity.boundary)
    endpoints = {name: Endpoint(each.id, each.service, each.statements) for name, each in policies.endpoints.items()}
    return Question(
        Policies(
            policies.account,
            {request.principal.arn: Identity(change(identity.statements), boundary)} if request.principal.arn else {},
            (ResourcePolicy((like("*"),), change(of_resource.statements), question.service, of_resource.decides),),
            {name: Endpoint(each.id, each.service, change(each.statements)) for name, each in endpoints.items()},
        ),
        request,
    )


def _changed(several: tuple[Statement, ...], question: Question, names: tuple[str, ...]) -> tuple[Statement, ...]:
    bodies: list[Any] = [each.body for each in several]
    for name in names:
        bodies = [read for each in bodies if (read := READINGS[name](each, question)) is not None]
    return tuple(_statement(each) for each in bodies)


def _statement(body: Json) -> Statement:
    has_principal = not body.keys().isdisjoint(("Principal", "NotPrincipal"))
    has_resource = not body.keys().isdisjoint(("Resource", "NotResource"))
    kind = Kind.IDENTITY if not has_principal else Kind.RESOURCE if has_resource else Kind.TRUST
    (found,) = statements({"Version": "2012-10-17", "Statement": [body]}, ("as read",), kind)
    return found


def _without_not_principal(body: Json, _: Question) -> Json | None:
    return None if "NotPrincipal" in body else body


def _everybody_is_limited(body: Json, question: Question) -> Json | None:
    principal = question.request.principal
    boundary = question.policies.identity(principal).boundary
    everybody = "*" in items(body.get("Principal")) or "*" in items(_aws(body))
    if boundary is None or not everybody or body["Effect"] == "Deny":
        return body
    concerned = (each for each in boundary if each.concerns(question.request.action, question.request.resource))
    return body if any(each.allows and each.holds(question.context) for each in concerned) else None


def _aws(body: Json) -> Any:
    principal = body.get("Principal")
    return principal.get("AWS") if isinstance(principal, dict) else None


def _arns_as_texts(body: Json, _: Question) -> Json:
    """What ArnEquals and ArnLike do is StringLike's, with one pattern for all six parts."""
    tests: Json = {}
    for name, each in body.get("Condition", {}).items():
        text = re.sub("^Arn(Not)?(Equals|Like)", r"String\1Like", name)
        tests[text] = {**tests.get(text, {}), **each}
    return body | ({"Condition": tests} if tests else {})


def _variables_as_texts(body: Json, _: Question) -> Json:
    """`${$}` is a dollar sign that begins no variable."""
    tests = {
        name: {key: [re.sub(r"\$(?={)", "${$}", str(one)) for one in items(values)] for key, values in each.items()}
        for name, each in body.get("Condition", {}).items()
    }
    return body | ({"Condition": tests} if tests else {})


def _fixed_variables_as_texts(body: Json, _: Question) -> Json:
    tests = {
        name: {
            key: [str(one).replace("${*}", "${$}{*}") for one in items(values)] if "Equals" in name else values
            for key, values in each.items()
        }
        for name, each in body.get("Condition", {}).items()
    }
    return body | ({"Condition": tests} if tests else {})


def _no_pass_without_a_value(body: Json, question: Question) -> Json:
    """Adds a test that cannot pass."""
    context = question.context
    compared = (
        (key.lower(), str(one))
        for name, each in body.get("Condition", {}).items()
        if "Not" in name
        for key, values in each.items()
        for one in items(values)
    )
    variables = ((key, each[1].strip().lower()) for key, one in compared for each in _VARIABLE.finditer(one))
    if any(key in context and "aws:" in each and each not in context for key, each in variables):
        return body | {"Condition": {**body["Condition"], "Bool": {"no:such-key": "true"}}}
    return body


def _on(body: Json, fits: Callable[[str], bool]) -> Json:
    """With patterns of resources that do not fit replaced by one that fits nothing."""
    names = {"Resource", "NotResource"} & body.keys()
    return body | {name: [each if fits(each) else _NOTHING for each in items(body[name])] for name in names}


def _no_wildcard_in_types(body: Json, _: Question) -> Json:
    """A resource's type ends at the first slash or colon; buckets have none."""

    def fits(pattern: str) -> bool:
        kind = re.match("[^/:]*[/:]", pattern.split(":", 5)[-1])
        return pattern == "*" or pattern.startswith("arn:aws:s3:::") or not (kind and re.search(r"[*?]", kind[0]))

    return _on(body, fits)


def _no_wildcard_beyond_colons(body: Json, question: Question) -> Json:
    return _on(body, lambda pattern: pattern == "*" or arn(pattern).fits(question.request.resource))


READINGS: dict[str, Reading] = {
    "not-principal": _without_not_principal,
    "boundary-and-everybody": _everybody_is_limited,
    "arns-as-texts": _arns_as_texts,
    "variables": _variables_as_texts,
    "variables-without-value": _no_pass_without_a_value,
    "fixed-variables": _fixed_variables_as_texts,
    "wildcard-in-resource-type": _no_wildcard_in_types,
    "wildcard-beyond-colons": _no_wildcard_beyond_colons,
}
