"""Properties of the template that have no effect on the emulated AWS, so a deployment there proves nothing about them.

A test compares this list, in both directions, with the properties that MiniStack and the overlay read.
"""

from dataclasses import dataclass

from harness.markdown import table


@dataclass(frozen=True)
class NotShown:
    """A property of the template, and what the emulated AWS does not do with it."""

    type: str
    property: str
    why: str
    #: True: MiniStack drops it. False: the API returns it, and nothing else happens.
    dropped: bool = False


_NO_NETWORK = "no traffic is routed or filtered"
_NO_READ_API = "no API returns it"
_NO_KMS = "the key policy is not enforced; the permission check evaluates it"
_NO_POLLER = "the poller has no failure handling and no batching window"

NOT_SHOWN = (
    NotShown("AWS::Athena::WorkGroup", "RecursiveDeleteOption", "a workgroup can always be deleted", dropped=True),
    NotShown("AWS::Athena::WorkGroup", "WorkGroupConfiguration", "no query engine, so no queries, limits or results"),
    NotShown("AWS::CloudTrail::Trail", "AdvancedEventSelectors", "no events are recorded"),
    NotShown("AWS::CloudTrail::Trail", "EnableLogFileValidation", "no log files are delivered, so none are signed"),
    NotShown("AWS::CloudTrail::Trail", "KMSKeyId", _NO_KMS),
    NotShown(
        "AWS::CloudTrail::Trail",
        "S3BucketName",
        "no logs are delivered; the permission check evaluates whether they could be",
    ),
    NotShown("AWS::CloudTrail::Trail", "Tags", _NO_READ_API),
    NotShown("AWS::CloudWatch::Alarm", "MetricName", "most AWS metrics and all metrics in log lines are missing"),
    NotShown("AWS::CloudWatch::Alarm", "Metrics", "metric math is not evaluated; tests/unit/alarms/ does that"),
    NotShown(
        "AWS::CloudWatch::Alarm", "TreatMissingData", "an alarm is evaluated when a datapoint arrives, not over time"
    ),
    NotShown("AWS::CloudWatch::Dashboard", "DashboardBody", "any text is accepted"),
    NotShown("AWS::CloudWatch::Dashboard", "Tags", "dashboards have no tags", dropped=True),
    NotShown("AWS::DynamoDB::Table", "SSESpecification", _NO_KMS),
    NotShown("AWS::EC2::SecurityGroup", "SecurityGroupEgress", _NO_NETWORK),
    NotShown("AWS::EC2::SecurityGroup", "SecurityGroupIngress", _NO_NETWORK),
    NotShown("AWS::EC2::SecurityGroup", "VpcId", "not checked whether it exists"),
    NotShown("AWS::EC2::VPCEndpoint", "PolicyDocument", f"{_NO_READ_API}; no request uses an endpoint"),
    NotShown("AWS::EC2::VPCEndpoint", "PrivateDnsEnabled", f"{_NO_READ_API}; {_NO_NETWORK}"),
    NotShown("AWS::EC2::VPCEndpoint", "RouteTableIds", _NO_NETWORK),
    NotShown("AWS::EC2::VPCEndpoint", "SecurityGroupIds", f"{_NO_READ_API}; {_NO_NETWORK}"),
    NotShown("AWS::EC2::VPCEndpoint", "ServiceName", "any name is accepted"),
    NotShown("AWS::EC2::VPCEndpoint", "SubnetIds", _NO_NETWORK),
    NotShown("AWS::Events::Rule", "EventPattern", "Glue emits no events, so no event matches"),
    NotShown("AWS::Glue::Crawler", "Targets", "a run succeeds without adding partitions"),
    NotShown("AWS::Glue::Database", "CatalogId", "there is one catalog", dropped=True),
    NotShown(
        "AWS::Glue::Job", "Command", "a run succeeds without running it; the pipeline runs the script in local Spark"
    ),
    NotShown("AWS::Glue::Job", "ExecutionProperty", "concurrent runs are not limited", dropped=True),
    NotShown("AWS::Glue::Job", "SecurityConfiguration", "nothing is encrypted, and no log group is created"),
    NotShown("AWS::Glue::Table", "CatalogId", "there is one catalog", dropped=True),
    NotShown("AWS::Glue::Trigger", "Actions", "a trigger starts nothing"),
    NotShown(
        "AWS::IAM::Role", "AssumeRolePolicyDocument", "services can use any role; the permission check evaluates it"
    ),
    NotShown("AWS::KMS::Key", "EnableKeyRotation", "keys are not rotated"),
    NotShown("AWS::Kinesis::Stream", "ShardCount", "an update does not reshard the stream"),
    NotShown("AWS::Kinesis::Stream", "StreamEncryption", _NO_KMS),
    NotShown("AWS::Lambda::EventSourceMapping", "BisectBatchOnFunctionError", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "DestinationConfig", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumBatchingWindowInSeconds", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumRecordAgeInSeconds", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumRetryAttempts", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MetricsConfig", "no metrics are published", dropped=True),
    NotShown("AWS::Lambda::EventSourceMapping", "ParallelizationFactor", "one poller serves all shards"),
    NotShown("AWS::Lambda::EventSourceMapping", "Tags", "mappings have no tags", dropped=True),
    NotShown("AWS::Lambda::Function", "Architectures", "functions run on this machine"),
    NotShown("AWS::Lambda::Function", "KmsKeyArn", _NO_KMS),
    NotShown("AWS::Lambda::Function", "MemorySize", "memory is not limited"),
    NotShown("AWS::Lambda::Function", "Runtime", "functions run on this Python"),
    NotShown("AWS::Lambda::Function", "VpcConfig", "functions run on this machine's network"),
    NotShown("AWS::Logs::LogGroup", "KmsKeyId", _NO_KMS),
    NotShown("AWS::Logs::LogGroup", "RetentionInDays", "logs do not expire"),
    NotShown("AWS::S3::Bucket", "BucketEncryption", f"{_NO_KMS}; SSE-C uploads are not rejected"),
    NotShown("AWS::S3::Bucket", "LifecycleConfiguration", "lifecycle rules do not run"),
    NotShown(
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        "no logs are delivered; the permission check evaluates whether they could be",
    ),
    NotShown("AWS::S3::Bucket", "NotificationConfiguration", "no events for failed replication"),
    NotShown(
        "AWS::S3::Bucket",
        "ReplicationConfiguration",
        "the role, the key and the archive's policy are not enforced, the permission check evaluates them; multipart"
        " uploads are not replicated",
    ),
    NotShown("AWS::S3::BucketPolicy", "PolicyDocument", "requests have no `s3:object-lock-remaining-retention-days`"),
    NotShown("AWS::SNS::Topic", "KmsMasterKeyId", _NO_KMS),
    NotShown("AWS::SNS::Topic", "Subscription", "no email is sent; subscriptions count as confirmed"),
    NotShown("AWS::SNS::TopicPolicy", "PolicyDocument", "not enforced for alarms; the permission check evaluates it"),
    NotShown("AWS::SQS::Queue", "KmsMasterKeyId", _NO_KMS),
)


def listing() -> str:
    """NOT_SHOWN as a Markdown table."""
    rows = [(f"`{n.type}`", f"`{n.property}`", f"{'dropped: ' if n.dropped else ''}{n.why}") for n in NOT_SHOWN]
    return table(("Resource type", "Property", "Not shown"), rows)
