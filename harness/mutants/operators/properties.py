"""What is said of single resources: properties, tags, switches, values."""

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import (
    ALARM,
    DESTINATIONS,
    FOREIGN_KEY,
    RETENTIONS,
    Edit,
    Template,
    operator,
    type_of,
)


@operator
def remove_property(template: Template) -> Iterator[Edit]:
    """A property that matters is not there."""
    for resource, place, key, _ in places.properties(template):
        if key in DESTINATIONS or key in RETENTIONS or key == "Tags" or type_of(template, resource) == ALARM:
            continue
        yield Edit(resource, place, ABSENT, "removed")


@operator
def remove_tag(template: Template) -> Iterator[Edit]:
    """A resource does not say what it belongs to, or how confidential it is."""
    for resource, place, key, value in places.properties(template):
        if key != "Tags":
            continue
        kept: Any = ABSENT
        for index, tag in enumerate(value if isinstance(value, list) else []):
            if tag.get("Key") in ("Environment", "DataClassification"):
                yield Edit(resource, (*place, index), ABSENT, f"without {tag['Key']}")
        if isinstance(value, dict):
            yield Edit(resource, place, kept, "removed")


@operator
def mistag(template: Template) -> Iterator[Edit]:
    """A tag names production in every environment; the first resource of each type stands for the others."""
    seen = set()
    for resource, place, key, value in places.properties(template):
        type_ = type_of(template, resource)
        for index, tag in enumerate(value if key == "Tags" and isinstance(value, list) else []):
            if tag.get("Key") == "Environment" and type_ not in seen:
                seen.add(type_)
                yield Edit(resource, (*place, index, "Value"), "production", "always production")


@operator
def remove_attribute(template: Template) -> Iterator[Edit]:
    """What happens to a resource with its stack is not said, or is the worst."""
    for resource, body in template["Resources"].items():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if key in body:
                place = ("Resources", resource, key)
                yield Edit(resource, place, ABSENT, "removed")
                if body[key] != "Delete":
                    yield Edit(resource, place, "Delete", "Delete")


@operator
def remove_entry(template: Template) -> Iterator[Edit]:
    """A list has an entry less: a lifecycle rule, a notification, a way out of a security group."""
    for resource, place, key, value in places.properties(template):
        if key in ("Tags", "Dimensions", "AlarmActions", "Columns") or not isinstance(value, list):
            continue
        for index in range(len(value)):
            yield Edit(resource, (*place, index), ABSENT, "entry removed")


_OPPOSITES = {
    "Enabled": "Disabled", "Disabled": "Enabled", "ENABLED": "DISABLED", "enabled": "disabled", "true": "false",
    "false": "true", "PAY_PER_REQUEST": "PROVISIONED", "PROVISIONED": "ON_DEMAND", "LOG": "DELETE_FROM_DATABASE",
}  # fmt: skip


@operator
def falsify(template: Template) -> Iterator[Edit]:
    """A switch stands the other way."""
    for resource, place, _, value in places.properties(template):
        if isinstance(value, bool):
            yield Edit(resource, place, not value, f"{str(not value).lower()}")
        elif isinstance(value, str) and value in _OPPOSITES:
            yield Edit(resource, place, _OPPOSITES[value], _OPPOSITES[value])
        elif isinstance(value, dict) and "Fn::If" in value and value["Fn::If"][1:] == [True, False]:
            yield Edit(resource, (*place, "Fn::If", 1), False, "false")


#: Key -> weaker values to put in its place. A key of ours becomes the service's own, or a stranger's.
_KEYS = (
    "KMSMasterKeyID",
    "KmsMasterKeyId",
    "KMSMasterKeyId",
    "KMSKeyId",
    "KmsKeyId",
    "KmsKeyArn",
    "KeyId",
    "ReplicaKmsKeyID",
    "KmsKey",
)
WEAKER: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(_KEYS, ("alias/aws/service", FOREIGN_KEY)),
    "Architectures": (["arm64"],),
    "BatchSize": (1, 100),
    "CloudWatchEncryptionMode": ("DISABLED",),
    "CompatibleArchitectures": (["arm64"],),
    "Configuration": ('{"Version": 1.0, "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}',),
    "CompatibleRuntimes": (["python3.9"],),
    "EncryptionOption": ("SSE_S3",),
    "EncryptionType": ("NONE",),
    "GlueVersion": ("3.0",),
    "JobBookmarksEncryptionMode": ("DISABLED",),
    "--job-bookmark-option": ("job-bookmark-enable",),
    "LogGroup": ("/aws/lambda/somebody-else",),
    "MaxConcurrentRuns": (5,),
    "MaximumConcurrency": (1000,),
    "MaximumRecordAgeInSeconds": (-1, 3600, 604800),
    "MaximumRetryAttempts": (-1,),
    "Mode": ("GOVERNANCE", "COMPLIANCE"),
    "ObjectOwnership": ("ObjectWriter",),
    "ParallelizationFactor": (10,),
    "ReservedConcurrentExecutions": (1,),
    "Runtime": ("python3.9",),
    "S3EncryptionMode": ("DISABLED", "SSE-S3"),
    "SSEAlgorithm": ("AES256", "none"),
    "SSEType": ("AES256",),
    "Schedule": ("rate(1 hour)",),
    "ShardCount": (0,),
    "StartingPosition": ("LATEST",),
    "StorageClass": ("DEEP_ARCHIVE",),
    "Timeout": (3, 2880),
    "VisibilityTimeout": (30,),
    "maxReceiveCount": (1,),
}


@operator
def weaken_value(template: Template) -> Iterator[Edit]:
    """A value is of the kind that is wanted, and too weak."""
    for resource, place, key, value in places.properties(template):
        for weaker in WEAKER.get(key, ()):
            if weaker != value:
                yield Edit(resource, place, weaker, str(weaker))


_STATED = {
    "AWS::Glue::Crawler": ((("Properties", "Schedule"), {"ScheduleExpression": "rate(1 hour)"}),),
    "AWS::IAM::Role": (
        (("Properties", "ManagedPolicyArns"), ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        (("Properties", "ManagedPolicyArns"), ["arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"]),
    ),
    "AWS::KMS::Key": (
        (("Properties", "Enabled"), False),
        (("Properties", "KeySpec"), "RSA_2048"),
        (("Properties", "PendingWindowInDays"), 7),
    ),
    "AWS::Kinesis::Stream": ((("Properties", "ShardCount"), 0),),
    "AWS::S3::Bucket": ((("Properties", "AccessControl"), "PublicRead"),),
}


@operator
def add_property(template: Template) -> Iterator[Edit]:
    """A property that is better left out."""
    for resource, body in template["Resources"].items():
        for (section, key), value in _STATED.get(body["Type"], ()):
            if key not in body[section]:
                yield Edit(resource, ("Resources", resource, section, key), value, f"{value}")
        notifications = ("Resources", resource, "Properties", "NotificationConfiguration")
        if get(template, notifications) is not ABSENT:
            functions = [
                name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Function"
            ]
            for name in functions:
                target = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": [name, "Arn"]}}
                place = (*notifications, "LambdaConfigurations")
                yield Edit(resource, place, [target], f"to {name} directly")
