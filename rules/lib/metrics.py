"""The metrics that exist: which dimensions a namespace has, and whose names they hold."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from harness.render.resources import Resource, Stack, at, items
from rules.lib import mappings
from rules.lib.alarms import Metric

# Each AWS service's list is in its own guide, such as
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_DIMENSIONS: dict[str, list[set[str]]] = {
    "AWS/Athena": [{"QueryState", "QueryType", "WorkGroup"}],
    "AWS/DynamoDB": [{"TableName"}, {"GlobalSecondaryIndexName", "TableName"}],
    "AWS/Events": [{"RuleName"}, {"EventBusName", "RuleName"}],
    "AWS/Kinesis": [{"StreamName"}, {"ShardId", "StreamName"}],
    "AWS/Lambda": [{"FunctionName"}, {"FunctionName", "Resource"}],
    "AWS/S3": [{"BucketName", "FilterId"}],
    "AWS/SNS": [{"TopicName"}],
    "AWS/SQS": [{"QueueName"}],
    "Glue": [{"JobName", "JobRunId", "Type"}, {"JobName", "JobRunId", "ObservabilityGroup", "Type"}],
}
#: Metrics that have other dimensions than the rest of their namespace.
_EXCEPTIONS: dict[tuple[str, str], list[set[str]]] = {
    **{
        ("AWS/DynamoDB", name): [{"Operation", "TableName"}]
        for name in ("ReturnedItemCount", "SuccessfulRequestLatency", "SystemErrors", "ThrottledRequests")
    },
    **{
        ("AWS/Lambda", f"{name}EventCount"): [{"EventSourceMappingUUID"}]
        for name in (
            "Committed",
            "Deleted",
            "Dropped",
            "FailedInvoke",
            "FilteredOut",
            "Invoked",
            "OnFailureDestinationDelivered",
            "Polled",
        )
    },
    **{("AWS/S3", name): [{"BucketName", "StorageType"}] for name in ("BucketSizeBytes", "NumberOfObjects")},
    **{
        ("AWS/S3", name): [{"DestinationBucket", "RuleId", "SourceBucket"}]
        for name in (
            "BytesPendingReplication",
            "OperationsFailedReplication",
            "OperationsPendingReplication",
            "ReplicationLatency",
        )
    },
}
#: The metrics of each namespace; Glue's are named for their driver and executors.
_NAMES: dict[str, str] = {
    "AWS/Athena": (
        "DPUAllocated DPUConsumed DPUCount EngineExecutionTime ProcessedBytes QueryPlanningTime QueryQueueTime "
        "ServicePreProcessingTime ServiceProcessingTime TotalExecutionTime"
    ),
    "AWS/DynamoDB": (
        "AccountMaxReads AccountMaxTableLevelReads AccountMaxTableLevelWrites AccountMaxWrites "
        "AccountProvisionedReadCapacityUtilization AccountProvisionedWriteCapacityUtilization "
        "ConditionalCheckFailedRequests ConsumedReadCapacityUnits ConsumedWriteCapacityUnits "
        "MaxProvisionedTableReadCapacityUtilization MaxProvisionedTableWriteCapacityUtilization "
        "OnDemandMaxReadRequestUnits OnDemandMaxWriteRequestUnits OnlineIndexConsumedWriteCapacity "
        "OnlineIndexPercentageProgress OnlineIndexThrottleEvents ProvisionedReadCapacityUnits "
        "ProvisionedWriteCapacityUnits ReadAccountLimitThrottleEvents ReadKeyRangeThroughputThrottleEvents "
        "ReadMaxOnDemandThroughputThrottleEvents ReadProvisionedThroughputThrottleEvents ReadThrottleEvents "
        "ReturnedBytes ReturnedItemCount ReturnedRecordsCount SuccessfulRequestLatency SystemErrors "
        "ThrottledRequests TimeToLiveDeletedItemCount TransactionConflict UserErrors WriteAccountLimitThrottleEvents "
        "WriteKeyRangeThroughputThrottleEvents WriteMaxOnDemandThroughputThrottleEvents "
        "WriteProvisionedThroughputThrottleEvents WriteThrottleEvents"
    ),
    "AWS/Events": (
        "DeadLetterInvocations FailedInvocations IngestiontoInvocationCompleteLatency "
        "IngestiontoInvocationStartLatency InvocationAttempts Invocations InvocationsCreated "
        "InvocationsFailedToBeSentToDlq InvocationsSentToDlq MatchedEvents RetryInvocationAttempts "
        "SuccessfulInvocationAttempts ThrottledRules TriggeredRules"
    ),
    "AWS/Kinesis": (
        "GetRecords.Bytes GetRecords.IteratorAge GetRecords.IteratorAgeMilliseconds GetRecords.Latency "
        "GetRecords.Records GetRecords.Success IncomingBytes IncomingRecords IteratorAgeMilliseconds OutgoingBytes "
        "OutgoingRecords PutRecord.Bytes PutRecord.Latency PutRecord.Success PutRecords.Bytes "
        "PutRecords.FailedRecords PutRecords.Latency PutRecords.Records PutRecords.Success "
        "PutRecords.SuccessfulRecords PutRecords.ThrottledRecords PutRecords.TotalRecords "
        "ReadProvisionedThroughputExceeded SubscribeToShard.RateExceeded SubscribeToShard.Success "
        "SubscribeToShardEvent.Bytes SubscribeToShardEvent.MillisBehindLatest SubscribeToShardEvent.Records "
        "SubscribeToShardEvent.Success WriteProvisionedThroughputExceeded"
    ),
    "AWS/Lambda": (
        "AsyncEventAge AsyncEventsDropped AsyncEventsReceived ClaimedAccountConcurrency CommittedEventCount "
        "ConcurrentExecutions DeadLetterErrors DeletedEventCount DestinationDeliveryFailures DroppedEventCount "
        "Duration Errors FailedInvokeEventCount FilteredOutEventCount Invocations InvokedEventCount IteratorAge "
        "OffsetLag OnFailureDestinationDeliveredEventCount OversizedRecordCount PolledEventCount "
        "PostRuntimeExtensionsDuration ProvisionedConcurrencyInvocations ProvisionedConcurrencySpilloverInvocations "
        "ProvisionedConcurrencyUtilization ProvisionedConcurrentExecutions RecursiveInvocationsDropped Throttles "
        "UnreservedConcurrentExecutions UrlRequestCount"
    ),
    "AWS/S3": (
        "4xxErrors 5xxErrors AllRequests BucketSizeBytes BytesDownloaded BytesPendingReplication BytesUploaded "
        "DeleteRequests FirstByteLatency GetRequests HeadRequests ListRequests NumberOfObjects "
        "OperationsFailedReplication OperationsPendingReplication PostRequests PutRequests ReplicationLatency "
        "SelectBytesReturned SelectBytesScanned SelectRequests TotalRequestLatency"
    ),
    "AWS/SNS": (
        "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed "
        "NumberOfNotificationsFailedToRedriveToDlq NumberOfNotificationsFilteredOut "
        "NumberOfNotificationsFilteredOut-InvalidAttributes NumberOfNotificationsFilteredOut-InvalidMessageBody "
        "NumberOfNotificationsFilteredOut-MessageAttributes NumberOfNotificationsFilteredOut-MessageBody "
        "NumberOfNotificationsFilteredOut-NoMessageAttributes NumberOfNotificationsRedrivenToDlq PublishSize "
        "SMSSuccessRate"
    ),
    "AWS/SQS": (
        "ApproximateAgeOfOldestMessage ApproximateNumberOfGroupsWithInflightMessages "
        "ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible "
        "NumberOfDeduplicatedSentMessages NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived "
        "NumberOfMessagesSent SentMessageSize"
    ),
}
_GLUES_NAME = re.compile(
    r"glue\.(?:(?:driver|ALL|\d+)\.(?:aggregate|BlockManager|bookmark|disk|ExecutorAllocationManager|jvm|memory|s3"
    r"|skewness|streaming|system|throughput|workerUtilization|Bytes|FilesRead|Partitions|Records)\b[A-Za-z_.]*"
    r"|(?:error|succeed)\.[A-Z_.a-z]+)"
)
#: What Glue adds up over the stages of a run.
_AGGREGATES = frozenset(
    (
        "bytesRead", "elapsedTime", "numCompletedStages", "numCompletedTasks", "numFailedTasks", "numKilledTasks",
        "recordsRead", "shuffleBytesWritten", "shuffleLocalBytesRead",
    )
)  # fmt: skip
_NAMES_OF = {
    "BucketName": "AWS::S3::Bucket",
    "DestinationBucket": "AWS::S3::Bucket",
    "EventBusName": "AWS::Events::EventBus",
    "EventSourceMappingUUID": "AWS::Lambda::EventSourceMapping",
    "FunctionName": "AWS::Lambda::Function",
    "JobName": "AWS::Glue::Job",
    "QueueName": "AWS::SQS::Queue",
    "RuleName": "AWS::Events::Rule",
    "SourceBucket": "AWS::S3::Bucket",
    "StreamName": "AWS::Kinesis::Stream",
    "TableName": "AWS::DynamoDB::Table",
    "TopicName": "AWS::SNS::Topic",
    "WorkGroup": "AWS::Athena::WorkGroup",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
_VALUES_OF = {
    "StorageType": {
        "AllStorageTypes",
        "DeepArchiveObjectOverhead",
        "DeepArchiveS3ObjectOverhead",
        "DeepArchiveStagingStorage",
        "DeepArchiveStorage",
        "GlacierInstantRetrievalSizeOverhead",
        "GlacierInstantRetrievalStorage",
        "GlacierObjectOverhead",
        "GlacierS3ObjectOverhead",
        "GlacierStagingStorage",
        "GlacierStorage",
        "IntelligentTieringAAStorage",
        "IntelligentTieringAIAStorage",
        "IntelligentTieringDAAStorage",
        "IntelligentTieringFAStorage",
        "IntelligentTieringIAStorage",
        "OneZoneIASizeOverhead",
        "OneZoneIAStorage",
        "ReducedRedundancyStorage",
        "StandardIAObjectOverhead",
        "StandardIASizeOverhead",
        "StandardIAStorage",
        "StandardStorage",
    },
    # One run is over when somebody looks.
    "JobRunId": {"ALL"},
    "Type": {"count", "gauge"},
}
# What a function's own metrics are told apart by; Powertools sets it.
_SERVICE = "service"
# What follows is the functions' own; tests/unit/test_names.py holds it to their code.
#: The variables that say where and as which service a function publishes, and where it does if one is not set.
NAMESPACE, SERVICE_NAME = "METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"
OWN_NAMESPACE = "FinancialPipeline"
#: The metrics of the functions that read a stream, and of those that read a queue.
OF_STREAM_READERS = frozenset({"ObjectsWritten", "RecordsIngested", "RecordsUndecodable", "Redeliveries"})
OF_QUEUE_READERS = frozenset({"ObjectsValidated", "RecordsValidated", "Redeliveries", "ValidationFailures"})


def name_of(resource: Resource) -> str:
    """The name that metrics know a resource by. `Ref` gives a queue's URL and a topic's ARN instead."""
    if resource.type in ("AWS::SNS::Topic", "AWS::SQS::Queue"):
        return resource.arn.rpartition(":")[2]
    return resource.ref


def metric_of(resource: Resource, namespace: str, name: str, dimension: str) -> Metric:
    """A metric with one dimension, which holds the resource's name."""
    return Metric(namespace, name, {dimension: name_of(resource)})


def own_metric(function: Resource, name: str) -> Metric | None:
    """A metric that a function publishes itself; None if it does not say as which service."""
    service = _variable(function, SERVICE_NAME)
    return Metric(_own_namespace(function), name, {_SERVICE: service}) if service else None


def faults(stack: Stack, metric: Metric) -> Iterator[str]:
    """Why there are no numbers of a metric, as ends of a sentence that begins with its name. Empty if there may be."""
    functions = stack.of("AWS::Lambda::Function").values()
    possible = _EXCEPTIONS.get((metric.namespace, metric.name), _DIMENSIONS.get(metric.namespace))
    if possible is None:
        if metric.namespace not in {_own_namespace(each) for each in functions}:
            yield f"is in {metric.namespace or 'no namespace'}, where no known service and no function publishes"
            return
        possible = [{_SERVICE}]
    if not metric.name:
        yield "has no name"
    elif not _exists(metric):
        yield f"is no metric that {metric.namespace} has"
    if set(metric.dimensions) not in possible:
        known = ", or by ".join(_list(each) for each in possible)
        stated = f"by {_list(metric.dimensions)}" if metric.dimensions else "without dimensions"
        yield f"is published by {known}, not by {stated}"
        return
    for dimension, value in metric.dimensions.items():
        if dimension == _SERVICE:
            publishing = [each for each in functions if own_metric(each, metric.name) == metric]
            if not publishing:
                yield f"is not published by the service {value or '(empty)'}: no function goes by that name"
            elif not any(metric.name in _counted(stack, each) for each in publishing):
                yield f"is not published by the service {value}: its code counts no such metric"
        elif dimension in _NAMES_OF and named(stack, dimension, value) is None:
            yield f"is of {dimension} {value or '(empty)'}, which is no {_NAMES_OF[dimension]} of the template"
        elif dimension == "RuleId" and value not in _replication_rules(
            stack, metric.dimensions.get("SourceBucket", "")
        ):
            yield f"has no RuleId {value or '(empty)'}: the bucket has no replication rule of that id"
        elif dimension in _VALUES_OF and value not in _VALUES_OF[dimension]:
            yield f"has no {dimension} {value or '(empty)'}"


def _exists(metric: Metric) -> bool:
    """Whether a service publishes a metric of this name; what functions publish is asked for elsewhere."""
    if metric.namespace == "Glue":
        aggregate = metric.name.partition(".aggregate.")[2]
        return bool(_GLUES_NAME.fullmatch(metric.name)) and (not aggregate or aggregate in _AGGREGATES)
    return metric.namespace not in _NAMES or metric.name in _NAMES[metric.namespace].split()


def named(stack: Stack, dimension: str, value: str) -> Resource | None:
    """The resource of the template whose name is a dimension's value; None also if it holds no resource's name."""
    resources = stack.of(_NAMES_OF[dimension]).values() if dimension in _NAMES_OF else ()
    return next((each for each in resources if value and name_of(each) == value), None)


def _replication_rules(stack: Stack, bucket: str) -> set[str]:
    found = named(stack, "SourceBucket", bucket)
    rules = at(found.properties, "ReplicationConfiguration", "Rules") if found else None
    return {str(at(each, "Id")) for each in items(rules)}


def _counted(stack: Stack, function: Resource) -> frozenset[str]:
    kinds = ((mappings.of_streams(stack), OF_STREAM_READERS), (mappings.of_queues(stack), OF_QUEUE_READERS))
    found = [own for read, own in kinds if any(mappings.function_of(stack, each) is function for each in read.values())]
    return frozenset().union(*(found or [OF_STREAM_READERS, OF_QUEUE_READERS]))


def _own_namespace(function: Resource) -> str:
    return _variable(function, NAMESPACE) or OWN_NAMESPACE


def _variable(function: Resource, name: str) -> str:
    value: Any = at(function.properties, "Environment", "Variables", name)
    return value if isinstance(value, str) else ""


def _list(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
