"""Grants of more than is needed."""

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import ENDPOINT, FOREIGN_KEY, ROLE, Edit, Template, operator, type_of
from harness.render.dependencies import references
from harness.render.dumping import as_json
from harness.render.resources import items
from rules.lib.roles import RUNNERS


@operator
def widen_action(template: Template) -> Iterator[Edit]:
    """A grant of more than is needed: a service's every action, or one action too many."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow":
            continue
        actions = items(statement["Action"])
        service = str(actions[0]).split(":")[0]
        if actions != [f"{service}:*"]:
            yield Edit(resource, (*place, "Action"), f"{service}:*", f"{service}:*")
        # A key's policy is about its key alone, where kms:* is everything.
        if type_of(template, resource) not in (ENDPOINT, "AWS::KMS::Key"):
            yield Edit(resource, (*place, "Action"), "*", "*")


@operator
def add_action(template: Template) -> Iterator[Edit]:
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
        for action in (*dangerous.get(service, ()), *([described] if type_of(template, resource) == ROLE else [])):
            if f"{service}:*" not in actions:
                yield Edit(resource, (*place, "Action"), [*actions, action], f"and {action}")


#: Of each service, actions that nobody would call dangerous and nothing calls.
_NEEDLESS = {
    "dynamodb": ("dynamodb:Scan",), "ec2": ("ec2:DescribeInstances",), "glue": ("glue:GetConnection",),
    "kinesis": ("kinesis:ListStreams", "kinesis:PutRecord"), "kms": ("kms:DescribeKey", "kms:Encrypt"),
    "logs": ("logs:GetLogEvents",), "s3": ("s3:DeleteObject", "s3:GetObjectVersion"), "sqs": ("sqs:ListQueues",),
}  # fmt: skip


@operator
def needless_action(template: Template) -> Iterator[Edit]:
    """A grant with one more action of the same service, which nothing calls."""
    running = set(places.roles_of(template, *RUNNERS))
    for resource, place, statement in places.statements(template):
        if resource not in running or statement["Effect"] != "Allow":
            continue
        actions = items(statement["Action"])
        for action in _NEEDLESS.get(str(actions[0]).partition(":")[0], ()):
            # In the bucket itself there is no object to delete.
            objects = "/" in as_json(statement["Resource"])
            if action not in actions and (objects or action != "s3:DeleteObject"):
                yield Edit(resource, (*place, "Action"), [*actions, action], f"and {action}")
    for role in sorted(running):
        for index, policy in enumerate(get(template, ("Resources", role, "Properties", "Policies"))):
            written = len(policy["PolicyDocument"]["Statement"])
            at = ("Resources", role, "Properties", "Policies", index, "PolicyDocument", "Statement", written)
            for action, arn in _OF_NOBODY.items():
                grant = {"Effect": "Allow", "Action": action, "Resource": arn}
                yield Edit(role, at, grant, f"{action} as well")


#: Services that nothing here has to do with.
_OF_NOBODY = {
    "cloudwatch:DeleteAlarms": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:everything",
    "secretsmanager:GetSecretValue": "arn:aws:secretsmanager:us-east-1:123456789012:secret:everything",
}


@operator
def widen_resource(template: Template) -> Iterator[Edit]:
    """A grant on more than is needed: everything, or everything in a bucket, or somebody else's."""
    # Functions say in their variables which stores they use. What a Glue role uses, its runs say.
    functions = set(places.roles_of(template, "AWS::Lambda::Function"))
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow" or "Resource" not in statement or statement["Resource"] == "*":
            continue
        yield Edit(resource, (*place, "Resource"), "*", "*")
        if type_of(template, resource) in (ENDPOINT, "AWS::KMS::Key"):
            continue
        listed = isinstance(statement["Resource"], list)
        for index, each in enumerate(items(statement["Resource"])):
            at = (*place, "Resource", index) if listed else (*place, "Resource")
            text = each.get("Fn::Sub") if isinstance(each, dict) else None
            if isinstance(text, str) and text.endswith("/*") and "Bucket.Arn}/" in text and text.count("/") > 1:
                whole = {"Fn::Sub": f"{text.split('/')[0]}/*"}
                yield Edit(resource, at, whole, whole["Fn::Sub"])
            for other in _others(template, each) if resource in functions else ():
                if not _mentions(template, resource, other):
                    more = [*items(statement["Resource"]), other]
                    yield Edit(resource, (*place, "Resource"), more, f"and {as_json(other)}")
        if type_of(template, resource) == ROLE:
            for arn in _of_owners(statement["Resource"]):
                yield Edit(resource, (*place, "Resource"), {"Fn::Sub": arn}, arn)
            service = str(items(statement["Action"])[0]).split(":")[0]
            foreign = {
                "s3": "arn:aws:s3:::somebody-else/*", "dynamodb": "arn:aws:dynamodb:us-east-1:999999999999:table/other",
                "sqs": "arn:aws:sqs:us-east-1:999999999999:other", "kms": FOREIGN_KEY,
                "kinesis": "arn:aws:kinesis:us-east-1:999999999999:stream/other",
                "logs": "arn:aws:logs:us-east-1:123456789012:log-group:other:*",
            }.get(service)  # fmt: skip
            if foreign:
                yield Edit(resource, (*place, "Resource"), foreign, foreign)


def _of_owners(resource: Any) -> Iterator[str]:
    """More of the network that another account shares, or of any account's."""
    text = resource.get("Fn::Sub") if isinstance(resource, dict) else None
    if isinstance(text, str) and ":ec2:" in text:
        for account in ("${AWS::AccountId}", "${VpcOwnerAccountId}"):
            yield from [text.replace(account, "*"), text.replace(account, "999999999999")] if account in text else []
        if "${VpcOwnerAccountId}" in text:
            yield text.replace("subnet/*", "*/*")


@operator
def widen_principal(template: Template) -> Iterator[Edit]:
    """A grant to everybody, or to an account nobody knows."""
    for resource, place, statement in places.statements(template):
        if "Principal" not in statement or statement["Effect"] != "Allow" or statement["Principal"] == "*":
            continue
        at = (*place, "Principal")
        yield Edit(resource, at, "*", "*")
        stranger = {"AWS": "arn:aws:iam::999999999999:root"}
        yield Edit(resource, at, stranger, "another account")
        if "Service" in statement["Principal"]:
            both = {"Service": [*items(statement["Principal"]["Service"]), "ec2.amazonaws.com"]}
            yield Edit(resource, at, both, "and ec2.amazonaws.com")


def _others(template: Template, arn: Any) -> Iterator[dict[str, Any]]:
    """The same of each other bucket, table or queue of the template; nothing if it is none of these."""
    types = {name: body["Type"] for name, body in template["Resources"].items()}
    text, attribute = (arn.get("Fn::Sub"), arn.get("Fn::GetAtt")) if isinstance(arn, dict) else (None, None)
    name = attribute[0] if attribute else str(text).removeprefix("${").partition(".")[0]
    if types.get(name) not in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue"):
        return
    for other, type_ in types.items():
        if type_ == types[name] and other != name:
            yield {"Fn::GetAtt": [other, "Arn"]} if attribute else {"Fn::Sub": str(text).replace(name, other)}


def _mentions(template: Template, role: str, arn: dict[str, Any]) -> bool:
    """Whether a role is granted something on that store anyway: which action on which store is for the runs to say."""
    argument = next(iter(arn.values()))
    name = argument[0] if isinstance(argument, list) else argument.removeprefix("${").partition(".")[0]
    return name in {reference[0] for reference in references(template["Resources"][role])}


@operator
def narrow_catalogue_grant(template: Template) -> Iterator[Edit]:
    """A role's grant on the Glue catalogue lacks an action or a resource, which the emulated Glue does not ask for."""
    for resource, place, statement in places.statements(template):
        if type_of(template, resource) != ROLE or statement["Effect"] != "Allow":
            continue
        if not all(str(each).startswith("glue:") for each in items(statement["Action"])):
            continue
        for key in ("Action", "Resource"):
            listed = statement.get(key)
            for index, each in enumerate(listed if isinstance(listed, list) and len(listed) > 1 else ()):
                yield Edit(resource, (*place, key, index), ABSENT, f"without {as_json(each)}")
