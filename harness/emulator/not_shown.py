"""What a deployment on the emulated AWS does not show of the template: the properties that have no effect there.

A test holds this list against what MiniStack and the overlay read of the template, in both directions.
"""

from dataclasses import dataclass

from harness.markdown import table


@dataclass(frozen=True)
class NotShown:
    """A property of the template, and what of it the emulated AWS leaves out."""

    type: str
    property: str
    why: str
    #: It is dropped; otherwise the service's API gives it back, and does no more.
    dropped: bool = False


_NO_NETWORK = "nothing is routed or filtered"
_NO_READ_API = "no API gives it back"
_NOT_ASKED = "the key is never asked; the permission check judges its policy"
_NO_POLLER = "the poller has no failure behaviour and no window"

NOT_SHOWN = (
    NotShown("AWS::Athena::WorkGroup", "RecursiveDeleteOption", "a workgroup can always be deleted", dropped=True),
    NotShown("AWS::Athena::WorkGroup", "WorkGroupConfiguration", "no query engine: queries, limits, their results"),
    NotShown("AWS::CloudTrail::Trail", "AdvancedEventSelectors", "nothing is recorded"),
    NotShown("AWS::CloudTrail::Trail", "EnableLogFileValidation", "no file is delivered, so none is signed"),
    NotShown("AWS::CloudTrail::Trail", "KMSKeyId", _NOT_ASKED),
    NotShown(
        "AWS::CloudTrail::Trail",
        "S3BucketName",
        "nothing is delivered; the permission check judges whether it could be",
    ),
    NotShown("AWS::CloudTrail::Trail", "Tags", _NO_READ_API),
    NotShown("AWS::CloudWatch::Alarm", "MetricName", "most of AWS's own metrics do not exist, nor those in log lines"),
    NotShown("AWS::CloudWatch::Alarm", "Metrics", "metric math is not worked out; tests/unit/alarms/ does that"),
    NotShown(
        "AWS::CloudWatch::Alarm", "TreatMissingData", "an alarm is judged when a number arrives, not as time passes"
    ),
    NotShown("AWS::CloudWatch::Dashboard", "DashboardBody", "any text is taken"),
    NotShown("AWS::CloudWatch::Dashboard", "Tags", "dashboards have no tags", dropped=True),
    NotShown("AWS::DynamoDB::Table", "SSESpecification", _NOT_ASKED),
    NotShown("AWS::EC2::SecurityGroup", "SecurityGroupEgress", _NO_NETWORK),
    NotShown("AWS::EC2::SecurityGroup", "SecurityGroupIngress", _NO_NETWORK),
    NotShown("AWS::EC2::SecurityGroup", "VpcId", "whether it exists"),
    NotShown("AWS::EC2::VPCEndpoint", "PolicyDocument", f"{_NO_READ_API}; no request comes through an endpoint"),
    NotShown("AWS::EC2::VPCEndpoint", "PrivateDnsEnabled", f"{_NO_READ_API}; {_NO_NETWORK}"),
    NotShown("AWS::EC2::VPCEndpoint", "RouteTableIds", _NO_NETWORK),
    NotShown("AWS::EC2::VPCEndpoint", "SecurityGroupIds", f"{_NO_READ_API}; {_NO_NETWORK}"),
    NotShown("AWS::EC2::VPCEndpoint", "ServiceName", "any name is taken"),
    NotShown("AWS::EC2::VPCEndpoint", "SubnetIds", _NO_NETWORK),
    NotShown("AWS::Events::Rule", "EventPattern", "Glue tells of no run, so nothing matches"),
    NotShown("AWS::Glue::Crawler", "Targets", "a run succeeds and adds nothing"),
    NotShown("AWS::Glue::Database", "CatalogId", "there is one catalog", dropped=True),
    NotShown(
        "AWS::Glue::Job", "Command", "a run succeeds without one; the pipeline runs the script in a Spark of its own"
    ),
    NotShown("AWS::Glue::Job", "ExecutionProperty", "a second run at a time is not refused", dropped=True),
    NotShown("AWS::Glue::Job", "SecurityConfiguration", "nothing is encrypted, no log group is made"),
    NotShown("AWS::Glue::Table", "CatalogId", "there is one catalog", dropped=True),
    NotShown("AWS::Glue::Trigger", "Actions", "a trigger starts nothing"),
    NotShown("AWS::IAM::Role", "AssumeRolePolicyDocument", "services act with any role; the permission check judges"),
    NotShown("AWS::KMS::Key", "EnableKeyRotation", "nothing rotates"),
    NotShown("AWS::Kinesis::Stream", "ShardCount", "an update that changes it changes nothing"),
    NotShown("AWS::Kinesis::Stream", "StreamEncryption", _NOT_ASKED),
    NotShown("AWS::Lambda::EventSourceMapping", "BisectBatchOnFunctionError", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "DestinationConfig", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumBatchingWindowInSeconds", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumRecordAgeInSeconds", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MaximumRetryAttempts", _NO_POLLER),
    NotShown("AWS::Lambda::EventSourceMapping", "MetricsConfig", "nothing is counted", dropped=True),
    NotShown("AWS::Lambda::EventSourceMapping", "ParallelizationFactor", "one poller for all shards"),
    NotShown("AWS::Lambda::EventSourceMapping", "Tags", "mappings have no tags", dropped=True),
    NotShown("AWS::Lambda::Function", "Architectures", "functions run on this machine"),
    NotShown("AWS::Lambda::Function", "KmsKeyArn", _NOT_ASKED),
    NotShown("AWS::Lambda::Function", "MemorySize", "no limit"),
    NotShown("AWS::Lambda::Function", "Runtime", "functions run on this Python"),
    NotShown("AWS::Lambda::Function", "VpcConfig", "functions run on this machine's network"),
    NotShown("AWS::Logs::LogGroup", "KmsKeyId", _NOT_ASKED),
    NotShown("AWS::Logs::LogGroup", "RetentionInDays", "nothing expires"),
    NotShown("AWS::S3::Bucket", "BucketEncryption", f"{_NOT_ASKED}; SSE-C is not refused"),
    NotShown("AWS::S3::Bucket", "LifecycleConfiguration", "not carried out"),
    NotShown(
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        "nothing is delivered; the permission check judges whether it could be",
    ),
    NotShown("AWS::S3::Bucket", "NotificationConfiguration", "no event tells of a failed replication"),
    NotShown(
        "AWS::S3::Bucket",
        "ReplicationConfiguration",
        "the role, the key and the archive's policy are not asked, the permission check judges them; no replica of an"
        " object that was uploaded in parts",
    ),
    NotShown("AWS::S3::BucketPolicy", "PolicyDocument", "no `s3:object-lock-remaining-retention-days` in requests"),
    NotShown("AWS::SNS::Topic", "KmsMasterKeyId", _NOT_ASKED),
    NotShown("AWS::SNS::Topic", "Subscription", "no mail is sent; an address counts as confirmed"),
    NotShown("AWS::SNS::TopicPolicy", "PolicyDocument", "alarms publish without asking; the permission check judges"),
    NotShown("AWS::SQS::Queue", "KmsMasterKeyId", _NOT_ASKED),
)


def listing() -> str:
    """All of it, as a Markdown table."""
    rows = [(f"`{n.type}`", f"`{n.property}`", f"{'dropped: ' if n.dropped else ''}{n.why}") for n in NOT_SHOWN]
    return table(("Resource type", "Property", "Not shown"), rows)
