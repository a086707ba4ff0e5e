"""Networks: what security groups let in and out, and whose they are."""

from collections.abc import Iterator
from typing import Any, Literal

from harness.render.resources import Resource, Stack, at, items
from rules.lib.iam import Path, Statement, fits, role_statements
from rules.lib.roles import LAMBDA_READS, role_of

#: Every AWS service is called by HTTPS.
HTTPS = 443

#: Itself. EC2 adds a rule to everywhere where there is none, so a rule to nowhere has to stand there.
NOWHERE = "127.0.0.1/32"
#: Services that are reached by their gateway endpoints, and the parameter that lists their addresses.
GATEWAYS = {"dynamodb": "DynamoDBPrefixListId", "s3": "S3PrefixListId"}
#: What Lambda does with the role by itself, from outside of the VPC: network interfaces, logs, mappings.
LAMBDA_MAKES = (
    *LAMBDA_READS,
    "ec2:*",
    "kms:*",  # the services ask KMS, on the function's behalf
    "logs:*",
    "xray:*",  # https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
)

Direction = Literal["Ingress", "Egress"]
DIRECTIONS: tuple[Direction, ...] = ("Ingress", "Egress")


def rules_of(stack: Stack, group: Resource, direction: Direction) -> list[dict[str, Any]]:
    """A security group's rules, those in resources of their own included."""
    stated = [rule for _, rule in own_rules(group, direction)]
    apart = [
        each.properties
        for each in stack.of(f"AWS::EC2::SecurityGroup{direction}").values()
        if each.properties.get("GroupId") in _ids(group)
    ]
    return stated + apart


def with_rules(stack: Stack, direction: Direction) -> list[str]:
    """The security groups with rules of a direction, and such rules in resources of their own."""
    found = stack.of("AWS::EC2::SecurityGroup", f"AWS::EC2::SecurityGroup{direction}").items()
    return [name for name, each in found if stated_rules(each, direction)]


def stated_rules(resource: Resource, direction: Direction) -> list[tuple[Path, dict[str, Any]]]:
    """The rules that a security group states itself, or the one that a resource is, and where."""
    if resource.type == f"AWS::EC2::SecurityGroup{direction}":
        return [(("Properties",), resource.properties)]
    return own_rules(resource, direction)


def own_rules(group: Resource, direction: Direction) -> list[tuple[Path, dict[str, Any]]]:
    """The rules that stand in the security group itself, and where; one that cannot be read is empty."""
    key = f"SecurityGroup{direction}"
    return [
        (("Properties", key, index), rule if isinstance(rule, dict) else {})
        for index, rule in enumerate(items(group.properties.get(key)))
    ]


def lets_https(rule: dict[str, Any]) -> bool:
    """Whether a rule lets HTTPS through, from or to wherever it says."""
    protocol = str(rule.get("IpProtocol"))
    if protocol == "-1":
        return True
    first, last = _port(rule.get("FromPort")), _port(rule.get("ToPort"))
    return protocol in ("tcp", "6") and first is not None and last is not None and first <= HTTPS <= last


def group_of(stack: Stack, name: Any) -> Resource | None:
    """The security group of this template with this id, or None."""
    groups = stack.of("AWS::EC2::SecurityGroup").values()
    return next((each for each in groups if isinstance(name, str) and name in _ids(each)), None)


def vpc_blocks(stack: Stack) -> list[str]:
    """The VPC's blocks as the stack is told them; none where it is not."""
    return [each.strip() for each in stack.parameters.get("VpcCidr", "").split(",") if each.strip()]


def endpoint_groups(stack: Stack, service: str) -> list[Resource]:
    """The security groups of this template that its interface endpoints for a service have."""
    return [
        group
        for each in stack.of("AWS::EC2::VPCEndpoint").values()
        if each.properties.get("VpcEndpointType") == "Interface" and endpoint_service(each) == service
        for name in items(each.properties.get("SecurityGroupIds"))
        if (group := group_of(stack, name)) is not None
    ]


def endpoint_service(endpoint: Resource) -> str:
    """The service as IAM calls it: `kinesis` of an endpoint for `kinesis-streams`."""
    return str(endpoint.properties.get("ServiceName")).rpartition(".")[2].removesuffix("-streams")


def functions_in_a_vpc(stack: Stack) -> dict[str, Resource]:
    """The functions that have network interfaces in a VPC."""
    functions = stack.of("AWS::Lambda::Function").items()
    return {name: each for name, each in functions if items(at(each.properties, "VpcConfig", "SubnetIds"))}


def called_services(stack: Stack, function: Resource) -> set[str]:
    """The services that a function's code calls by its role, as IAM calls them."""
    role = role_of(stack, function)
    granted = [each for each in role_statements(role) if each.allows] if role else []
    target = at(function.properties, "DeadLetterConfig", "TargetArn")
    return {service for each in granted for service in _services(each, target)}


def _services(statement: Statement, dead_letter_target: Any) -> Iterator[str]:
    # What nobody received Lambda itself sends to the dead-letter target.
    if statement.resources == [dead_letter_target]:
        return
    for action in statement.actions:
        if not any(fits(action.lower(), pattern) for pattern in LAMBDA_MAKES):
            yield action.lower().split(":")[0]


def function_groups(function: Resource) -> list[Any]:
    """The ids of a function's security groups."""
    return items(at(function.properties, "VpcConfig", "SecurityGroupIds"))


def _ids(group: Resource) -> list[str]:
    return [each for each in (group.ref, group.arn) if each]


def _port(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
