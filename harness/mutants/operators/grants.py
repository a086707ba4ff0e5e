"""Grants of more than is needed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.stack import items
from harness.mutants import places
from harness.mutants.mutation import Mutation
from harness.mutants.operators.registry import ENDPOINT, FOREIGN_KEY, ROLE, Template, mutation, operator, type_of


@operator
def widen_action(template: Template) -> Iterator[Mutation]:
    """A grant of more than is needed: a service's every action, or one action too many."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow":
            continue
        actions = items(statement["Action"])
        service = str(actions[0]).split(":")[0]
        if actions != [f"{service}:*"]:
            yield mutation("widen_action", template, resource, (*place, "Action"), f"{service}:*", f"{service}:*")
        # A key's policy is about its key alone, where kms:* is everything.
        if type_of(template, resource) not in (ENDPOINT, "AWS::KMS::Key"):
            yield mutation("widen_action", template, resource, (*place, "Action"), "*", "*")


@operator
def add_action(template: Template) -> Iterator[Mutation]:
    """A grant with one dangerous action beside those that are needed."""
    dangerous = {
        "s3": ("s3:DeleteObjectVersion", "s3:PutBucketPolicy"), "dynamodb": ("dynamodb:DeleteTable",),
        "kms": ("kms:CreateGrant", "kms:ScheduleKeyDeletion"), "sqs": ("sqs:PurgeQueue",),
        "logs": ("logs:DeleteLogGroup",), "kinesis": ("kinesis:DeleteStream",), "glue": ("glue:DeleteTable",),
        "ec2": ("ec2:AuthorizeSecurityGroupIngress",), "sns": ("sns:SetTopicAttributes",),
    }  # fmt: skip
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow" or type_of(template, resource) == ENDPOINT:
            continue
        actions = items(statement["Action"])
        service = str(actions[0]).split(":")[0]
        described = f"{service}:Describe*"
        for action in (
            *dangerous.get(service, ()),
            *([described] if type_of(template, resource) == ROLE else []),
        ):
            if f"{service}:*" not in actions:
                yield mutation(
                    "add_action", template, resource, (*place, "Action"), [*actions, action], f"and {action}"
                )


@operator
def widen_resource(template: Template) -> Iterator[Mutation]:
    """A grant on more than is needed: everything, or everything in a bucket, or somebody else's."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow" or "Resource" not in statement or statement["Resource"] == "*":
            continue
        yield mutation("widen_resource", template, resource, (*place, "Resource"), "*", "*")
        if type_of(template, resource) in (ENDPOINT, "AWS::KMS::Key"):
            continue
        listed = isinstance(statement["Resource"], list)
        for index, each in enumerate(items(statement["Resource"])):
            at = (*place, "Resource", index) if listed else (*place, "Resource")
            text = each.get("Fn::Sub") if isinstance(each, dict) else None
            if isinstance(text, str) and text.endswith("/*") and "Bucket.Arn}/" in text and text.count("/") > 1:
                whole = {"Fn::Sub": f"{text.split('/')[0]}/*"}
                yield mutation("widen_resource", template, resource, at, whole, whole["Fn::Sub"])
        if type_of(template, resource) == ROLE:
            service = str(items(statement["Action"])[0]).split(":")[0]
            foreign = {
                "s3": "arn:aws:s3:::somebody-else/*", "dynamodb": "arn:aws:dynamodb:us-east-1:999999999999:table/other",
                "sqs": "arn:aws:sqs:us-east-1:999999999999:other", "kms": FOREIGN_KEY,
                "kinesis": "arn:aws:kinesis:us-east-1:999999999999:stream/other",
                "logs": "arn:aws:logs:us-east-1:123456789012:log-group:other:*",
            }.get(service)  # fmt: skip
            if foreign:
                yield mutation("widen_resource", template, resource, (*place, "Resource"), foreign, foreign)


@operator
def widen_principal(template: Template) -> Iterator[Mutation]:
    """A grant to everybody, or to an account nobody knows."""
    for resource, place, statement in places.statements(template):
        if "Principal" not in statement or statement["Effect"] != "Allow" or statement["Principal"] == "*":
            continue
        at = (*place, "Principal")
        yield mutation("widen_principal", template, resource, at, "*", "*")
        stranger = {"AWS": "arn:aws:iam::999999999999:root"}
        yield mutation("widen_principal", template, resource, at, stranger, "another account")
        if "Service" in statement["Principal"]:
            both = {"Service": [*items(statement["Principal"]["Service"]), "ec2.amazonaws.com"]}
            yield mutation("widen_principal", template, resource, at, both, "and ec2.amazonaws.com")
