"""Reads the template as plain data; helpers to query it. No tests."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awscli.customizations.cloudformation.yamlhelper import yaml_dump

from harness.render import source

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "template" / "financial-pipeline.yaml"

Template = dict[str, Any]
Resource = dict[str, Any]

NO_VALUE = {"Ref": "AWS::NoValue"}


def read() -> Template:
    """The template with its intrinsic functions in the long form."""
    return source.read(PATH).template


def write(template: Template) -> str:
    """A template as YAML."""
    text: str = yaml_dump(template)
    return text


def changed(template: Template, *path: str | int, to: Any) -> Template:
    """A copy with the value at `path` replaced; with `to=None`, without it."""
    result = copy.deepcopy(template)
    place: Any = result
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return result


def resources(template: Template, *types: str) -> dict[str, Resource]:
    """Resources of some types by logical id."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] in types}


def properties(template: Template, name: str) -> Resource:
    """A resource's properties."""
    found: Resource = template["Resources"][name]["Properties"]
    return found


def statements(document: Resource) -> Iterator[Resource]:
    """Every statement of a policy, conditional ones included."""
    for statement in document["Statement"]:
        if "Fn::If" in statement:
            yield from (each for each in statement["Fn::If"][1:] if each != NO_VALUE)
        else:
            yield statement


def role_statements(role: Resource) -> Iterator[Resource]:
    """Every statement of a role's own policies."""
    for policy in role["Properties"].get("Policies", []):
        yield from statements(policy["PolicyDocument"])


def many(value: Any) -> list[Any]:
    """A list, where IAM allows one item or a list."""
    return value if isinstance(value, list) else [value]


def walk(value: Any) -> Iterator[Any]:
    """The value and every object, list and scalar inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from walk(each)


def references(value: Any) -> set[str]:
    """The logical ids that a value refers to by Ref, GetAtt or Sub."""
    found: set[str] = set()
    for each in walk(value):
        if not isinstance(each, dict):
            continue
        if "Ref" in each:
            found.add(each["Ref"])
        if "Fn::GetAtt" in each:
            target = each["Fn::GetAtt"]
            found.add((target if isinstance(target, list) else target.split("."))[0])
        if "Fn::Sub" in each:
            text = each["Fn::Sub"]
            text = text[0] if isinstance(text, list) else text
            found.update(part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
    return found


def bucket_policies(template: Template, bucket: str) -> list[Resource]:
    """The statements of a bucket's policies."""
    return [
        statement
        for policy in resources(template, "AWS::S3::BucketPolicy").values()
        if policy["Properties"]["Bucket"] == {"Ref": bucket}
        for statement in statements(policy["Properties"]["PolicyDocument"])
    ]


def key_statements(template: Template) -> list[Resource]:
    """The statements of the key's policy."""
    return list(statements(properties(template, "DataEncryptionKey")["KeyPolicy"]))


def service_of(statement: Resource) -> str:
    """The service principal of a statement; empty if it has none."""
    principal = statement.get("Principal", {})
    service = principal.get("Service", "") if isinstance(principal, dict) else ""
    return str(service.get("Fn::Sub") if isinstance(service, dict) else service)


def alarms_on(template: Template, metric: str, dimension: Any = None) -> list[Resource]:
    """Properties of the alarms on a metric, optionally with one dimension value."""
    return [
        alarm["Properties"]
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"].get("MetricName") == metric
        and (dimension is None or dimension in [each["Value"] for each in alarm["Properties"]["Dimensions"]])
    ]
