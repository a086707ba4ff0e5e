"""CHG-022  resource_sets_only_what_is_judged

Why       A rule sees only what it was written for. A share with another account, an access point, an inventory that is
          sent elsewhere: each is a resource or property that the rules about buckets and roles do not see. What no rule
          judges has not passed; it is unseen.
Targets   *
"""

from rules.lib import Problem, Problems, Stack

#: The types that make up a pipeline, with the properties that rules judge or that need no judging: names, words, and
#: what a resource cannot be created without. tests/mutants/found/test_judged.py holds each property to a break that a
#: rule refuses there, or to the reviewed list of what is left alone.
JUDGED = {
    "AWS::Athena::WorkGroup": "Description Name RecursiveDeleteOption State Tags WorkGroupConfiguration",
    "AWS::CloudTrail::Trail": "AdvancedEventSelectors EnableLogFileValidation IsLogging KMSKeyId S3BucketName Tags "
    "TrailName",
    "AWS::CloudWatch::Alarm": "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator "
    "DatapointsToAlarm Dimensions EvaluationPeriods InsufficientDataActions MetricName Metrics Namespace OKActions "
    "Period Statistic Tags Threshold TreatMissingData",
    "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName Tags",
    "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode ContributorInsightsSpecification "
    "DeletionProtectionEnabled GlobalSecondaryIndexes KeySchema PointInTimeRecoverySpecification SSESpecification "
    "StreamSpecification TableName Tags",
    "AWS::EC2::SecurityGroup": "GroupDescription SecurityGroupEgress SecurityGroupIngress Tags VpcId",
    "AWS::EC2::SecurityGroupEgress": "Description DestinationSecurityGroupId FromPort GroupId IpProtocol ToPort",
    "AWS::EC2::VPCEndpoint": "PolicyDocument PrivateDnsEnabled RouteTableIds SecurityGroupIds ServiceName SubnetIds "
    "Tags VpcEndpointType VpcId",
    "AWS::Events::Rule": "Description EventPattern Name State Tags Targets",
    "AWS::Glue::Crawler": "Configuration CrawlerSecurityConfiguration DatabaseName Description Name Role Schedule "
    "SchemaChangePolicy Tags Targets",
    "AWS::Glue::Database": "CatalogId DatabaseInput",
    "AWS::Glue::Job": "Command DefaultArguments Description ExecutionClass ExecutionProperty GlueVersion "
    "MaintenanceWindow MaxRetries Name NotificationProperty NumberOfWorkers Role SecurityConfiguration Tags Timeout "
    "WorkerType",
    "AWS::Glue::SecurityConfiguration": "EncryptionConfiguration Name",
    "AWS::Glue::Table": "CatalogId DatabaseName TableInput",
    "AWS::Glue::Trigger": "Actions Description Name Schedule StartOnCreation Tags Type",
    "AWS::IAM::Policy": "PolicyDocument PolicyName Roles",
    "AWS::IAM::Role": "AssumeRolePolicyDocument ManagedPolicyArns MaxSessionDuration PermissionsBoundary Policies "
    "RoleName Tags",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": "BypassPolicyLockoutSafetyCheck Description EnableKeyRotation Enabled KeyPolicy KeySpec "
    "MultiRegion PendingWindowInDays RotationPeriodInDays Tags",
    "AWS::Kinesis::Stream": "DesiredShardLevelMetrics Name RetentionPeriodHours ShardCount StreamEncryption "
    "StreamModeDetails Tags",
    "AWS::Lambda::CodeSigningConfig": "AllowedPublishers CodeSigningPolicies Description Tags",
    "AWS::Lambda::EventSourceMapping": "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled "
    "EventSourceArn FunctionName FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds "
    "MaximumRetryAttempts MetricsConfig ParallelizationFactor ScalingConfig StartingPosition Tags",
    "AWS::Lambda::Function": "Architectures Code CodeSigningConfigArn DeadLetterConfig Description Environment "
    "FunctionName Handler KmsKeyArn Layers LoggingConfig MemorySize RecursiveLoop ReservedConcurrentExecutions Role "
    "Runtime RuntimeManagementConfig Tags Timeout TracingConfig VpcConfig",
    "AWS::Lambda::LayerVersion": "CompatibleArchitectures CompatibleRuntimes Content Description LayerName",
    "AWS::Lambda::Permission": "Action FunctionName Principal SourceAccount SourceArn",
    "AWS::Logs::LogGroup": "KmsKeyId LogGroupClass LogGroupName RetentionInDays Tags",
    "AWS::S3::Bucket": "AccessControl BucketEncryption BucketName LifecycleConfiguration LoggingConfiguration "
    "NotificationConfiguration ObjectLockConfiguration ObjectLockEnabled OwnershipControls "
    "PublicAccessBlockConfiguration ReplicationConfiguration Tags VersioningConfiguration",
    "AWS::S3::BucketPolicy": "Bucket PolicyDocument",
    "AWS::SNS::Topic": "DisplayName KmsMasterKeyId SignatureVersion Subscription Tags TopicName TracingConfig",
    "AWS::SNS::TopicPolicy": "PolicyDocument Topics",
    "AWS::SQS::Queue": "DelaySeconds KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize "
    "MessageRetentionPeriod QueueName RedriveAllowPolicy RedrivePolicy Tags VisibilityTimeout",
    "AWS::SQS::QueuePolicy": "PolicyDocument Queues",
    "AWS::SSM::Parameter": "Description Name Tags Type Value",
}
FIX = "remove it; or write the rules for it, break the template there, and add it to the table of this rule."


def subjects(stack: Stack) -> list[str]:
    """Every resource."""
    return list(stack.all())


def problems(stack: Stack, subject: str) -> Problems:
    """A type that no rule is about, and properties that none reads."""
    resource = stack.resources[subject]
    if resource.type not in JUDGED:
        yield Problem(f"no rule judges an {resource.type}, so what it opens or stores goes unseen.", FIX)
        return
    judged = JUDGED[resource.type].split()
    stated = resource.body.get("Properties") or {}
    if not isinstance(stated, dict):
        yield Problem("its Properties are not an object, so nothing in them is judged.", "write them as an object.")
        return
    for name in stated:
        if name not in judged:
            yield Problem(
                f"no rule judges {name} of an {resource.type}, so whatever it sets goes unseen.",
                FIX,
                ("Properties", name),
            )
