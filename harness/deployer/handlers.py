"""The IAM actions that CloudFormation's handlers call for each resource type of the template.

CloudFormation calls them with the rights of whoever deploys:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
"""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.deployer import reference
from harness.deployer.errors import UnknownRight
from harness.render import schemas

#: The handlers that stack operations call; drift detection and import use `read`. `list` serves
#: only the Cloud Control API and the template generator, so it is left out.
#: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
HANDLERS = ("create", "read", "update", "delete", "tagging")

#: Types whose schema has no handlers, with their actions and the AWS page as a comment. Currently none.
WITHOUT_HANDLERS: dict[str, tuple[str, ...]] = {}

_S3_OPERATIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"


@dataclass(frozen=True)
class NoAction:
    """A name in a handler's list that is not an IAM action: what is granted instead, and why."""

    instead: tuple[str, ...]
    why: str
    url: str


def _s3(instead: str) -> NoAction:
    return NoAction((instead,), "an S3 API operation; this is its IAM action", _S3_OPERATIONS)


NO_ACTIONS = {
    "lakeformation:CreateTable": NoAction(
        (),
        "a Lake Formation permission, not an IAM action",
        "https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html",
    ),
    "lambda:AssociateRuntimeAlias": NoAction(
        (),
        "not in AWS's list of Lambda actions",
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
        "an operation name in S3 access logs; this is its IAM action",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    ),
    "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation": NoAction(
        (),
        "not in AWS's list of VPC Lattice actions; for service network endpoints",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html",
    ),
}


def called_for(types: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each action that these types' handlers call, with the types that need it."""
    found: dict[str, set[str]] = {}
    for type_ in sorted(set(types)):
        for name in _names(type_):
            for action in _granted(name, type_):
                found.setdefault(action, set()).add(type_)
    return {action: frozenset(found[action]) for action in sorted(found)}


def names_without_action(types: Iterable[str]) -> list[str]:
    """The names in these types' handler lists that are not IAM actions."""
    names = {_written(name) for type_ in set(types) for name in _names(type_)}
    return sorted(names & NO_ACTIONS.keys())


def _names(type_: str) -> Iterable[str]:
    stated = schemas.permissions(type_)
    if stated:
        return [name for handler in HANDLERS for name in stated.get(handler, ())]
    if type_ in WITHOUT_HANDLERS:
        return WITHOUT_HANDLERS[type_]
    raise UnknownRight(
        f"{type_} has no handlers in this cfn-lint's schemas: look up its actions in AWS's documentation and "
        "add them to WITHOUT_HANDLERS in harness/deployer/handlers.py"
    )


def _granted(name: str, type_: str) -> tuple[str, ...]:
    action = _written(name)
    if action in NO_ACTIONS:
        return NO_ACTIONS[action].instead
    if reference.exists(action):
        return (action,)
    raise UnknownRight(
        f"{type_} needs {name}, which is not in AWS's service authorization reference: add it to NO_ACTIONS in "
        "harness/deployer/handlers.py"
    )


def _written(name: str) -> str:
    """The action with a lower-case service prefix; some schemas use capitals."""
    service, _, action = name.partition(":")
    return f"{service.lower()}:{action}"
