"""One more statement in each policy: a Deny or an Allow of every form; and one more permission of each function."""

import itertools
from collections.abc import Iterator
from typing import Any

from harness.mutants.operators.registry import Edit, Template
from harness.mutants.policies.stated import (
    ROOT,
    STRANGER,
    Stated,
    another_action,
    firsts,
    is_endpoints,
    policy_operator,
)

_ABROAD = f"arn:aws:iam::{STRANGER}:role/reporting"
_LATER = {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
_NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
_UNKNOWN_SERVICE = {"Service": "config.amazonaws.com"}


@policy_operator
def policy_add_deny(template: Template) -> Iterator[Edit]:
    """A Deny of every form: of actions, resources and principals by name or of all others, on a condition or not."""
    for each in firsts(template):
        forms = itertools.product(_actions(template, each), _resources(each), _principals(each), _conditions())
        for form in forms:
            deny = {key: value for part in form for key, value in part.items()}
            yield each.added(template, {"Effect": "Deny", **deny}, f"Deny by {_form(deny)}")
        deny = {**_actions(template, each)[0], **_resources(each)[0], **_principals(each)[0], "Condition": _NO_MFA}
        yield each.added(template, {"Effect": "Deny", **deny}, "Deny without multi-factor authentication")


def _form(statement: dict[str, Any]) -> str:
    return ", ".join("Condition" if key == "Condition" else key for key in statement)


def _actions(template: Template, statement: Stated) -> list[dict[str, Any]]:
    # The wildcards of a whole service leave no other action.
    other = another_action(template, statement) or f"{statement.service}:List*"
    return [{"Action": statement.body["Action"]}, {"NotAction": other}]


def _resources(statement: Stated) -> list[dict[str, Any]]:
    if statement.is_trust:
        return [{}]
    return [{"Resource": statement.body["Resource"]}, {"NotResource": _elsewhere(statement)}]


def _elsewhere(statement: Stated) -> str:
    """What nothing here is called, of the statement's service."""
    place = (
        "s3:::somewhere-else/*" if statement.service == "s3" else f"{statement.service}:us-east-1:123456789012:other"
    )
    return f"arn:aws:{place}"


def _principals(statement: Stated) -> list[dict[str, Any]]:
    if statement.is_identitys:
        return [{}]
    return [{"Principal": "*"}, {"NotPrincipal": _UNKNOWN_SERVICE}]


def _conditions() -> list[dict[str, Any]]:
    return [{}, {"Condition": _LATER}]


@policy_operator
def policy_add_allow(template: Template) -> Iterator[Edit]:
    """An Allow of all but something, or for somebody who is not meant."""
    for each in firsts(template):
        resource = {} if each.is_trust else {"Resource": each.body["Resource"]}
        action = {"Action": each.body["Action"]}
        for allow, change in _allows(template, each, action, resource):
            yield each.added(template, {"Effect": "Allow", **allow}, change)


def _allows(
    template: Template, statement: Stated, action: dict[str, Any], resource: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str]]:
    if statement.is_identitys:
        yield {"NotAction": "iam:*", "Resource": "*"}, "all but iam:*"
        yield {**action, "NotResource": _elsewhere(statement)}, "on all but one resource"
        yield {"Action": "iam:PassRole", "Resource": "*"}, "iam:PassRole"
        yield {"Action": "sts:AssumeRole", "Resource": "*"}, "sts:AssumeRole"
        return
    yield {"Principal": {"AWS": _ABROAD}, **action, **resource}, f"for {_ABROAD}"
    if not is_endpoints(template, statement):
        yield {"Principal": _UNKNOWN_SERVICE, **action, **resource}, f"for {_UNKNOWN_SERVICE['Service']}"
        other = another_action(template, statement)
        if statement.is_trust:
            yield {"Principal": {"AWS": ROOT}, **action}, "for the account"
        elif other:
            yield {"Principal": "*", "NotAction": other, **resource}, f"all but {other} for everybody"


@policy_operator
def policy_add_permission(template: Template) -> Iterator[Edit]:
    """A function that a service, an account or everybody may invoke, as if triggers asked for it."""
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::Lambda::Function":
            for who, more in _INVOKERS.items():
                added = f"{name}Permission"
                properties = {"FunctionName": {"Ref": name}, "Action": "lambda:InvokeFunction", **more}
                permission = {"Type": "AWS::Lambda::Permission", "Properties": properties}
                yield Edit(added, ("Resources", added), permission, f"{who} may invoke {name}")


_OWN_ACCOUNT = {"Ref": "AWS::AccountId"}
_INVOKERS: dict[str, dict[str, Any]] = {
    "everybody": {"Principal": "*"},
    "another account": {"Principal": STRANGER},
    "an organization": {"Principal": "*", "PrincipalOrgID": "o-somebody"},
    "S3 for anybody": {"Principal": "s3.amazonaws.com"},
    "S3 for this account": {"Principal": "s3.amazonaws.com", "SourceAccount": _OWN_ACCOUNT},
    "EventBridge for any rule": {"Principal": "events.amazonaws.com", "SourceArn": "arn:aws:events:*:*:rule/*"},
}
