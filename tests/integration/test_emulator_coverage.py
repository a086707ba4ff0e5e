"""The emulated AWS applies every template property or it is listed; important ones are read back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.emulator.coverage import MINISTACK, Reading
from harness.emulator.coverage_gaps import coverage_gaps
from harness.emulator.not_shown import NOT_SHOWN
from harness.emulator.overlay import additions
from tests.integration.stacks import DeployedStack

pytestmark = pytest.mark.stack


Clients = Callable[[str], Any]
Properties = dict[str, Any]
Deployed = tuple[list[Reading], Clients]


@pytest.fixture
def deployed(everything: DeployedStack) -> Deployed:
    return everything.readings, everything.emulator.client


def test_every_property_is_applied_or_admitted(deployed: Deployed) -> None:
    """MiniStack's CloudFormation drops unknown properties and reports CREATE_COMPLETE."""
    found, _ = deployed

    assert coverage_gaps(found, additions.PROPERTIES, additions.TYPES, NOT_SHOWN) == []


@pytest.mark.parametrize("row", NOT_SHOWN, ids=lambda row: f"{row.type} {row.property}")
def test_a_drop_that_the_list_leaves_out_is_named(deployed: Deployed, row: Any) -> None:
    """Otherwise nothing would keep the list complete."""
    rest = [other for other in NOT_SHOWN if other is not row]
    said = coverage_gaps(deployed[0], additions.PROPERTIES, additions.TYPES, rest)

    assert said == ([f"{row.type} {row.property}: dropped by MiniStack"] if row.dropped else [])


@pytest.mark.parametrize("row", additions.PROPERTIES, ids=lambda row: f"{row.type} {row.property}")
def test_a_drop_that_the_overlay_leaves_out_is_named(deployed: Deployed, row: Any) -> None:
    """Every row of the overlay must be needed."""
    rest = [other for other in additions.PROPERTIES if other is not row]
    said = coverage_gaps(deployed[0], rest, additions.TYPES, NOT_SHOWN)

    assert bool(said) is not row.corrects
    assert all(f"{row.type} {row.property}" in line for line in said)


def _function(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("lambda").get_function_configuration(FunctionName=p["FunctionName"]).get(key)


def _mapping(key: str) -> Callable[[Clients, Properties], Any]:
    def read(aws: Clients, properties: Properties) -> Any:
        mappings = aws("lambda").list_event_source_mappings(EventSourceArn=properties["EventSourceArn"])
        return mappings["EventSourceMappings"][0].get(key)

    return read


def _endpoint(key: str) -> Callable[[Clients, Properties], Any]:
    def read(aws: Clients, properties: Properties) -> Any:
        endpoints = aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        return next(e for e in endpoints if e["ServiceName"] == properties["ServiceName"]).get(key)

    return read


def _rules(key: str) -> Callable[[Clients, Properties], Any]:
    """Security group rules in template form, one per source or destination."""

    def read(aws: Clients, properties: Properties) -> Any:
        groups = aws("ec2").describe_security_groups()["SecurityGroups"]
        (group,) = (g for g in groups if g["Description"] == properties["GroupDescription"])
        return [
            {
                name: item
                for name, item in {**rule, **where}.items()
                if name in ("IpProtocol", "FromPort", "ToPort", *where)
            }
            for rule in group[key]
            for where in (
                # Of what goes out to a group, a resource of its own tells: the overlay adds it.
                *(
                    {"SourceSecurityGroupId": r["GroupId"], "Description": r.get("Description")}
                    for r in rule.get("UserIdGroupPairs", ())
                    if key == "IpPermissions"
                ),
                *({"CidrIp": r["CidrIp"], "Description": r["Description"]} for r in rule["IpRanges"]),
                *(
                    {"DestinationPrefixListId": r["PrefixListId"], "Description": r["Description"]}
                    for r in rule["PrefixListIds"]
                ),
            )
        ]

    return read


def _queue(key: str) -> Callable[[Clients, Properties], Any]:
    def read(aws: Clients, properties: Properties) -> Any:
        url = aws("sqs").get_queue_url(QueueName=properties["QueueName"])["QueueUrl"]
        return aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get(key)

    return read


def _alarm(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("cloudwatch").describe_alarms(AlarmNames=[p["AlarmName"]])["MetricAlarms"][0].get(key)


def _log_group(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("logs").describe_log_groups(logGroupNamePrefix=p["LogGroupName"])["logGroups"][0].get(key)


def _crawler(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("glue").get_crawler(Name=p["Name"])["Crawler"].get(key)


def _job(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("glue").get_job(JobName=p["Name"])["Job"].get(key)


def _trigger(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("glue").get_trigger(Name=p["Name"])["Trigger"].get(key)


def _table(key: str) -> Callable[[Clients, Properties], Any]:
    return lambda aws, p: aws("dynamodb").describe_table(TableName=p["TableName"])["Table"].get(key)


def _key(aws: Clients, properties: Properties) -> str:
    """The id of the key with this description."""
    keys = [each["KeyId"] for each in aws("kms").list_keys()["Keys"]]
    (found,) = (
        key
        for key in keys
        if aws("kms").describe_key(KeyId=key)["KeyMetadata"]["Description"] == properties["Description"]
    )
    return str(found)


def _role_policies(aws: Clients, properties: Properties) -> Any:
    name = properties["RoleName"]
    names = [policy["PolicyName"] for policy in properties["Policies"]]
    read = aws("iam").get_role_policy
    return [{"PolicyName": n, "PolicyDocument": read(RoleName=name, PolicyName=n)["PolicyDocument"]} for n in names]


def _queue_policies(aws: Clients, properties: Properties) -> Any:
    read = aws("sqs").get_queue_attributes
    (policy,) = {read(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"] for url in properties["Queues"]}
    return policy


def _topic_policies(aws: Clients, properties: Properties) -> Any:
    read = aws("sns").get_topic_attributes
    (policy,) = {read(TopicArn=arn)["Attributes"]["Policy"] for arn in properties["Topics"]}
    return policy


def _notification(aws: Clients, properties: Properties) -> Any:
    read = aws("s3").get_bucket_notification_configuration(Bucket=properties["BucketName"])
    return {
        "QueueConfigurations": [
            {
                "Event": queue["Events"][0],
                "Queue": queue["QueueArn"],
                **(
                    {"Filter": {"S3Key": {"Rules": queue["Filter"]["Key"]["FilterRules"]}}} if "Filter" in queue else {}
                ),
            }
            for queue in read["QueueConfigurations"]
        ]
    }


#: What MiniStack itself applies, by the service's own API: to have been read is not yet to have been applied.
READ_BACK: dict[tuple[str, str], Callable[[Clients, Properties], Any]] = {
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration"): lambda aws, p: aws("athena").get_work_group(
        WorkGroup=p["Name"]
    )["WorkGroup"]["Configuration"],
    **{
        ("AWS::CloudWatch::Alarm", name): _alarm(name)
        for name in (
            "AlarmActions", "ComparisonOperator", "Dimensions", "EvaluationPeriods", "MetricName", "Metrics",
            "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData",
        )
    },
    ("AWS::CloudWatch::Dashboard", "DashboardBody"): lambda aws, p: aws("cloudwatch").get_dashboard(
        DashboardName=p["DashboardName"]
    )["DashboardBody"],
    ("AWS::DynamoDB::Table", "DeletionProtectionEnabled"): _table("DeletionProtectionEnabled"),
    ("AWS::DynamoDB::Table", "GlobalSecondaryIndexes"): _table("GlobalSecondaryIndexes"),
    ("AWS::DynamoDB::Table", "KeySchema"): _table("KeySchema"),
    ("AWS::DynamoDB::Table", "StreamSpecification"): _table("StreamSpecification"),
    ("AWS::EC2::SecurityGroup", "SecurityGroupEgress"): _rules("IpPermissionsEgress"),
    ("AWS::EC2::SecurityGroup", "SecurityGroupIngress"): _rules("IpPermissions"),
    ("AWS::EC2::VPCEndpoint", "RouteTableIds"): _endpoint("RouteTableIds"),
    ("AWS::EC2::VPCEndpoint", "SubnetIds"): _endpoint("SubnetIds"),
    ("AWS::EC2::VPCEndpoint", "VpcEndpointType"): _endpoint("VpcEndpointType"),
    ("AWS::Events::Rule", "EventPattern"): lambda aws, p: aws("events").describe_rule(Name=p["Name"])["EventPattern"],
    ("AWS::Events::Rule", "Targets"): lambda aws, p: aws("events").list_targets_by_rule(Rule=p["Name"])["Targets"],
    ("AWS::Glue::Crawler", "Configuration"): _crawler("Configuration"),
    ("AWS::Glue::Crawler", "CrawlerSecurityConfiguration"): _crawler("CrawlerSecurityConfiguration"),
    ("AWS::Glue::Crawler", "SchemaChangePolicy"): _crawler("SchemaChangePolicy"),
    ("AWS::Glue::Crawler", "Targets"): _crawler("Targets"),
    ("AWS::Glue::Job", "DefaultArguments"): _job("DefaultArguments"),
    ("AWS::Glue::Job", "Role"): _job("Role"),
    ("AWS::Glue::Job", "SecurityConfiguration"): _job("SecurityConfiguration"),
    ("AWS::Glue::Job", "Timeout"): _job("Timeout"),
    ("AWS::Glue::Table", "TableInput"): lambda aws, p: aws("glue").get_table(
        DatabaseName=p["DatabaseName"], Name=p["TableInput"]["Name"]
    )["Table"],
    ("AWS::Glue::Trigger", "Actions"): _trigger("Actions"),
    ("AWS::Glue::Trigger", "Schedule"): _trigger("Schedule"),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"): lambda aws, p: aws("iam").get_role(RoleName=p["RoleName"])["Role"][
        "AssumeRolePolicyDocument"
    ],
    ("AWS::IAM::Role", "Policies"): _role_policies,
    ("AWS::KMS::Key", "EnableKeyRotation"): lambda aws, p: aws("kms").get_key_rotation_status(KeyId=_key(aws, p))[
        "KeyRotationEnabled"
    ],
    ("AWS::KMS::Key", "KeyPolicy"): lambda aws, p: aws("kms").get_key_policy(
        KeyId=_key(aws, p), PolicyName="default"
    )["Policy"],
    ("AWS::Kinesis::Stream", "RetentionPeriodHours"): lambda aws, p: aws("kinesis").describe_stream_summary(
        StreamName=p["Name"]
    )["StreamDescriptionSummary"]["RetentionPeriodHours"],
    ("AWS::Kinesis::Stream", "ShardCount"): lambda aws, p: aws("kinesis").describe_stream_summary(StreamName=p["Name"])[
        "StreamDescriptionSummary"
    ]["OpenShardCount"],
    **{
        ("AWS::Lambda::EventSourceMapping", name): _mapping(name)
        for name in (
            "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "FunctionResponseTypes",
            "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
            "ParallelizationFactor", "StartingPosition",
        )
    },
    ("AWS::Lambda::Function", "Environment"): _function("Environment"),
    ("AWS::Lambda::Function", "Layers"): lambda aws, p: [layer["Arn"] for layer in _function("Layers")(aws, p)],
    ("AWS::Lambda::Function", "LoggingConfig"): _function("LoggingConfig"),
    ("AWS::Lambda::Function", "Role"): _function("Role"),
    ("AWS::Lambda::Function", "Timeout"): _function("Timeout"),
    ("AWS::Logs::LogGroup", "KmsKeyId"): _log_group("kmsKeyId"),
    ("AWS::Logs::LogGroup", "RetentionInDays"): _log_group("retentionInDays"),
    ("AWS::S3::Bucket", "NotificationConfiguration"): _notification,
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration"): lambda aws, p: aws("s3").get_public_access_block(
        Bucket=p["BucketName"]
    )["PublicAccessBlockConfiguration"],
    ("AWS::S3::Bucket", "VersioningConfiguration"): lambda aws, p: aws("s3").get_bucket_versioning(
        Bucket=p["BucketName"]
    ),
    ("AWS::S3::BucketPolicy", "PolicyDocument"): lambda aws, p: aws("s3").get_bucket_policy(Bucket=p["Bucket"])[
        "Policy"
    ],
    ("AWS::SNS::Topic", "Subscription"): lambda aws, p: [
        subscription
        for subscription in aws("sns").list_subscriptions()["Subscriptions"]
        if subscription["TopicArn"].endswith(f":{p['TopicName']}")
    ],
    ("AWS::SNS::TopicPolicy", "PolicyDocument"): _topic_policies,
    ("AWS::SQS::Queue", "KmsMasterKeyId"): _queue("KmsMasterKeyId"),
    ("AWS::SQS::Queue", "MessageRetentionPeriod"): _queue("MessageRetentionPeriod"),
    ("AWS::SQS::Queue", "RedrivePolicy"): _queue("RedrivePolicy"),
    ("AWS::SQS::Queue", "VisibilityTimeout"): _queue("VisibilityTimeout"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument"): _queue_policies,
    ("AWS::SSM::Parameter", "Value"): lambda aws, p: aws("ssm").get_parameter(Name=p["Name"])["Parameter"]["Value"],
}  # fmt: skip


def _holds(read: Any, given: Any) -> bool:
    """Whether the read value contains the given one; numbers and flags may be text, documents JSON."""
    if isinstance(given, dict | list) and isinstance(read, str):
        read = json.loads(read)
    if isinstance(given, dict):
        return isinstance(read, dict) and all(key in read and _holds(read[key], item) for key, item in given.items())
    if isinstance(given, list):
        return isinstance(read, list) and len(read) == len(given) and all(map(_holds, read, given))
    try:
        return float(read) == float(given)
    except (TypeError, ValueError):
        return str(read).lower() == str(given).lower()


@pytest.mark.parametrize(("type_", "name"), READ_BACK)
def test_what_is_read_is_applied(deployed: Deployed, type_: str, name: str) -> None:
    found, aws = deployed
    given = [r.properties for r in found if (r.reader, r.type) == (MINISTACK, type_) and name in r.properties]
    read = [READ_BACK[type_, name](aws, properties) for properties in given]
    wanted = [properties[name] for properties in given]

    assert given
    assert [pair for pair in zip(read, wanted, strict=True) if not _holds(*pair)] == []
