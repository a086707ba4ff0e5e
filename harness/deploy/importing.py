"""A template to import the resources that a deleted stack has left behind.

An import adopts existing resources and creates none. So the template is reduced to the resources that outlive the
stack, and each of them to the properties that need no other resource; a normal deployment restores the rest.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from awscli.customizations.cloudformation.yamlhelper import yaml_dump

Json = dict[str, Any]

#: How CloudFormation identifies a resource to import: by a property in the template, or (None) by an id that AWS
#: assigned.
IDENTIFIERS: dict[str, tuple[str, str | None]] = {
    "AWS::DynamoDB::Table": ("TableName", "TableName"),
    "AWS::KMS::Key": ("KeyId", None),
    "AWS::Kinesis::Stream": ("Name", "Name"),
    "AWS::S3::Bucket": ("BucketName", "BucketName"),
}
KEY = "DataEncryptionKey"
#: The bucket that tells which key each is, after the stack is gone.
BUCKETS = {KEY: "financial-raw-data", "FailedBatchesKey": "financial-failed-batches"}
#: Says which key it is; without the parameter, which is gone with the stack, the imported key says so itself.
KEY_ARN = "DataEncryptionKeyArn"
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Import:
    """The two files that an import change set is made from."""

    template: str
    resources: list[Json]


def reduced(template: Json, names: Mapping[str, str], key_ids: Mapping[str, str]) -> Import:
    """Reduce a template to the resources that outlive its stack.

    `names` has a value for each variable in a physical name (Environment, AWS::AccountId); `key_ids` are the ids of the
    keys that the stack left behind. `KEY` is not among them if the stack used an existing key (the parameter
    ExistingKeyArn), which is not imported.
    """
    kept = {name: each for name, each in template["Resources"].items() if each["Type"] in IDENTIFIERS}
    if KEY not in key_ids:
        del kept[KEY]
    key = {"Fn::GetAtt": [KEY, "Arn"]} if KEY in key_ids else {"Ref": "ExistingKeyArn"}
    known = {*kept, *template.get("Parameters", {})}
    result: Json = {
        section: template[section]
        for section in ("AWSTemplateFormatVersion", "Parameters", "Rules", "Mappings", "Conditions")
        if section in template
    }
    result["Resources"] = {name: _alone(resource, known, key) for name, resource in kept.items()}
    return Import(yaml_dump(result), [_named(name, each, names, key_ids) for name, each in kept.items()])


def _alone(resource: Json, known: set[str], key: Json) -> Json:
    """The resource without DependsOn and without the properties that name deleted resources."""
    result = {name: value for name, value in copy.deepcopy(resource).items() if name != "DependsOn"}
    result["Properties"] = {
        name: value
        for name, value in _with_key(result["Properties"], key).items()
        if all(target in known or target.startswith("AWS::") for target in _targets(value))
    }
    return result


def _with_key(value: Any, key: Json) -> Any:
    if value == {"Fn::GetAtt": [KEY_ARN, "Value"]}:
        return key
    if isinstance(value, dict):
        return {name: _with_key(each, key) for name, each in value.items()}
    return [_with_key(each, key) for each in value] if isinstance(value, list) else value


def _targets(value: Any) -> Iterator[str]:
    """The names that a value refers to."""
    if isinstance(value, list):
        for each in value:
            yield from _targets(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "Ref":
                yield each
            elif name == "Fn::GetAtt":
                yield each[0]
            elif name == "Fn::Sub":
                yield from (variable.partition(".")[0] for variable in _VARIABLE.findall(each))
            else:
                yield from _targets(each)


def _named(name: str, resource: Json, names: Mapping[str, str], key_ids: Mapping[str, str]) -> Json:
    identifier, given = IDENTIFIERS[resource["Type"]]
    value = key_ids[name] if given is None else _resolved(resource["Properties"][given], names)
    return {"ResourceType": resource["Type"], "LogicalResourceId": name, "ResourceIdentifier": {identifier: value}}


def _resolved(value: Any, names: Mapping[str, str]) -> str:
    text: str = value["Fn::Sub"] if isinstance(value, dict) else value
    return _VARIABLE.sub(lambda match: names[match[1]], text)
