"""Each grant of the template's roles: how it is shown to be needed, and how it is taken away. No tests.

Each is in one of four groups, and a test of each group takes it away:

- `RUN`: the roles' own requests (rules/calls.csv). The emulated AWS refuses one, and the run names it.
- `RETRIED`: requests that only a retry makes. The same, in a run that is given a reason to retry.
- `EVALUATED`: what AWS's services do with the roles. The permission check names it.
- `LISTED`: what none of these reaches, each with its reason. rules/access.yaml, held to the template, names it.
"""

import json
from copy import deepcopy
from typing import Any

import yaml

from harness.access.command import CALLS
from harness.access.grants import Grant, grants, read_calls
from harness.deploy.stack import TEMPLATE
from harness.render.resources import items
from harness.render.source import read

GRANTS = {str(each): each for each in grants(read(TEMPLATE).template)}

_HERE = "${AWS::Region}:${AWS::AccountId}"
_CATALOG = f"arn:${{AWS::Partition}}:glue:{_HERE}:"
_PARTS = (
    "For files above 8 MB, which are sent in parts, and for what is left of one that broke off: no run has such files."
)
_SHARED = "For subnets of another account. The emulated AWS has none, and development names no owner."
_DECLARED = "The template declares the groups of this name; Glue would only create one that somebody has deleted."
LISTED = {
    "KinesisConsumerRole UseSharedSubnets: ec2:CreateNetworkInterface arn:${AWS::Partition}:ec2:${AWS::Region}:"
    "VpcOwnerAccountId:subnet/*": _SHARED,
    "DataValidationRole UseSharedSubnets: ec2:CreateNetworkInterface arn:${AWS::Partition}:ec2:${AWS::Region}:"
    "VpcOwnerAccountId:subnet/*": _SHARED,
    "GlueJobRole FinishOrAbortUploads: s3:AbortMultipartUpload ProcessedDataBucket/parquet/*": _PARTS,
    "GlueJobRole FinishOrAbortUploads: s3:AbortMultipartUpload ProcessedDataBucket/staging/*": _PARTS,
    "GlueJobRole FinishOrAbortUploads: s3:ListMultipartUploadParts ProcessedDataBucket/parquet/*": _PARTS,
    "GlueJobRole FinishOrAbortUploads: s3:ListMultipartUploadParts ProcessedDataBucket/staging/*": _PARTS,
    "GlueJobRole FindUnfinishedUploads: s3:ListBucketMultipartUploads ProcessedDataBucket": _PARTS,
    f"GlueJobRole WriteOwnLog: logs:CreateLogGroup arn:${{AWS::Partition}}:logs:{_HERE}:log-group:/aws-glue/"
    "JsonToParquetJob/*": _DECLARED,
}
#: The emulated AWS asks about the database; the permission check about the catalog and the tables too.
RETRIED = (
    "DataValidationRole ReadEarlierVerdicts: s3:GetObject ProcessedDataBucket/validated/*",
    "DataValidationRole ReadEarlierVerdicts: s3:GetObject RawDataBucket/quarantine/data_validation/*",
    # The validator completes the lineage of a raw object that has no job row.
    "DataValidationRole WriteLineageRows: dynamodb:PutItem DataLineageTable if dynamodb:LeadingKeys is "
    "s3://RawDataBucket/market-data/*",
    "GlueJobRole ReadValidatedObjects: s3:GetObject ProcessedDataBucket/parquet/*",
    f"GlueJobRole AddPartitions: glue:BatchUpdatePartition {_CATALOG}database/GlueDatabase",
    f"GlueJobRole AddPartitions: glue:GetPartition {_CATALOG}database/GlueDatabase",
)
_CALLS = read_calls(CALLS)
RUN = tuple(name for name, grant in GRANTS.items() if grant.is_called(_CALLS) and name not in RETRIED)
EVALUATED = tuple(name for name in GRANTS if name not in {*RUN, *RETRIED, *LISTED})


def without(template: Any, grant: Grant) -> Any:
    """The template, which is changed, with one grant less."""
    for policy in template["Resources"][grant.role]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        document["Statement"] = [part for each in document["Statement"] for part in _left(each, grant)]
    return template


def packaged_without(text: str, grant: Grant) -> str:
    """The same for the text of the packaged template."""
    return json.dumps(without(yaml.safe_load(text), grant))


def _left(each: Any, grant: Grant) -> list[Any]:
    if "Fn::If" not in each:
        return left(each, grant)
    condition, statement, nothing = each["Fn::If"]
    return [{"Fn::If": [condition, part, nothing]} for part in left(statement, grant)]


def left(statement: Any, grant: Grant) -> list[Any]:
    """What is left of a statement without the grant, in one to three statements; itself, if it is another's."""
    if statement.get("Sid") != grant.sid:
        return [statement]
    action, resources = grant.action, items(statement["Resource"])
    parts = [
        {"Action": [each for each in items(statement["Action"]) if each != action]},
        {"Action": action, "Resource": [each for number, each in enumerate(resources) if number != grant.number]},
    ]
    if grant.alternative:
        operator, key, number, _ = grant.alternative
        condition = deepcopy(statement["Condition"])
        del condition[operator][key][number]
        parts.append({"Action": action, "Resource": resources[grant.number], "Condition": condition})
    made = [{**statement, **part, "Sid": f"{grant.sid}{number}"} for number, part in enumerate(parts)]
    return [each for each in made if each["Action"] and each["Resource"]]
