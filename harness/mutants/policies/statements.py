"""Whole statements: gone, there in some scenarios only, turned round, or there twice with one thing changed."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT
from harness.mutants.operators.hidden import some_condition
from harness.mutants.operators.registry import NO_VALUE, Edit, Template
from harness.mutants.policies.stated import STRANGER, Stated, another_action, behind_the_same, policy_operator, stated

_NEGATED = ("Action", "Resource", "Principal")


@policy_operator
def policy_remove_statement(template: Template) -> Iterator[Edit]:
    """A document without one of its statements, be it behind a condition."""
    for each in stated(template):
        gone = NO_VALUE if each.place[-2] == "Fn::If" else ABSENT
        yield each.edit(gone, f"without {each.name}")


@policy_operator
def policy_turn_statement(template: Template) -> Iterator[Edit]:
    """Deny for Allow, and all but what is named for what is named."""
    for each in stated(template):
        effect = "Deny" if each.allows else "Allow"
        yield each.edit(effect, effect, "Effect")
        for element in _NEGATED:
            if element in each.body:
                name = f"Not{element}"
                turned = {name if key == element else key: value for key, value in each.body.items()}
                yield each.edit(turned, f"{name} for {element}")


@policy_operator
def policy_hide_statement(template: Template) -> Iterator[Edit]:
    """A statement that is there in some scenarios only."""
    condition = some_condition(template)
    for each in stated(template) if condition else ():
        yield each.edit({"Fn::If": [condition, each.body, NO_VALUE]}, f"only if {condition}")
        yield each.edit({"Fn::If": [condition, NO_VALUE, each.body]}, f"unless {condition}")


@policy_operator
def policy_double_statement(template: Template) -> Iterator[Edit]:
    """A statement twice, the second time with one thing changed that makes it reach further."""
    for each in stated(template):
        for body, change in _seconds(template, each):
            again = behind_the_same(template, each, {**body, "Sid": "Again"})
            yield each.added(template, again, f"{each.name} again, {change}")


def _seconds(template: Template, statement: Stated) -> Iterator[tuple[dict[str, Any], str]]:
    body = statement.body
    unconditional = {key: value for key, value in body.items() if key != "Condition"}
    if statement.allows:
        yield {**body, "Effect": "Deny"}, "as a Deny"
    if unconditional != body:
        yield unconditional, "without its condition"
        if not statement.allows:
            yield {**unconditional, "Effect": "Allow"}, "as an Allow without its condition"
    if more := another_action(template, statement):
        yield {**body, "Action": more}, f"with {more}"
    if "Principal" in body and body["Principal"] != "*":
        yield {**body, "Principal": "*"}, "for everybody"
        if not statement.tests_services:
            yield {**body, "Principal": {"AWS": STRANGER}}, f"for {STRANGER}"
    if statement.is_identitys and body["Resource"] != "*":
        yield {**body, "Resource": "*"}, "on everything"
