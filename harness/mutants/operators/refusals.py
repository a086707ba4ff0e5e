"""Refusals and conditions that miss somebody."""

from collections.abc import Iterator

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import NO_VALUE, Edit, Template, operator
from harness.render.resources import items


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
        operators = [test for _, test, _, _ in places.conditions(statement)]
        if any(test != "StringNotEquals" for test in operators):
            extra = {**statement["Condition"], "StringNotEquals": {"aws:PrincipalAccount": "999999999999"}}
            yield Edit(resource, (*place, "Condition"), extra, "unless it is an account")


@operator
def drop_condition(template: Template) -> Iterator[Edit]:
    """A grant or a refusal without its condition, or without a part of it."""
    for resource, place, statement in places.statements(template):
        if not statement.get("Condition"):
            continue
        yield Edit(resource, (*place, "Condition"), ABSENT, "removed")
        tests = list(places.conditions(statement))
        for inside, _, key, _ in tests if len(tests) > 1 else []:
            # An operator without a key goes with it.
            whole = inside[:-1] if len(get(statement, inside[:-1])) == 1 else inside
            gone = NO_VALUE if whole[-2] == "Fn::If" else ABSENT
            yield Edit(resource, (*place, *whole), gone, f"without {key}")


@operator
def falsify_condition(template: Template) -> Iterator[Edit]:
    """A condition that is met by somebody else."""
    for resource, place, statement in places.statements(template):
        for inside, test, _, value in places.conditions(statement):
            at = (*place, *inside)
            if isinstance(value, bool):
                yield Edit(resource, at, not value, str(not value).lower())
            elif statement["Effect"] == "Allow" and test != "ArnEquals":
                yield Edit(resource, at, "*", "*")
            else:
                yield Edit(resource, at, "other", "other")


#: Services that bring no source along when they do this, as far as AWS says.
_WITHOUT_SOURCE = (("events.amazonaws.com", "sns:Publish"), ("s3.amazonaws.com", "sts:AssumeRole"))


@operator
def ask_for_a_source(template: Template) -> Iterator[Edit]:
    """A service is let in if it says for whom it works, and it does not say."""
    for resource, place, statement in places.statements(template):
        for service, action in _WITHOUT_SOURCE:
            if statement.get("Principal") == {"Service": service} and statement["Action"] == action:
                condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
                yield Edit(resource, (*place, "Condition"), condition, f"{service} for this account")
