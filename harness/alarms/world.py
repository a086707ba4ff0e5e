"""Simulates AWS's and the functions' metrics during incidents, minute by minute, from AWS's documentation.

What is modelled is what the alarms stand on, each with where AWS documents it. A `World` is told what goes wrong and
when; it holds numbers and events, and decides nothing about alarms. A
backlog is read within a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from harness.alarms.series import Metric, Numbers

Event = Mapping[str, Any]


@cache
def _metric(namespace: str, name: str, dimension: str, value: str) -> Metric:
    return Metric(namespace, name, {dimension: value})


class Fault(Enum):
    """What goes wrong."""

    PRODUCER_STOPPED = "producer stopped"
    MAPPING_DISABLED = "mapping disabled"
    #: Without kinesis:GetRecords or kms:Decrypt: the poller's GetRecords is denied.
    READS_REFUSED = "reads refused"
    BATCH_FAILS = "a batch fails on one shard"
    REPLICATION_FAILS = "replication fails"
    TABLE_REFUSES = "a table refuses writes"
    JOB_FAILS = "job runs fail"
    JOB_NOT_STARTED = "job not started"
    CRAWL_FAILS = "crawls fail"
    CRAWL_NOT_STARTED = "crawls not started"


@dataclass(frozen=True)
class Trouble:
    """A fault from one minute up to, excluding, another."""

    fault: Fault
    start: int
    end: int


@dataclass(frozen=True)
class Names:
    """Names of the reporting resources, and the format of Glue's events: (state) -> event."""

    stream: str
    mapping: str
    consumer: str
    validator: str
    consumer_service: str
    validator_service: str
    namespace: str
    validation_queue: str
    replication_queue: str
    other_queues: tuple[str, ...]
    tables: tuple[str, ...]
    raw_bucket: str
    archive_bucket: str
    replication_rules: tuple[str, ...]
    topics: tuple[str, ...]
    job_event: Callable[[str], Event]
    crawler_events: tuple[Callable[[str], Event], ...]


@dataclass(frozen=True)
class Traffic:
    """Traffic: records per interval in minutes, and the batching window."""

    records: int = 1000
    every: int = 1
    window: int = 0


@dataclass
class World:
    """A deployment in minute 0, and the metrics from then on."""

    names: Names
    troubles: tuple[Trouble, ...] = ()
    traffic: Traffic = field(default_factory=Traffic)
    #: Whether a denied GetRecords counts as zero, or not at all.
    counts_refusals: bool = True
    #: Whether another consumer reads the stream too.
    another_reads: bool = False
    #: Whether an operator has deleted S3's test message.
    emptied: bool = False
    job_every: int = 60
    crawl_every: int = 1440
    #: Names of the event rules that match an event.
    rules_for: Callable[[Event], Collection[str]] = lambda _: ()
    numbers: Numbers = field(default_factory=Numbers)
    #: (minute, rule) of every event that a rule matched.
    matched: list[tuple[int, str]] = field(default_factory=list)

    def run(self, end: int) -> World:
        """Simulate up to a minute."""
        for minute in range(end):
            self._stream(minute)
            self._functions(minute)
            self._storage(minute)
            self._glue(minute)
        return self

    def _is(self, fault: Fault, minute: int) -> bool:
        return any(each.fault is fault and each.start <= minute < each.end for each in self.troubles)

    def _put(self, namespace: str, name: str, dimension: str, value: str, minute: int, number: float) -> None:
        self.numbers.put(_metric(namespace, name, dimension, value), minute, number)

    def _sent(self, minute: int) -> int:
        if minute < 0 or self._is(Fault.PRODUCER_STOPPED, minute) or minute % self.traffic.every:
            return 0
        return self.traffic.records

    def _reads(self, minute: int) -> bool:
        return not (self._is(Fault.MAPPING_DISABLED, minute) or self._is(Fault.READS_REFUSED, minute))

    def _polled(self, minute: int) -> int:
        """The records read now, including the backlog."""
        if not self._reads(minute):
            return 0
        waiting = range(minute - self._age(minute) - self.traffic.window, minute - self.traffic.window + 1)
        return sum(self._sent(each) for each in waiting)

    def _stream(self, minute: int) -> None:
        # https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
        name = self.names.stream
        if sent := self._sent(minute):
            self._put("AWS/Kinesis", "IncomingRecords", "StreamName", name, minute, sent)
            self._put("AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", name, minute, 0)
        if self._reads(minute):
            # Lambda polls each shard about once a second, ten of them.
            # https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
            age = 60_000 * self._age(minute)
            self._put("AWS/Kinesis", "GetRecords.Success", "StreamName", name, minute, 600)
            self._put("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", name, minute, age)
            self._put("AWS/Kinesis", "ReadProvisionedThroughputExceeded", "StreamName", name, minute, 0)
        if self.another_reads:
            self._put("AWS/Kinesis", "GetRecords.Success", "StreamName", name, minute, 600)
        if self._is(Fault.READS_REFUSED, minute) and self.counts_refusals:
            self._put("AWS/Kinesis", "GetRecords.Success", "StreamName", name, minute, 0)

    def _age(self, minute: int) -> int:
        """Age in minutes of the oldest record read now; 0 without delay."""
        first = minute
        while first > 0 and not self._reads(first - 1):
            first -= 1
        return minute - first

    def _functions(self, minute: int) -> None:
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        polled = self._polled(minute)
        fails, given_up = self._is(Fault.BATCH_FAILS, minute), self._is(Fault.BATCH_FAILS, minute - 1)
        mapping = self.names.mapping
        if polled:
            self._put("AWS/Lambda", "PolledEventCount", "EventSourceMappingUUID", mapping, minute, polled)
            self._put("AWS/Lambda", "IteratorAge", "FunctionName", self.names.consumer, minute, 1000.0)
            self._put("AWS/Lambda", "DroppedEventCount", "EventSourceMappingUUID", mapping, minute, 0)
            for function in (self.names.consumer, self.names.validator):
                self._put("AWS/Lambda", "Throttles", "FunctionName", function, minute, 0)
                self._put("AWS/Lambda", "Errors", "FunctionName", function, minute, 0)
            self._own(self.names.consumer_service, minute, RecordsIngested=polled, RecordsUndecodable=0, Redeliveries=0)
            validator = self.names.validator_service
            self._own(validator, minute, RecordsValidated=polled, ValidationFailures=0, Redeliveries=0)
        if fails:
            self._put("AWS/Lambda", "Errors", "FunctionName", self.names.consumer, minute, 1)
        elif given_up:
            # Retries exhausted: the batch goes to the on-failure destination, and the shard moves on.
            name = "OnFailureDestinationDeliveredEventCount"
            self._put("AWS/Lambda", name, "EventSourceMappingUUID", mapping, minute, 200)

    def _own(self, service: str, minute: int, **counts: int) -> None:
        for name, count in counts.items():
            self._put(self.names.namespace, name, "service", service, minute, count)

    def _storage(self, minute: int) -> None:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        visible = "ApproximateNumberOfMessagesVisible"
        for queue in (self.names.validation_queue, *self.names.other_queues):
            self._put("AWS/SQS", visible, "QueueName", queue, minute, 0)
        self._put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", self.names.validation_queue, minute, 5)
        if self._is(Fault.TABLE_REFUSES, minute):
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
            self._put("AWS/DynamoDB", "WriteThrottleEvents", "TableName", self.names.tables[0], minute, 3)
        fails = [each for each in self.troubles if each.fault is Fault.REPLICATION_FAILS]
        failed = sum(max(0, min(minute, each.end - 1) - each.start + 1) for each in fails)
        # After the fix, an operator copies the listed objects and empties the queue.
        listed = failed if any(minute < each.end for each in fails) else 0
        # S3 sends a test message when a notification is configured.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        test = 0 if self.emptied or (failed and not listed) else 1
        self._put("AWS/SQS", visible, "QueueName", self.names.replication_queue, minute, test + listed)
        if self._is(Fault.REPLICATION_FAILS, minute):
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
            buckets = {"SourceBucket": self.names.raw_bucket, "DestinationBucket": self.names.archive_bucket}
            rule = {"RuleId": self.names.replication_rules[0]}
            self.numbers.put(Metric("AWS/S3", "OperationsFailedReplication", {**buckets, **rule}), minute, 1)

    def _glue(self, minute: int) -> None:
        # https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
        for event in self._events(minute):
            for rule in self.rules_for(event):
                self.matched.append((minute, rule))
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
                self._put("AWS/Events", "MatchedEvents", "RuleName", rule, minute, 1)

    def _events(self, minute: int) -> Iterator[Event]:
        if minute % self.job_every == 30 and not self._is(Fault.JOB_NOT_STARTED, minute):
            yield self.names.job_event("FAILED" if self._is(Fault.JOB_FAILS, minute) else "SUCCEEDED")
        if minute % self.crawl_every == 45 and not self._is(Fault.CRAWL_NOT_STARTED, minute):
            state = "Failed" if self._is(Fault.CRAWL_FAILS, minute) else "Succeeded"
            yield from (each(state) for each in self.names.crawler_events)
