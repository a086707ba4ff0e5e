"""The deployer's permissions as IAM policy documents, each small enough for a managed policy."""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.deployer import handlers, names, reference
from harness.deployer.additions import Addition, of_preflight, of_the_caller, of_the_resources
from harness.deployer.errors import UnknownRight
from harness.deployer.names import Place

Json = dict[str, Any]

#: A managed policy's characters, white space not counted.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MAXIMUM_CHARACTERS = 6144
#: Default quota of managed policies per role. The same page.
MAXIMUM_POLICIES = 10
#: Name lengths for sizing the policies: `development` has 11 letters, a bucket at most 63.
_LONGEST, _LONGEST_BUCKET = 12, 63

#: Only for CloudFormation's calls on the deployer's behalf: no direct access to tables and buckets.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
#: https://aws.amazon.com/blogs/security/how-to-define-least-privileged-permissions-for-actions-called-by-aws-services/
THROUGH_CLOUDFORMATION = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
#: Only for a service's use of a key on the deployer's behalf: direct requests lack this condition key. Its
#: value is Lambda, DynamoDB and so on, or CloudFormation where the handler itself asks for the key.
#: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
#: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/321
THROUGH_A_SERVICE = {"Null": {"kms:ViaService": "false"}}

#: Service names for tables and statement ids.
LABELS = {
    "athena": "Athena", "cloudformation": "CloudFormation", "cloudtrail": "CloudTrail", "cloudwatch": "CloudWatch",
    "codedeploy": "CodeDeploy", "dynamodb": "DynamoDB", "ec2": "EC2", "elasticfilesystem": "EFS",
    "events": "EventBridge", "firehose": "Firehose", "glue": "Glue", "iam": "IAM", "kinesis": "Kinesis", "kms": "KMS",
    "lakeformation": "LakeFormation", "lambda": "Lambda", "logs": "Logs", "organizations": "Organizations",
    "route53": "Route53", "s3": "S3", "s3files": "S3Files", "s3tables": "S3Tables", "sns": "SNS", "sqs": "SQS",
    "ssm": "SystemsManager", "vpc-lattice": "VPCLattice", "vpce": "VPCEndpoints",
}  # fmt: skip


@dataclass(frozen=True)
class Rights:
    """The inputs of the policies and the page."""

    place: Place
    #: Action -> the types whose handlers call it.
    handlers: Mapping[str, frozenset[str]]
    without_action: tuple[str, ...]
    #: Service -> resource type -> ARNs.
    arns: Mapping[str, Mapping[str, tuple[str, ...]]]
    roles: tuple[str, ...]
    passed_to: tuple[str, ...]
    caller: tuple[Addition, ...]
    resources: tuple[Addition, ...]
    #: The services of each policy, equal in every environment, so that the page's commands apply to all.
    groups: tuple[tuple[str, ...], ...] = ()


def rights(template: Mapping[str, Any], pages: Iterable[str], place: Place) -> Rights:
    """The permissions to deploy a template by these pages. Raises UnknownRight for unknown types or actions."""
    pages = list(pages)
    widest = replace(place, environment=_LONGEST * "e", partition="aws-us-gov", artifact_bucket=_LONGEST_BUCKET * "b")
    return replace(
        _rights(template, pages, place), groups=tuple(_packed(_by_service(_rights(template, pages, widest))))
    )


def _rights(template: Mapping[str, Any], pages: Iterable[str], place: Place) -> Rights:
    types = [resource["Type"] for resource in template["Resources"].values()]
    arns = names.arns(template, place)
    found = Rights(
        place,
        handlers.called_for(types),
        tuple(handlers.names_without_action(types)),
        arns,
        arns.get("iam", {}).get("role", ()),
        tuple(sorted(set(_services_with_a_role(template["Resources"], place)))),
        (*of_the_caller(pages, place), *of_preflight(place)),
        tuple(of_the_resources(types, place)),
    )
    for addition in (*found.caller, *found.resources):
        if unknown := [action for action in addition.actions if not reference.exists(action)]:
            raise UnknownRight(f"{addition.sid}: no such action as {', '.join(unknown)} (deployer/additions.py)")
    return found


def _services_with_a_role(resources: Mapping[str, Json], place: Place) -> Iterator[str]:
    """The services that the template's roles trust, to which they are passed."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            statements = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            for statement in statements if isinstance(statements, list) else [statements]:
                principal = statement.get("Principal", {"Service": None})
                services = principal.get("Service", []) if isinstance(principal, dict) else []
                for service in services if isinstance(services, list) else [services]:
                    text = service.get("Fn::Sub") if isinstance(service, dict) else service
                    if "Principal" not in statement or not isinstance(text, str):
                        raise UnknownRight(f"{name}: which services it trusts depends on more than the environment")
                    yield place.resolved(text)


def documents(found: Rights, *, service_role: bool = False) -> dict[str, Json]:
    """The policy documents by name: `calls` for the caller, the others for CloudFormation's own calls.

    A role that CloudFormation itself takes on (`--role-arn`) is not called through CloudFormation, so the policies of
    `service_role` leave that condition out.
    """
    services = _by_service(found, {} if service_role else THROUGH_CLOUDFORMATION)
    result = {"calls": _document([_of(each) for each in found.caller])}
    for number, group in enumerate(found.groups, 1):
        result[f"resources-{number}"] = _document([statement for service in group for statement in services[service]])
    return result


def _by_service(found: Rights, condition: Json = THROUGH_CLOUDFORMATION) -> dict[str, list[Json]]:
    services = {service: list(_statements(found, service, condition)) for service in _services(found)}
    for addition in found.resources:
        service = addition.actions[0].partition(":")[0]
        services.setdefault(service, []).append(_of(addition, {} if addition.direct else condition))
    return services


def text(document: Json) -> str:
    """A document as JSON, each statement wrapped at 120 characters."""
    written = (
        textwrap.fill(json.dumps(statement), 119, subsequent_indent="  ", break_on_hyphens=False)
        for statement in document["Statement"]
    )
    return f'{{"Version": "{document["Version"]}", "Statement": [\n' + ",\n".join(written) + "\n]}"


def size(document: Json) -> int:
    """A document's size in characters, as IAM counts it."""
    return len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":"))))


def _services(found: Rights) -> list[str]:
    return sorted({action.partition(":")[0] for action in found.handlers})


def _packed(services: Mapping[str, list[Json]]) -> Iterator[tuple[str, ...]]:
    """Pack services by name, each into the first document that has room for it; a service is never split."""
    groups: list[list[str]] = []
    for service in sorted(services):
        if _together(services, [service]) > MAXIMUM_CHARACTERS:
            raise UnknownRight(f"{label(service)} alone is more than a managed policy takes")
        with_room = (each for each in groups if _together(services, [*each, service]) <= MAXIMUM_CHARACTERS)
        if (group := next(with_room, None)) is None:
            groups.append(group := [])
        group.append(service)
    yield from map(tuple, groups)


def _together(services: Mapping[str, list[Json]], group: list[str]) -> int:
    return size(_document([statement for service in group for statement in services[service]]))


def _statements(found: Rights, service: str, condition: Json) -> Iterator[Json]:
    actions = [action for action in found.handlers if action.partition(":")[0] == service]
    kinds = found.arns.get(service, {})
    named: list[str] = []
    anywhere: list[str] = []
    for action in actions:
        if action in ("iam:PassRole", "iam:CreateServiceLinkedRole") or _is_use_of_a_key(action, found):
            continue
        (named if reference.resource_types(action) & kinds.keys() else anywhere).append(action)
    name = label(service)
    if named:
        used = set().union(*(reference.resource_types(action) for action in named))
        yield _statement(name, named, _union(kinds, used), condition)
    if anywhere:
        yield _statement(f"{name}Anywhere" if named else name, anywhere, ["*"], condition)
    if "iam:PassRole" in actions and found.roles:
        passed = {"StringEquals": {"iam:PassedToService": list(found.passed_to)}}
        yield _statement("PassRole", ["iam:PassRole"], list(found.roles), passed)
    if "iam:CreateServiceLinkedRole" in actions:
        linked = [found.place.arn("iam::*:role/aws-service-role/*")]
        yield _statement("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole"], linked, condition)
    if uses := [action for action in actions if _is_use_of_a_key(action, found)]:
        yield _statement("KeyUse", uses, list(kinds.get("key", [found.place.arn("kms:*:*:key/*")])), THROUGH_A_SERVICE)


def _is_use_of_a_key(action: str, found: Rights) -> bool:
    """Whether only other services' types need it: those services call it on the deployer's behalf."""
    return action.startswith("kms:") and not any(type_.startswith("AWS::KMS::") for type_ in found.handlers[action])


def _union(kinds: Mapping[str, tuple[str, ...]], used: Iterable[str]) -> list[str]:
    return sorted({arn for kind in used for arn in kinds.get(kind, ())})


def label(action: str) -> str:
    """The name of an action's service, in letters and digits, as statement ids require."""
    service = action.partition(":")[0]
    return LABELS.get(service, re.sub(r"[^A-Za-z0-9]", "", service.title()))


def _of(addition: Addition, condition: Json | None = None) -> Json:
    return _statement(
        f"{label(addition.actions[0])}{addition.sid}", list(addition.actions), list(addition.resources), condition or {}
    )


def _statement(sid: str, actions: list[str], resources: list[str], condition: Json) -> Json:
    statement: Json = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _document(statements: list[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": statements}
