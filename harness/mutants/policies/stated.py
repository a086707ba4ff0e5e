"""What the operators on policies have in common: each statement with what surrounds it, and what is said elsewhere."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from harness.mutants import places
from harness.mutants.mutation import get
from harness.mutants.operators.registry import ENDPOINT, NO_VALUE, Edit, Edits, Operator, Template, registered, type_of
from harness.render.dumping import as_json
from harness.render.resources import items
from harness.render.source import Place

POLICY_OPERATORS: dict[str, Operator] = {}
#: Stands for nobody and nothing in the template.
STRANGER = "999999999999"
ROOT = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
#: Of each service, actions that no statement has to allow: on objects, a table, a key or whatever the service has.
_ANOTHER = {
    "dynamodb": ("dynamodb:DeleteItem", "dynamodb:BatchGetItem"), "ec2": ("ec2:ModifySubnetAttribute",),
    "glue": ("glue:DeletePartition",), "kinesis": ("kinesis:SplitShard",), "kms": ("kms:ReEncryptFrom",),
    "lambda": ("lambda:UpdateFunctionCode",), "logs": ("logs:DeleteLogStream",), "s3": ("s3:RestoreObject",),
    "sns": ("sns:Subscribe",), "sqs": ("sqs:ChangeMessageVisibility",), "sts": ("sts:TagSession",),
}  # fmt: skip
#: The same on a bucket itself, on an index, and on nothing.
_OF_BUCKETS, _OF_INDICES, _OF_NOTHING = ("s3:ListBucketVersions",), ("dynamodb:Scan",), ("ec2:DescribeVpcs",)
#: Condition keys that requests have only for the very actions that statements with them name.
_OWN_KEYS = ("cloudwatch:namespace", "s3:object-lock", "s3:x-amz-")
#: Those that requests have only if a service makes them.
_OF_SERVICES = ("aws:SourceAccount", "aws:SourceArn", "aws:PrincipalServiceName")


class Stated(NamedTuple):
    """A statement: the resource that it is in, its place, and what it says."""

    resource: str
    place: Place
    body: dict[str, Any]

    @property
    def list_place(self) -> Place:
        """The place of the document's list of statements."""
        return self.place[: self.place.index("Statement") + 1]

    @property
    def name(self) -> str:
        """Its Sid, or where it stands."""
        return str(self.body.get("Sid", f"statement {self.place[len(self.list_place)]}"))

    @property
    def allows(self) -> bool:
        """Whether it grants."""
        return bool(self.body["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        """Its actions."""
        return [str(each) for each in items(self.body.get("Action"))]

    @property
    def service(self) -> str:
        """The service whose actions it is about."""
        return self.actions[0].partition(":")[0] if self.actions else ""

    @property
    def is_trust(self) -> bool:
        """Whether it says who may assume a role."""
        return "AssumeRolePolicyDocument" in self.place

    @property
    def is_identitys(self) -> bool:
        """Whether it is in a policy of a role, which says what the role may do, on whatever resources."""
        return "Principal" not in self.body and "NotPrincipal" not in self.body

    @property
    def tests_own_keys(self) -> bool:
        """Whether it is on a condition that no other action can meet."""
        return any(each in str(self.body.get("Condition")) for each in _OWN_KEYS)

    @property
    def tests_services(self) -> bool:
        """Whether it is on a condition that only services can meet."""
        return any(each in str(self.body.get("Condition")) for each in _OF_SERVICES)

    def edit(self, value: Any, change: str, *inside: str | int) -> Edit:
        """The edit that puts `value` at a place inside of it."""
        return Edit(self.resource, (*self.place, *inside), value, change)

    def added(self, template: Template, statement: Any, change: str) -> Edit:
        """The edit that puts another statement at the end of its document."""
        place = self.list_place
        return Edit(self.resource, (*place, len(get(template, place))), statement, change)


def policy_operator(edits: Edits) -> Edits:
    """Register an operator that only `harness.access` judges under its function's name."""
    return registered(POLICY_OPERATORS, edits)


def stated(template: Template) -> Iterator[Stated]:
    """Every statement of a policy, those behind conditions included."""
    return (Stated(*each) for each in places.statements(template))


def is_endpoints(template: Template, statement: Stated) -> bool:
    """Whether it is in the policy of a VPC endpoint, which passes requests and grants nothing."""
    return type_of(template, statement.resource) == ENDPOINT


def firsts(template: Template) -> Iterator[Stated]:
    """Of each document the first statement that grants, or the first one: what the document is about."""
    found: dict[Place, Stated] = {}
    for each in stated(template):
        known = found.setdefault(each.list_place, each)
        if each.allows and not known.allows:
            found[each.list_place] = each
    return iter(found.values())


def another_action(template: Template, statement: Stated) -> str:
    """An action of the statement's service, on such resources, that its document does not mention; empty if none."""
    if statement.tests_own_keys:
        return ""
    others = [each for each in stated(template) if each.list_place == statement.list_place]
    resource = as_json(statement.body.get("Resource", ""))
    candidates = _ANOTHER.get(statement.service, ())
    if statement.service == "s3" and "/*" not in resource and resource != '"*"':
        candidates = _OF_BUCKETS
    elif statement.service == "dynamodb" and "/index/" in resource and "Fn::GetAtt" not in resource:
        candidates = _OF_INDICES
    elif statement.service == "ec2" and resource == '"*"' and statement.allows:
        candidates = _OF_NOTHING
    mentioned = [pattern.lower() for each in others if each.allows for pattern in each.actions]
    mentioned += [pattern.lower() for pattern in statement.actions]
    return next((each for each in candidates if not any(fnmatchcase(each.lower(), one) for one in mentioned)), "")


def behind_the_same(template: Template, statement: Stated, value: Any) -> Any:
    """A statement behind the conditions that another one is behind."""
    place = statement.place
    while place[-2] == "Fn::If":
        condition = get(template, (*place[:-1], 0))
        value = {"Fn::If": [condition, *([value, NO_VALUE] if place[-1] == 1 else [NO_VALUE, value])]}
        place = place[:-2]
    return value
