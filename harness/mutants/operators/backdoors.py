"""Ways in and out beside those that the rules about buckets, roles and queues read."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.dumping import as_json
from harness.render.source import Place

STRANGER = "999999999999"
ELSEWHERE = "arn:aws:s3:::somebody-else"


def _policy(action: str) -> dict[str, Any]:
    grant = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [grant]}


#: For each type, resources that get round what its rules say; `{0}` is the resource, `{1}` its ARN.
_GRANTS: dict[str, dict[str, dict[str, Any]]] = {
    "AWS::Kinesis::Stream": {
        "AWS::Kinesis::ResourcePolicy": {"ResourceArn": "{1}", "ResourcePolicy": _policy("kinesis:*")},
        "AWS::Kinesis::StreamConsumer": {"ConsumerName": "somebody", "StreamARN": "{1}"},
    },
    "AWS::S3::Bucket": {"AWS::S3::AccessPoint": {"Bucket": "{0}", "Policy": _policy("s3:GetObject")}},
    "AWS::SNS::Topic": {
        "AWS::SNS::Subscription": {"TopicArn": "{0}", "Protocol": "https", "Endpoint": "https://example.com/"},
        "AWS::SNS::TopicInlinePolicy": {"TopicArn": "{0}", "PolicyDocument": _policy("sns:Publish")},
    },
    "AWS::SQS::Queue": {"AWS::SQS::QueueInlinePolicy": {"Queue": "{0}", "PolicyDocument": _policy("sqs:SendMessage")}},
    "AWS::KMS::Key": {"AWS::KMS::ReplicaKey": {"PrimaryKeyArn": "{1}", "KeyPolicy": _policy("kms:*")}},
    "AWS::Logs::LogGroup": {
        "AWS::Logs::SubscriptionFilter": {
            "LogGroupName": "{0}",
            "FilterPattern": "",
            "DestinationArn": f"arn:aws:logs:us-east-1:{STRANGER}:destination:somebody",
        }
    },
    "AWS::Lambda::LayerVersion": {
        "AWS::Lambda::LayerVersionPermission": {
            "LayerVersionArn": "{0}",
            "Action": "lambda:GetLayerVersion",
            "Principal": "*",
        }
    },
    "AWS::Glue::Database": {
        "AWS::LakeFormation::PrincipalPermissions": {
            "Permissions": ["ALL"],
            "PermissionsWithGrantOption": [],
            "Principal": {"DataLakePrincipalIdentifier": STRANGER},
            "Resource": {"Database": {"CatalogId": {"Ref": "AWS::AccountId"}, "Name": "{0}"}},
        }
    },
}
#: The same of the stack as a whole.
_STRANGERS: dict[str, dict[str, Any]] = {
    "AWS::CloudFormation::CustomResource": {"ServiceToken": f"arn:aws:lambda:us-east-1:{STRANGER}:function:somebody"},
    "AWS::CloudFormation::Stack": {"TemplateURL": "https://example.com/template.yaml"},
    "AWS::EC2::VPCPeeringConnection": {"VpcId": "vpc-12345678", "PeerVpcId": "vpc-87654321", "PeerOwnerId": STRANGER},
    "AWS::IAM::AccessKey": {"UserName": "somebody"},
    "AWS::IAM::User": {"Policies": [{"PolicyName": "Everything", "PolicyDocument": _policy("*")}]},
    "AWS::RAM::ResourceShare": {"Name": "everything", "Principals": [STRANGER]},
}


@operator
def add_backdoor_grant(template: Template) -> Iterator[Edit]:
    """A resource of another kind that lets strangers in, or carries something out."""
    for name, body in template["Resources"].items():
        for type_, stated in _GRANTS.get(body["Type"], {}).items():
            added = f"{name}{type_.rpartition('::')[2]}"
            grant = {"Type": type_, "Properties": _filled(stated, name)}
            yield Edit(added, ("Resources", added), grant, f"{type_} for {name}")
    for type_, stated in _STRANGERS.items():
        added = f"Another{type_.rpartition('::')[2]}"
        yield Edit(added, ("Resources", added), {"Type": type_, "Properties": stated}, type_)


#: For each type, properties that no rule is about: each sends something elsewhere, or lets somebody in.
_SETTINGS: dict[str, dict[str, Any]] = {
    "AWS::CloudTrail::Trail": {
        "EventSelectors": [{"IncludeManagementEvents": True}],
        "IsMultiRegionTrail": True,
        "SnsTopicName": f"arn:aws:sns:us-east-1:{STRANGER}:somebody",
    },
    "AWS::DynamoDB::Table": {
        "ImportSourceSpecification": {"InputFormat": "CSV", "S3BucketSource": {"S3Bucket": "somebody-else"}},
        "KinesisStreamSpecification": {"StreamArn": f"arn:aws:kinesis:us-east-1:{STRANGER}:stream/somebody"},
        "ResourcePolicy": {"PolicyDocument": _policy("dynamodb:*")},
        "TimeToLiveSpecification": {"AttributeName": "started", "Enabled": True},
    },
    # AWS takes new folders only with S3 targets, and these crawlers have tables.
    "AWS::Glue::Crawler": {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}},
    "AWS::Glue::Job": {"Connections": {"Connections": ["somebody"]}},
    "AWS::IAM::Role": {"MaxSessionDuration": 43200},
    "AWS::KMS::Key": {"BypassPolicyLockoutSafetyCheck": True, "MultiRegion": True},
    "AWS::Lambda::EventSourceMapping": {"FilterCriteria": {"Filters": [{"Pattern": '{"data": {"symbol": ["IBM"]}}'}]}},
    "AWS::Lambda::Function": {
        "FileSystemConfigs": [
            {
                "Arn": f"arn:aws:elasticfilesystem:us-east-1:{STRANGER}:access-point/fsap-0123456789abcdef0",
                "LocalMountPath": "/mnt/somebody",
            }
        ]
    },
    "AWS::S3::Bucket": {
        "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        "InventoryConfigurations": [
            {
                "Id": "everything",
                "Enabled": True,
                "IncludedObjectVersions": "All",
                "ScheduleFrequency": "Daily",
                "Destination": {"BucketArn": ELSEWHERE, "BucketAccountId": STRANGER, "Format": "CSV"},
            }
        ],
        "WebsiteConfiguration": {"IndexDocument": "index.html"},
    },
    "AWS::SQS::Queue": {"DelaySeconds": 900, "RedriveAllowPolicy": {"redrivePermission": "denyAll"}},
}


@operator
def add_setting(template: Template) -> Iterator[Edit]:
    """A property that sends something elsewhere, or lets somebody in, and that nothing in the template has."""
    for name, body in template["Resources"].items():
        for key, value in _SETTINGS.get(body["Type"], {}).items():
            yield Edit(name, ("Resources", name, "Properties", key), value, f"with {key}")


@operator
def let_in(template: Template) -> Iterator[Edit]:
    """A policy that is there already lets somebody else in as well."""
    for name, body in template["Resources"].items():
        key = {"AWS::S3::BucketPolicy": "PolicyDocument", "AWS::KMS::Key": "KeyPolicy"}.get(body["Type"])
        if key is None:
            continue
        statements = ("Resources", name, "Properties", key, "Statement")
        place = (*statements, len(get(template, statements)))
        action, resource = ("kms:Decrypt", "*") if key == "KeyPolicy" else ("s3:GetObject", _objects_of(body))
        for who, principal in _COMERS.items():
            grant = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
            yield Edit(name, place, grant, f"and {who}")


_COMERS = {
    "a role of the account": {"AWS": "arn:aws:iam::123456789012:role/reporting"},
    "a service": {"Service": "cloudtrail.amazonaws.com"},
    "an identity provider": {"Federated": "cognito-identity.amazonaws.com"},
}


def _objects_of(policy: dict[str, Any]) -> dict[str, Any]:
    return {"Fn::Sub": f"${{{policy['Properties']['Bucket']['Ref']}.Arn}}/*"}


@operator
def lead_elsewhere(template: Template) -> Iterator[Edit]:
    """A name, a link, a copy or a notice leads to somebody else."""
    for name, body in template["Resources"].items():
        properties: Place = ("Resources", name, "Properties")
        for inside, value in _ELSEWHERE.get(body["Type"], ()):
            place = (*properties, *inside)
            listed = get(template, place)
            if isinstance(listed, list):
                # What an event rule cannot tell goes where the others' does: whom it tells is the only mistake.
                beside = {**listed[0], **value} if body["Type"] == "AWS::Events::Rule" else value
                yield Edit(name, (*place, len(listed)), beside, f"and {as_json(value)}")
            elif inside[-1] not in _LISTS and get(template, place[:-1]) is not ABSENT:
                yield Edit(name, place, value, as_json(value))


_KEY = f"arn:aws:kms:us-east-1:{STRANGER}:key/00000000-0000-4000-8000-000000000000"
_TABLE = {"CatalogId": STRANGER, "DatabaseName": "market", "Name": "trade"}
_LISTS = ("Actions", "Subscription", "Targets")
#: For each type, places in the properties and what leads away from there; in a list it stands beside what is there.
_ELSEWHERE: dict[str, tuple[tuple[Place, Any], ...]] = {
    "AWS::DynamoDB::Table": (
        (("StreamSpecification", "ResourcePolicy"), {"PolicyDocument": _policy("dynamodb:GetRecords")}),
    ),
    "AWS::Events::Rule": (
        (("Targets",), {"Id": "somebody", "Arn": f"arn:aws:events:us-east-1:{STRANGER}:event-bus/somebody"}),
        (("Targets", 0, "DeadLetterConfig"), {"Arn": f"arn:aws:sqs:us-east-1:{STRANGER}:somebody"}),
    ),
    "AWS::Glue::Database": (
        (("CatalogId",), STRANGER),
        (("DatabaseInput", "LocationUri"), "s3://somebody-else/parquet/"),
        (("DatabaseInput", "TargetDatabase"), {"CatalogId": STRANGER, "DatabaseName": "market"}),
    ),
    "AWS::Glue::Table": (
        (("TableInput", "StorageDescriptor", "Location"), "s3://somebody-else/trade/"),
        (("TableInput", "TargetTable"), _TABLE),
    ),
    "AWS::Glue::Trigger": (
        (("Actions",), {"JobName": "somebody"}),
        (("Actions", 0, "Arguments"), {"--extra-jars": "s3://somebody-else/first.jar"}),
        (("Actions", 0, "SecurityConfiguration"), "none"),
    ),
    "AWS::KMS::Alias": ((("TargetKeyId",), _KEY),),
    "AWS::S3::Bucket": (
        (("ReplicationConfiguration", "Rules", 0, "Destination", "Account"), STRANGER),
        (("ReplicationConfiguration", "Rules", 0, "Destination", "AccessControlTranslation"), {"Owner": "Destination"}),
    ),
    "AWS::SNS::Topic": (
        (("Subscription",), {"Protocol": "https", "Endpoint": "https://example.com/"}),
        (
            ("Subscription",),
            {"Protocol": "lambda", "Endpoint": f"arn:aws:lambda:us-east-1:{STRANGER}:function:somebody"},
        ),
    ),
    "AWS::SSM::Parameter": ((("Value",), _KEY),),
}


def _filled(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, name) for each in value]
    return {"{0}": {"Ref": name}, "{1}": {"Fn::GetAtt": [name, "Arn"]}}.get(value, value)
