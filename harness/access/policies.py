"""All policies of a rendered stack, by what they are attached to. Whatever else may grant is refused with its place.

KMS grants are no resources of CloudFormation, so that none is in a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.access.actions import exists
from harness.access.conditions import Place
from harness.access.globs import Glob, action, exact, like, meant
from harness.access.principals import Principal
from harness.access.refused import Refused
from harness.access.statements import Kind, Statement, statements
from harness.render.resources import Resource, Stack, at, items, walk

Statements = tuple[Statement, ...]
Json = dict[str, Any]

ROLE, MANAGED, ENDPOINT = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::EC2::VPCEndpoint"
#: What else holds policies of roles: the type, and the property that names the roles.
_ATTACHED = {MANAGED: "Roles", "AWS::IAM::Policy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}
#: What may be in a stack: types whose resources grant nothing, or only by a policy that is read here. Any other type is
#: refused, as it may grant without a policy document.
_GRANT_NOTHING = re.compile(
    "AWS::(Athena::WorkGroup|CloudTrail::Trail|CloudWatch::(Alarm|Dashboard)|DynamoDB::Table|"
    "EC2::(SecurityGroup(Egress|Ingress)?|VPCEndpoint)|Events::Rule|"
    "Glue::(Crawler|Database|Job|SecurityConfiguration|Table|Trigger)|IAM::(ManagedPolicy|Policy|Role|RolePolicy)|"
    "KMS::(Alias|Key)|Kinesis::Stream|Lambda::(EventSourceMapping|Function|LayerVersion|Permission)|Logs::LogGroup|"
    "S3::(Bucket|BucketPolicy)|SNS::(Topic|TopicPolicy)|SQS::(Queue|QueuePolicy)|SSM::Parameter)"
)
#: Endpoints are named for services, mostly as in their actions: com.amazonaws.<region>.<name>.
_ENDPOINTS = {"kinesis-streams": "kinesis", "monitoring": "cloudwatch"}
_WHOLE_ACCOUNT = {"Effect": "Allow", "Action": "*", "Resource": "*"}
#: Properties of a permission to invoke a function whose meaning is read; others are refused.
_PERMISSION = {"Action", "FunctionName", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn"}


@dataclass(frozen=True)
class Identity:
    """The policies of an identity, and its permissions boundary if it has one."""

    statements: Statements
    boundary: Statements | None = None


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of the resources that `covers` fits, for the actions of a `service`.

    It `decides` if nothing is allowed without it.
    """

    covers: tuple[Glob, ...]
    statements: Statements
    service: str
    decides: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint: its id, the service it leads to as in the names of actions, and its policy."""

    id: str
    service: str
    statements: Statements


NOTHING = Identity(())
#: Whoever is not in the template may have any rights at all.
EVERYTHING = Identity(statements({"Statement": _WHOLE_ACCOUNT}, ("outside the template",), Kind.IDENTITY))
_OPEN = statements({"Statement": _WHOLE_ACCOUNT | {"Principal": "*"}}, ("outside the template",), Kind.RESOURCE)


@dataclass(frozen=True)
class Policies:
    """What decides requests to one account's resources."""

    account: str
    #: By ARN of the role or user; who is not here has rights of their own to everything.
    identities: Mapping[str, Identity] = field(default_factory=dict)
    resources: tuple[ResourcePolicy, ...] = ()
    #: By logical id.
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)

    def identity(self, principal: Principal) -> Identity:
        """A principal's own policies. Services, and whoever has no credentials, have none."""
        if principal.powerless or not principal.arn:
            return NOTHING
        return self.identities.get(principal.arn, EVERYTHING)

    def resource(self, arn: str, owner: str, service: str) -> ResourcePolicy:
        """The policy of a resource for the actions of a service: a role's trust policy is about sts: actions alone.

        Of what is not in the template nobody knows it. Keys and roles of this account are taken to let the account in,
        and another account's resources to let everybody in, so that whatever a role could ever do is seen.
        """
        if (arn, owner, service) not in self._found:
            self._found[arn, owner, service] = self._resource(arn, owner, service)
        return self._found[arn, owner, service]

    @cached_property
    def _found(self) -> dict[tuple[str, str, str], ResourcePolicy]:
        return {}

    def _resource(self, arn: str, owner: str, service: str) -> ResourcePolicy:
        of_service = (each for each in self.resources if each.service == service)
        found = next((each for each in of_service if any(glob.fits(arn) for glob in each.covers)), None)
        if found or (owner == self.account and service not in ("kms", "sts")):
            return found or ResourcePolicy((), (), service)
        return ResourcePolicy((), _OPEN if owner != self.account else _delegating(owner), service, decides=True)


def _delegating(account: str, place: Place = ("outside the template",)) -> Statements:
    return statements({"Statement": _WHOLE_ACCOUNT | {"Principal": {"AWS": account}}}, place, Kind.RESOURCE)


def account_of(stack: Stack) -> str:
    """The account that a stack is rendered for. Raises Refused if no ARN in it says so."""
    for each in stack.all().values():
        if (found := each.arn.split(":")[4:5]) and found[0]:
            return found[0]
    raise Refused((), "no resource says which account this is")


def read(stack: Stack) -> Policies:
    """All policies of a stack. Raises Refused for whatever may grant and is not read."""
    return _Reader(stack).policies()


class _Reader:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._account = account_of(stack)
        #: Where documents were read: any other one may grant what nobody sees.
        self._seen: set[Place] = set()

    def policies(self) -> Policies:
        resources = [*self._buckets(), *self._keys(), *self._queues(), *self._topics(), *self._functions()]
        having: set[str] = set()
        for policy in resources:
            if (covered := policy.covers[0].text) in having:
                twice = f"{covered} has two policies, of which the one written last counts, whichever that is"
                raise Refused(policy.statements[0].place[:1], twice)
            having.add(covered)
        roles = self._stack.of(ROLE).values()
        attached = [(each, name) for each in self._of(*_ATTACHED) for name in items(at(each.properties, *_names(each)))]
        for each, name in attached:
            if not self._stack.by_ref(name, ROLE):
                raise Refused((each.logical_id, "Properties", *_names(each)), f"{name} is no role of the template")
        for each in self._of(*_ATTACHED):
            if others := sorted({"Groups", "Users"} & each.properties.keys()):
                raise Refused((each.logical_id, "Properties", others[0]), "only policies of roles are evaluated")
            if each.type != MANAGED and not items(at(each.properties, *_names(each))):
                raise Refused((each.logical_id, "Properties"), "the policy names no role")
        identities = {}
        for role in roles:
            own = self._document(role, "AssumeRolePolicyDocument", kind=Kind.TRUST)
            resources.append(ResourcePolicy((exact(role.arn),), own, "sts", decides=True))
            documents = list(self._inline(role))
            documents += [self._policy(each) for each, name in attached if name == role.ref]
            arns = items(role.properties.get("ManagedPolicyArns"))
            documents += [self._managed(role, "ManagedPolicyArns", each) for each in arns]
            limit = role.properties.get("PermissionsBoundary")
            boundary = None if limit is None else self._managed(role, "PermissionsBoundary", limit)
            identities[role.arn] = Identity(tuple(one for each in documents for one in each), boundary)
        endpoints = {each.logical_id: self._endpoint(each) for each in self._of(ENDPOINT)}
        for each in self._of(MANAGED):
            self._policy(each)
        self._refuse_others()
        return Policies(self._account, identities, tuple(resources), endpoints)

    def _of(self, *types: str) -> Iterable[Resource]:
        return self._stack.of(*types).values()

    def _document(self, resource: Resource, *path: str | int, kind: Kind = Kind.RESOURCE) -> Statements:
        place = (resource.logical_id, "Properties", *path)
        self._seen.add(place)
        return statements(at(resource.properties, *path), place, kind)

    def _inline(self, role: Resource) -> Iterator[Statements]:
        for index, _ in enumerate(items(role.properties.get("Policies"))):
            yield self._document(role, "Policies", index, "PolicyDocument", kind=Kind.IDENTITY)

    def _policy(self, policy: Resource) -> Statements:
        return self._document(policy, "PolicyDocument", kind=Kind.IDENTITY)

    def _managed(self, role: Resource, key: str, arn: Any) -> Statements:
        managed = self._stack.by_ref(arn, MANAGED) or self._stack.by_arn(arn, MANAGED)
        if managed is None:
            raise Refused((role.logical_id, "Properties", key), f"{arn} is not in the template, so nobody sees it here")
        return self._policy(managed)

    def _buckets(self) -> Iterator[ResourcePolicy]:
        for each in self._of("AWS::S3::Bucket"):
            if each.properties.get("AccessControl", "Private") != "Private":
                raise Refused(
                    (each.logical_id, "Properties", "AccessControl"), "access control lists are not evaluated"
                )
        for each in self._of("AWS::S3::BucketPolicy"):
            bucket = self._stack.by_ref(each.properties.get("Bucket"), "AWS::S3::Bucket")
            arn = self._known(each, "Bucket", bucket)
            covers = (exact(arn), like(f"{meant(arn)}/*"))
            yield ResourcePolicy(covers, self._document(each, "PolicyDocument"), "s3")

    def _keys(self) -> Iterator[ResourcePolicy]:
        for each in self._of("AWS::KMS::Key"):
            # A key without one gets KMS's default, which lets the account in.
            found = self._document(each, "KeyPolicy") if "KeyPolicy" in each.properties else None
            own = found or _delegating(self._account, (each.logical_id, "KeyPolicy"))
            yield ResourcePolicy((exact(each.arn),), own, "kms", decides=True)

    def _queues(self) -> Iterator[ResourcePolicy]:
        for each in self._of("AWS::SQS::QueuePolicy"):
            for url in items(each.properties.get("Queues")):
                arn = self._known(each, "Queues", self._stack.by_ref(url, "AWS::SQS::Queue"))
                yield ResourcePolicy((exact(arn),), self._document(each, "PolicyDocument"), "sqs")

    def _topics(self) -> Iterator[ResourcePolicy]:
        having = set()
        for each in self._of("AWS::SNS::TopicPolicy"):
            for ref in items(each.properties.get("Topics")):
                arn = self._known(each, "Topics", self._stack.by_ref(ref, "AWS::SNS::Topic"))
                having.add(arn)
                yield ResourcePolicy((exact(arn),), self._document(each, "PolicyDocument"), "sns")
        for each in self._of("AWS::SNS::Topic"):
            if each.arn not in having:
                raise Refused(
                    (each.logical_id,), "the topic has no policy, so SNS's own applies, which is not evaluated"
                )

    def _functions(self) -> Iterator[ResourcePolicy]:
        """https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html"""
        found: dict[str, list[Statement]] = {}
        for each in self._of("AWS::Lambda::Permission"):
            place, stated = (each.logical_id, "Properties"), each.properties
            if strange := sorted(stated.keys() - _PERMISSION):
                raise Refused((*place, strange[0]), "this property of a permission is not evaluated")
            name = stated.get("FunctionName")
            function = self._stack.by_ref(name, "AWS::Lambda::Function") or self._stack.by_arn(
                name, "AWS::Lambda::Function"
            )
            arn = self._known(each, "FunctionName", function)
            found.setdefault(arn, []).extend(statements(_permission(stated, arn), place, Kind.RESOURCE))
        for arn, several in found.items():
            yield ResourcePolicy((exact(arn),), tuple(several), "lambda")

    def _known(self, policy: Resource, key: str, resource: Resource | None) -> str:
        if resource is None:
            raise Refused((policy.logical_id, "Properties", key), "it is the policy of nothing in the template")
        return resource.arn

    def _endpoint(self, resource: Resource) -> Endpoint:
        stated = str(resource.properties.get("ServiceName"))
        name = stated.rpartition(".")[2]
        service = _ENDPOINTS.get(name, name)
        if not stated.startswith("com.amazonaws.") or not exists(action(f"{service}:*")):
            raise Refused((resource.logical_id, "Properties", "ServiceName"), f"whose actions pass {stated} is unknown")
        has_policy = "PolicyDocument" in resource.properties
        # Without one, an endpoint lets everything through.
        found = self._document(resource, "PolicyDocument") if has_policy else _OPEN
        return Endpoint(resource.ref, service, found)

    def _refuse_others(self) -> None:
        for each in self._stack.all().values():
            may_grant = '"Statement' in each.body_json or '"Effect' in each.body_json
            for path, value in walk(each.properties) if may_grant else ():
                place = (each.logical_id, "Properties", *path)
                if _may_grant(value) and not any(place[: len(seen)] == seen for seen in self._seen):
                    raise Refused(place, "this policy is not evaluated")
            if not _GRANT_NOTHING.fullmatch(each.type):
                raise Refused((each.logical_id,), f"what {each.type} grants is not evaluated")


def _may_grant(value: Any) -> bool:
    if isinstance(value, str):
        return '"Statement"' in value or '"Effect"' in value
    return isinstance(value, dict) and bool({"Statement", "Effect"} & value.keys())


def _names(policy: Resource) -> tuple[str]:
    return (_ATTACHED[policy.type],)


def _permission(stated: Json, arn: str) -> Json:
    """The statement that Lambda adds to the function's policy."""
    who = str(stated.get("Principal"))
    condition: Json = {}
    for operator, key, name in (
        ("StringEquals", "aws:SourceAccount", "SourceAccount"),
        ("StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"),
        ("ArnLike", "aws:SourceArn", "SourceArn"),
    ):
        if name in stated:
            condition.setdefault(operator, {})[key] = stated[name]
    of_service = "." in who and not who.startswith("arn:")
    principal = who if who == "*" else {"Service" if of_service else "AWS": who}
    body = {"Effect": "Allow", "Principal": principal, "Action": stated.get("Action"), "Resource": arn}
    return {"Statement": body | ({"Condition": condition} if condition else {})}
