"""The IAM actions that CloudFormation's handlers call for each resource type of the template.

CloudFormation calls them with the rights of whoever deploys:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.deployer import reference
from harness.deployer.errors import UnknownRight
from harness.render import schemas

#: What a stack operation calls: creating, updating (which reads), deleting; drift and import read. `list` serves
#: whoever lists resources without a stack (Cloud Control API, the template generator), so it is left out.
#: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
HANDLERS = ("create", "read", "update", "delete", "tagging")

#: Types whose schema has no handlers: their actions, each from an AWS page that stands beside it. There is none today.
WITHOUT_HANDLERS: dict[str, tuple[str, ...]] = {}

_S3_OPERATIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"


@dataclass(frozen=True)
class NoAction:
    """A name in a handler's list that IAM has no action of: what is granted instead, if anything, and why."""

    instead: tuple[str, ...]
    why: str
    url: str


def _s3(instead: str) -> NoAction:
    return NoAction((instead,), "an operation of S3's API; this is the action that allows it", _S3_OPERATIONS)


NO_ACTIONS = {
    "lakeformation:CreateTable": NoAction(
        (),
        "a permission that Lake Formation grants, no action of IAM",
        "https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html",
    ),
    "lambda:AssociateRuntimeAlias": NoAction(
        (),
        "in no list of Lambda's actions",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html",
    ),
    "s3:DeleteBucketAnalyticsConfiguration": _s3("s3:PutAnalyticsConfiguration"),
    "s3:DeleteBucketCors": _s3("s3:PutBucketCORS"),
    "s3:DeleteBucketEncryption": _s3("s3:PutEncryptionConfiguration"),
    "s3:DeleteBucketLifecycle": _s3("s3:PutLifecycleConfiguration"),
    "s3:DeleteBucketMetricsConfiguration": _s3("s3:PutMetricsConfiguration"),
    "s3:DeleteBucketReplication": _s3("s3:PutReplicationConfiguration"),
    "s3:DeleteBucketTagging": _s3("s3:PutBucketTagging"),
    "s3:GetObjectMetadata": _s3("s3:GetObject"),
    "s3:PutBucketReplication": _s3("s3:PutReplicationConfiguration"),
    "s3:PutObjectLockConfiguration": _s3("s3:PutBucketObjectLockConfiguration"),
    "s3:REST.PUT.OBJECT": NoAction(
        ("s3:PutObject",),
        "an operation's name in S3's access logs; this is the action that allows it",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    ),
    "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation": NoAction(
        (),
        "in no list of VPC Lattice's actions; for endpoints of a service network",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html",
    ),
}


def called_for(types: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each action that the handlers of these types call, and the types that ask for it."""
    found: dict[str, set[str]] = {}
    for type_ in sorted(set(types)):
        for name in _names(type_):
            for action in _granted(name, type_):
                found.setdefault(action, set()).add(type_)
    return {action: frozenset(found[action]) for action in sorted(found)}


def names_without_action(types: Iterable[str]) -> list[str]:
    """The names in the handlers' lists of these types that are no actions."""
    names = {_written(name) for type_ in set(types) for name in _names(type_)}
    return sorted(names & NO_ACTIONS.keys())


def _names(type_: str) -> Iterable[str]:
    stated = schemas.permissions(type_)
    if stated:
        return [name for handler in HANDLERS for name in stated.get(handler, ())]
    if type_ in WITHOUT_HANDLERS:
        return WITHOUT_HANDLERS[type_]
    raise UnknownRight(
        f"{type_} has no handlers in the schemas of this cfn-lint: look its actions up in AWS's documentation, and "
        "write them down in WITHOUT_HANDLERS of harness/deployer/handlers.py"
    )


def _granted(name: str, type_: str) -> tuple[str, ...]:
    action = _written(name)
    if action in NO_ACTIONS:
        return NO_ACTIONS[action].instead
    if reference.exists(action):
        return (action,)
    raise UnknownRight(
        f"{type_} asks for {name}, which is no action of AWS's service authorization reference: say in NO_ACTIONS of "
        "harness/deployer/handlers.py what it means"
    )


def _written(name: str) -> str:
    """With the service in small letters, as everybody writes it; some schemas do not."""
    service, _, action = name.partition(":")
    return f"{service.lower()}:{action}"
