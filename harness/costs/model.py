"""What a rendered template costs a month: amounts from its own values, and the assumptions of prices.yaml."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from functools import cached_property
from itertools import chain
from typing import Any

from harness.costs.data import Data
from harness.render.resources import at, items

Resources = Mapping[str, Mapping[str, Any]]
#: The types whose amounts are computed here. A trigger is the schedule of a job or crawler.
PRICED = frozenset(
    f"AWS::{each}"
    for each in (
        "CloudTrail::Trail", "CloudWatch::Alarm", "CloudWatch::Dashboard", "DynamoDB::Table", "EC2::VPCEndpoint",
        "Glue::Crawler", "Glue::Job", "Glue::Trigger", "KMS::Key", "Kinesis::Stream", "Lambda::EventSourceMapping",
        "Lambda::Function", "Logs::LogGroup", "S3::Bucket", "SQS::Queue",
    )
)  # fmt: skip
HOURS = Decimal(730)
SECONDS = HOURS * 3600
DAYS = HOURS / 24
DAY = Decimal(86400)
GB = Decimal(2**30)
#: The largest event of Lambda. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
EVENT_BYTES = Decimal(6 * 2**20)
#: A PUT payload unit. https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
PUT_BYTES = Decimal(25 * 2**10)
#: Memory that has one core. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
CORE_MB = Decimal(1769)
#: Smaller objects never change their storage class, and an object in these classes has so much metadata (bytes there,
#: and in Standard). https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
SMALLEST = Decimal(128 * 2**10)
METADATA = dict.fromkeys(("GLACIER", "DEEP_ARCHIVE"), (Decimal(32 * 2**10), Decimal(8 * 2**10)))
_WEEKDAYS = {name: str(number) for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}


class Uncounted(Exception):
    """The template has something that the model does not price; one line."""


@dataclass(frozen=True)
class Load:
    """Records a second, every second, and the age in days of a deployment that had this load all the time."""

    records: Decimal
    age: Decimal


@dataclass(frozen=True)
class Bill:
    """A month. `amounts` by the names of prices; `fits` says whether the shards can take the load."""

    amounts: Mapping[str, Decimal]
    data: Data
    fits: bool

    @cached_property
    def costs(self) -> dict[str, Decimal]:
        """USD by the names of prices, each to the cent."""
        return {name: each.cost(self.amounts[name]) for name, each in self.data.prices.items() if name in self.amounts}

    @cached_property
    def services(self) -> dict[str, Decimal]:
        """USD by service."""
        found: dict[str, Decimal] = {}
        for name, cost in self.costs.items():
            service = self.data.prices[name].service
            found[service] = found.get(service, Decimal(0)) + cost
        return found

    @property
    def total(self) -> Decimal:
        """USD."""
        return sum(self.costs.values(), Decimal(0))


def bill(resources: Resources, load: Load, data: Data) -> Bill:
    """The bill of a rendering's resources. Raises Uncounted for what has no price."""
    for name, body in resources.items():
        if body["Type"] not in PRICED and body["Type"] not in data.free:
            raise Uncounted(f"{name}: {body['Type']} is neither priced nor listed as free in harness/costs/prices.yaml")
    with localcontext() as context:
        context.prec = 50
        month = _Month(resources, load, data)
        return Bill(month.amounts(), data, load.records <= month.capacity)


def monthly_runs(schedule: str) -> Decimal:
    """How often a `cron(...)` fires in an average month. Raises Uncounted for forms such as L, W and #."""
    try:
        minutes, hours, days, months, weekdays, _ = schedule.removeprefix("cron(").removesuffix(")").split()
        weekdays = re.sub("[A-Z]{3}", lambda name: _WEEKDAYS[name[0]], weekdays)
        on = DAYS * _count(weekdays, 1, 7) / 7 if days in ("*", "?") else Decimal(_count(days, 1, 31))
        return on * _count(minutes, 0, 59) * _count(hours, 0, 23) * _count(months, 1, 12) / 12
    except (KeyError, ValueError) as error:
        raise Uncounted(f"{schedule}: how often it fires is not counted") from error


def _count(field: str, least: int, most: int) -> int:
    found: set[int] = set()
    for part in field.split(","):
        values, _, step = part.partition("/")
        first, _, last = values.partition("-") if values not in ("*", "?") else (str(least), "", str(most))
        end = int(last) if last else most if step else int(first)
        found |= set(range(int(first), end + 1, int(step or 1)))
    return len(found)


class _Month:
    """The amounts of one month."""

    def __init__(self, resources: Resources, load: Load, data: Data) -> None:
        self.resources, self.load, self.data = resources, load, data
        self.found: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.a = data.assumptions

    def of(self, type_: str) -> dict[str, Mapping[str, Any]]:
        """The properties of the resources of a type."""
        return {
            name: body.get("Properties", {}) for name, body in self.resources.items() if body["Type"] == f"AWS::{type_}"
        }

    def add(self, price: str, amount: Decimal | int) -> None:
        """Add an amount to what a price has."""
        self.found[price] += amount

    def amounts(self) -> dict[str, Decimal]:
        """By the names of prices."""
        self.stream()
        self.functions()
        self.tables()
        self.glue()
        self.storage()
        self.watching()
        self.rest()
        return dict(self.found)

    @property
    def capacity(self) -> Decimal:
        """Records a second that the shards take. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"""
        shards = sum((_number(each["ShardCount"]) for each in self.of("Kinesis::Stream").values()), Decimal(0))
        return shards * min(Decimal(1000), Decimal(2**20) / self.a["record_bytes"])

    @cached_property
    def batches(self) -> Decimal:
        """Invocations of the consumer in a month."""
        total = Decimal(0)
        for mapping in self.of("Lambda::EventSourceMapping").values():
            for stream in self.of("Kinesis::Stream").values():
                if self.load.records and mapping["EventSourceArn"].endswith(f"/{stream['Name']}"):
                    shards = _number(stream["ShardCount"])
                    each = self.load.records / shards
                    event = EVENT_BYTES / (self.a["record_bytes"] * 4 / 3 + self.a["event_bytes"])
                    # Lambda asks a shard once a second, also without a window.
                    window = max(_number(mapping.get("MaximumBatchingWindowInSeconds", 0)), Decimal(1))
                    total += shards * SECONDS / min(window, event / each, _number(mapping["BatchSize"]) / each)
        return total

    @property
    def objects(self) -> Decimal:
        """Raw objects that a month writes."""
        return self.batches * self.a["feeds"]

    def stream(self) -> None:
        """Kinesis."""
        for stream in self.of("Kinesis::Stream").values():
            hours = _number(stream["ShardCount"]) * HOURS
            self.add("shard_hour", hours)
            kept = _number(stream.get("RetentionPeriodHours", 24))
            if kept > 168:
                raise Uncounted("RetentionPeriodHours: more than 168 are billed by the GB, which is not counted")
            if kept > 24:
                self.add("retention_shard_hour", hours)
        units = (self.a["record_bytes"] / PUT_BYTES).to_integral_value(ROUND_CEILING)
        self.add("put_unit", self.load.records * SECONDS * units)

    def functions(self) -> None:
        """Lambda, its queue and its logs."""
        queues = {queue["QueueName"] for queue in self.of("SQS::Queue").values()}
        functions = {each["FunctionName"]: each for each in self.of("Lambda::Function").values()}
        retention = {each["LogGroupName"]: each["RetentionInDays"] for each in self.of("Logs::LogGroup").values()}
        for mapping in self.of("Lambda::EventSourceMapping").values():
            function = functions[mapping["FunctionName"]]
            by_queue = mapping["EventSourceArn"].rpartition(":")[2] in queues
            times = self.objects / _number(mapping["BatchSize"]) if by_queue else self.batches
            core_us = self.a["validator_core_us" if by_queue else "consumer_core_us"]
            if by_queue:
                self.add("queue_request", 3 * times + self.a["queue_polls"] * 60 * HOURS)
            memory = _number(function["MemorySize"])
            cores = min(memory / CORE_MB, Decimal(1))
            busy = times * self.a["invocation_ms"] / 1000 + self.load.records * SECONDS * core_us / 1000000 / cores
            self.add("invocation", times)
            self.add("gb_second", busy * memory / 1024)
            self.logs(times * self.a["log_bytes"] / GB, retention[function["LoggingConfig"]["LogGroup"]])
            if times and "EventCount" in items(at(mapping, "MetricsConfig", "Metrics")):
                self.add("custom_metric", self.a["mapping_metrics"])
        if self.load.records:
            self.add("custom_metric", self.a["function_metrics"])

    def logs(self, gb: Decimal, days: Any) -> None:
        """A month's logs, and those kept from before."""
        self.add("log_gb", gb)
        self.add("log_gb_month", gb / DAYS * min(_number(days), self.load.age) * self.a["log_ratio"])

    def tables(self) -> None:
        """DynamoDB. A raw object has rows in both tables, so each table counts for half."""
        tables = self.of("DynamoDB::Table").values()
        for table in tables:
            rows = self.objects / len(tables)
            self.add("table_write", rows * self.a["writes"])
            self.add("table_read", rows * self.a["reads"])
            stored = rows / DAYS * self.load.age / GB
            self.add("table_gb_month", stored * (self.a["table_bytes"] + self.a["index_bytes"]))
            if at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"):
                self.add("recovery_gb_month", stored * self.a["table_bytes"])

    def glue(self) -> None:
        """The job, the files that it writes, and the crawlers."""
        for trigger in self.of("Glue::Trigger").values():
            runs = monthly_runs(trigger["Schedule"])
            for action in trigger["Actions"]:
                for job in self.of("Glue::Job").values():
                    if job["Name"] == action.get("JobName"):
                        self.job(job, runs)
                for crawler in self.of("Glue::Crawler").values():
                    if crawler["Name"] == action.get("CrawlerName"):
                        self.crawler(crawler, runs)

    def job(self, job: Mapping[str, Any], runs: Decimal) -> None:
        """Runs of the job. Each rebuilds the hour that has begun and the one before."""
        arguments = job["DefaultArguments"]
        workers = _number(job["NumberOfWorkers"])
        at_start = min(workers, Decimal(2)) if arguments.get("--enable-auto-scaling") == "true" else workers
        started = runs * at_start * self.data.workers[job["WorkerType"]] * self.a["run_seconds"]
        busy = self.load.records * SECONDS * self.a["job_dpu_us"] / 1000000
        self.add("dpu_hour", (started + busy) / 3600)
        groups = self.of("Logs::LogGroup").values()
        logs = (each["RetentionInDays"] for each in groups if "/aws-glue/" in each["LogGroupName"])
        self.logs(runs * self.a["run_log_bytes"] / GB, max(logs))
        if self.load.records:
            # Staged, then copied by an upload in parts (three requests); each has a lineage row, which is in the index.
            files = runs * 2 * self.a["feeds"] * _number(arguments["--buckets_per_partition"])
            self.add("put_request", 4 * files)
            self.add("table_write", 2 * files)

    def crawler(self, crawler: Mapping[str, Any], runs: Decimal) -> None:
        """Crawls of one crawler. It lists raw objects, or Parquet, of which there are few."""
        tables = [table for target in crawler["Targets"]["CatalogTargets"] for table in target["Tables"]]
        lists_raw = "market_data" in tables
        listed = self.objects / DAYS * self.load.age if lists_raw else Decimal(0)
        seconds = max(self.a["crawl_seconds"], listed / self.a["crawled_per_second"])
        # A crawl that is not over yet is not started again.
        self.add("dpu_hour", min(runs * seconds, SECONDS) * self.a["crawler_dpus"] / 3600)
        self.add("put_request", min(runs, SECONDS / seconds) * listed / 1000)

    def storage(self) -> None:
        """S3: requests, and what is stored by its age."""
        objects, raw, validated = self.objects, self.a["raw_bytes"], self.a["validated_bytes"]
        buckets, records = self.of("S3::Bucket"), self.load.records * SECONDS
        rules = {name: at(each, "ReplicationConfiguration", "Rules") or [] for name, each in buckets.items()}
        self.requests("RawDataBucket", puts=objects, gets=objects)
        self.requests("ProcessedDataBucket", puts=objects, gets=objects * self.a["job_reads"])
        self.kept("RawDataBucket", "market-data/", records * raw, objects)
        if any(rule["Filter"]["Prefix"] == "market-data/" for rule in rules["RawDataBucket"]):
            self.requests("ArchivedDataBucket", puts=objects, gets=Decimal(0))
            self.kept("ArchivedDataBucket", "market-data/", records * raw, objects)
        for rule in chain.from_iterable(rules.values()):
            if at(rule, "Destination", "Metrics", "Status") == "Enabled":
                self.add("custom_metric", self.a["replication_metrics"])
        self.kept("ProcessedDataBucket", "validated/", records * validated, objects)
        parquet = records * self.a["parquet_bytes"]
        self.kept("ProcessedDataBucket", "parquet/", parquet, Decimal(0))
        # Each hour's files are replaced once, and all are staged first; as old versions they stay for some days.
        self.kept("ProcessedDataBucket", "parquet/", parquet, Decimal(0), is_old=True)
        self.kept("ProcessedDataBucket", "staging/", parquet * 2, Decimal(0), is_old=True)
        events = objects * self.a["object_events"]
        if any("LoggingConfiguration" in each for each in buckets.values()):
            self.kept("AccessLogBucket", "", events * self.a["access_log_bytes"], events)
        if self.of("CloudTrail::Trail"):
            self.add("data_event", events)
            self.kept("DataEventBucket", "", events * self.a["event_log_bytes"], Decimal(0))

    def requests(self, bucket: str, puts: Decimal, gets: Decimal) -> None:
        """Requests to a bucket, and those of S3 to KMS."""
        (rule,) = self.of("S3::Bucket")[bucket]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        self.add("put_request", puts)
        self.add("get_request", gets)
        if rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms":
            share = self.a["bucket_key_share"] if rule.get("BucketKeyEnabled") else Decimal(1)
            self.add("key_request", (puts + gets) * share)

    def kept(self, bucket: str, prefix: str, size: Decimal, objects: Decimal, is_old: bool = False) -> None:
        """What a month adds (bytes, objects; 0 for few and large ones) under a prefix, as the lifecycle keeps it."""
        properties = self.of("S3::Bucket")[bucket]
        rules = [
            rule
            for rule in at(properties, "LifecycleConfiguration", "Rules") or []
            if rule["Status"] == "Enabled" and prefix.startswith(rule.get("Prefix", ""))
        ]
        after = sum(
            (_number(at(rule, "NoncurrentVersionExpiration", "NoncurrentDays") or 0) for rule in rules), Decimal(0)
        )
        expires = [_number(rule["ExpirationInDays"]) for rule in rules if "ExpirationInDays" in rule]
        end = after if is_old else min(expires) + after if expires else self.load.age
        moves = [move for rule in rules for move in rule.get("Transitions", [])]
        if is_old or (objects and size / objects < SMALLEST):
            moves = []
        moves = sorted(moves, key=lambda move: _number(move["TransitionInDays"]))
        classes = [
            (Decimal(0), "STANDARD"),
            *((_number(move["TransitionInDays"]), move["StorageClass"]) for move in moves),
        ]
        for index, (begin, class_) in enumerate(classes):
            until = min([self.load.age, end, *(day for day, _ in classes[index + 1 : index + 2])])
            days = max(until - begin, Decimal(0))
            there, in_standard = METADATA.get(class_, (Decimal(0), Decimal(0)))
            self.add(class_, (size + objects * there) / DAYS * days / GB)
            self.add("STANDARD", objects * in_standard / DAYS * days / GB)
            if begin and days:
                self.add(f"to_{class_}", objects)

    def watching(self) -> None:
        """CloudWatch: an alarm is billed for each metric that it reads."""
        for name, alarm in self.of("CloudWatch::Alarm").items():
            read = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each] or [alarm]
            if any(_number(each["Period"]) < 60 for each in read):
                raise Uncounted(f"{name}: alarms of less than a minute have another price, which is not counted")
            self.add("alarm_metric", len(read))
        self.add("dashboard", len(self.of("CloudWatch::Dashboard")))

    def rest(self) -> None:
        """Endpoints and the key."""
        for endpoint in self.of("EC2::VPCEndpoint").values():
            if endpoint["VpcEndpointType"] == "Interface":
                self.add("endpoint_hour", len(endpoint["SubnetIds"]) * HOURS)
        self.add("key", len(self.of("KMS::Key")))
        encrypted = sum(
            1
            for type_ in ("Kinesis::Stream", "DynamoDB::Table", "SQS::Queue", "SNS::Topic", "Logs::LogGroup")
            for each in self.of(type_).values()
            if {"StreamEncryption", "SSESpecification", "KmsMasterKeyId", "KmsKeyId"} & set(each)
        )
        self.add("key_request", encrypted * self.a["data_keys"] * HOURS)


def _number(value: Any) -> Decimal:
    return Decimal(str(value))
