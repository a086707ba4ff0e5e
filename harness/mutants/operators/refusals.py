"""Refusals and conditions that miss somebody."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.stack import items
from harness.mutants import places
from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import Edit, Template, operator


@operator
def narrow_denial(template: Template) -> Iterator[Edit]:
    """A refusal that misses somebody, or something."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Deny":
            continue
        if statement.get("Principal") == "*":
            somebody = {"AWS": "arn:aws:iam::123456789012:root"}
            yield Edit(resource, (*place, "Principal"), somebody, "only to this account")
        listed = items(statement.get("Resource"))
        if len(listed) > 1:
            for index in range(len(listed)):
                yield Edit(resource, (*place, "Resource", index), ABSENT, "resource removed")
        actions = items(statement["Action"])
        for index in range(len(actions) if len(actions) > 1 else 0):
            yield Edit(resource, (*place, "Action", index), ABSENT, f"without {actions[index]}")
        if actions in (["s3:*"], ["sqs:*"], ["ec2:*"]):
            one = {"s3:*": "s3:GetObject", "sqs:*": "sqs:SendMessage", "ec2:*": "ec2:CreateNetworkInterface"}[
                actions[0]
            ]
            yield Edit(resource, (*place, "Action"), one, one)
        for test in statement.get("Condition", {}):
            extra = {**statement["Condition"], "StringNotEquals": {"aws:PrincipalAccount": "999999999999"}}
            if test != "StringNotEquals":
                yield Edit(resource, (*place, "Condition"), extra, "unless it is an account")
                break


@operator
def drop_condition(template: Template) -> Iterator[Edit]:
    """A grant or a refusal without its condition, or without a part of it."""
    for resource, place, statement in places.statements(template):
        conditions = statement.get("Condition")
        if not conditions:
            continue
        yield Edit(resource, (*place, "Condition"), ABSENT, "removed")
        parts = [(test, key) for test, keys in conditions.items() for key in keys]
        for test, key in parts if len(parts) > 1 else []:
            whole = len(conditions[test]) == 1
            at = (*place, "Condition", test) if whole else (*place, "Condition", test, key)
            yield Edit(resource, at, ABSENT, f"without {key}")


@operator
def falsify_condition(template: Template) -> Iterator[Edit]:
    """A condition that is met by somebody else."""
    for resource, place, statement in places.statements(template):
        for test, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                at = (*place, "Condition", test, key)
                if isinstance(value, bool):
                    yield Edit(resource, at, not value, str(not value).lower())
                elif statement["Effect"] == "Allow" and test != "ArnEquals":
                    yield Edit(resource, at, "*", "*")
                else:
                    yield Edit(resource, at, "other", "other")
