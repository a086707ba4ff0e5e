"""Whom a statement names: more, fewer, or somebody else."""

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.operators.registry import Edit, Template
from harness.mutants.policies.stated import ROOT, STRANGER, Stated, is_endpoints, policy_operator, stated
from harness.render.resources import items

_OTHER_SERVICE = "backup.amazonaws.com"
_STRANGERS_ROLE = f"arn:aws:iam::{STRANGER}:role/reporting"


@policy_operator
def policy_widen_principal(template: Template) -> Iterator[Edit]:
    """Somebody else beside those that are meant."""
    for each in stated(template):
        principal = each.body.get("Principal")
        if not isinstance(principal, dict):
            continue
        if not each.tests_services:
            both = {**principal, "AWS": [*items(principal.get("AWS")), _STRANGERS_ROLE]}
            yield each.edit(both, f"and {_STRANGERS_ROLE}", "Principal")
        if each.is_trust and not each.tests_services:
            # Elsewhere an account that is let in changes nothing for those who have rights of their own.
            yield each.edit({**principal, "AWS": ROOT}, "and the account", "Principal")
        if "AWS" in principal and each.allows:
            both = {**principal, "Service": _OTHER_SERVICE}
            yield each.edit(both, f"and {_OTHER_SERVICE}", "Principal")


@policy_operator
def policy_exchange_principal(template: Template) -> Iterator[Edit]:
    """Somebody else in the place of those that are meant, or one of them."""
    for each in stated(template):
        for other, change in _others(template, each):
            yield each.edit(other, change, "Principal")


def _others(template: Template, statement: Stated) -> Iterator[tuple[Any, str]]:
    principal = statement.body.get("Principal")
    if principal is None:
        return
    if isinstance(principal, dict) and "Service" in principal:
        yield {"Service": _OTHER_SERVICE}, f"{_OTHER_SERVICE} for {principal['Service']}"
    elif isinstance(principal, dict):
        one = {"Fn::Sub": str(principal["AWS"]["Fn::Sub"]).replace(":root", ":role/reader")}
        yield {"AWS": one}, f"{one['Fn::Sub']} alone"
    elif is_endpoints(template, statement):
        for role in sorted(places.roles_of(template, "AWS::Lambda::Function"))[:1]:
            yield {"AWS": {"Fn::GetAtt": [role, "Arn"]}}, f"{role} alone"
    else:
        yield {"Service": _OTHER_SERVICE}, f"{_OTHER_SERVICE} alone"
