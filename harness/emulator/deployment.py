"""The deployed resources, read through the services' APIs: the input of the permission check."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from harness.emulator.policies import Document, Role
from harness.emulator.stores import Key, Store

Clients = Callable[[str], Any]


@dataclass
class Deployment:
    """Reads each resource on demand, and once. `clients` returns a client for a service name."""

    clients: Clients
    region: str
    account: str
    _keys: dict[str, Key | None] = field(default_factory=dict)
    _roles: dict[str, Role] = field(default_factory=dict)

    @cached_property
    def functions(self) -> list[dict[str, Any]]:
        """Every Lambda function's configuration."""
        return [f for page in self._pages("lambda", "list_functions") for f in page["Functions"]]

    @cached_property
    def mappings(self) -> list[dict[str, Any]]:
        """Every event source mapping."""
        pages = self._pages("lambda", "list_event_source_mappings")
        return [m for page in pages for m in page["EventSourceMappings"]]

    @cached_property
    def jobs(self) -> list[dict[str, Any]]:
        """Every Glue job."""
        return [job for page in self._pages("glue", "get_jobs") for job in page["Jobs"]]

    @cached_property
    def log_groups(self) -> dict[str, Key | None]:
        """Every log group's name and key."""
        pages = self._pages("logs", "describe_log_groups")
        return {g["logGroupName"]: self.key(g.get("kmsKeyId")) for page in pages for g in page["logGroups"]}

    @cached_property
    def stores(self) -> dict[str, Store]:
        """Every bucket, queue, stream, table and topic, by ARN."""
        readers = (self._buckets, self._queues, self._streams, self._tables, self._topics)
        return {store.arn: store for read in readers for store in read()}

    @cached_property
    def notified_queues(self) -> list[tuple[str, str]]:
        """(bucket ARN, queue ARN) for every bucket that notifies a queue."""
        read = self.clients("s3").get_bucket_notification_configuration
        found = [(bucket.arn, read(Bucket=bucket.name).get("QueueConfigurations", [])) for bucket in self._of("s3")]
        return [(arn, queue["QueueArn"]) for arn, queues in found for queue in queues]

    @cached_property
    def replications(self) -> list[tuple[str, dict[str, Any]]]:
        """(bucket ARN, configuration) for every bucket with replication."""
        read = self.clients("s3").get_bucket_replication
        found = [(bucket.arn, _unless_missing(read, Bucket=bucket.name)) for bucket in self._of("s3")]
        return [(arn, answer["ReplicationConfiguration"]) for arn, answer in found if answer]

    @cached_property
    def access_logs(self) -> list[tuple[str, dict[str, Any]]]:
        """(bucket ARN, logging target) for every bucket with access logging."""
        read = self.clients("s3").get_bucket_logging
        found = [(bucket.arn, read(Bucket=bucket.name).get("LoggingEnabled")) for bucket in self._of("s3")]
        return [(arn, target) for arn, target in found if target]

    @cached_property
    def trails(self) -> list[dict[str, Any]]:
        """Every trail."""
        return list(self.clients("cloudtrail").describe_trails()["trailList"])

    @cached_property
    def crawlers(self) -> list[dict[str, Any]]:
        """Every Glue crawler."""
        return [crawler for page in self._pages("glue", "get_crawlers") for crawler in page["Crawlers"]]

    @cached_property
    def log_keys(self) -> dict[str, Key | None]:
        """The KMS key for logs of each Glue security configuration, by name."""
        pages = self._pages("glue", "get_security_configurations")
        configurations = [c for page in pages for c in page["SecurityConfigurations"]]
        return {
            c["Name"]: self.key(c["EncryptionConfiguration"].get("CloudWatchEncryption", {}).get("KmsKeyArn"))
            for c in configurations
        }

    @cached_property
    def table_locations(self) -> dict[tuple[str, str], str]:
        """The location of every catalog table, by (database, table)."""
        databases = [d["Name"] for page in self._pages("glue", "get_databases") for d in page["DatabaseList"]]
        tables = [
            t
            for name in databases
            for page in self._pages("glue", "get_tables", DatabaseName=name)
            for t in page["TableList"]
        ]
        return {(t["DatabaseName"], t["Name"]): t.get("StorageDescriptor", {}).get("Location", "") for t in tables}

    @cached_property
    def alarms(self) -> list[dict[str, Any]]:
        """Every alarm on a metric."""
        return [alarm for page in self._pages("cloudwatch", "describe_alarms") for alarm in page["MetricAlarms"]]

    @cached_property
    def rule_targets(self) -> list[tuple[str, str]]:
        """(rule, target ARN) for every target of every event rule."""
        events = self.clients("events")
        rules = [rule["Name"] for page in self._pages("events", "list_rules") for rule in page["Rules"]]
        return [(rule, t["Arn"]) for rule in rules for t in events.list_targets_by_rule(Rule=rule)["Targets"]]

    @cached_property
    def rule_dead_letters(self) -> list[tuple[str, str, str]]:
        """(rule, its ARN, queue ARN) for every dead-letter queue of a rule."""
        events = self.clients("events")
        rules = [(rule["Name"], rule["Arn"]) for page in self._pages("events", "list_rules") for rule in page["Rules"]]
        return [
            (name, arn, target["DeadLetterConfig"]["Arn"])
            for name, arn in rules
            for target in events.list_targets_by_rule(Rule=name)["Targets"]
            if "DeadLetterConfig" in target
        ]

    def role(self, arn: str) -> Role:
        """A role by ARN or name, with all its policy documents."""
        name = arn.rsplit("/", 1)[-1]
        if name not in self._roles:
            self._roles[name] = read_role(self.clients("iam"), name)
        return self._roles[name]

    def key(self, identifier: str | None) -> Key | None:
        """The customer managed key with that id, ARN or alias; None for AWS managed keys and for no key."""
        if not identifier:
            return None
        if identifier not in self._keys:
            self._keys[identifier] = self._read_key(identifier)
        return self._keys[identifier]

    def _of(self, service: str) -> list[Store]:
        return [store for store in self.stores.values() if store.service == service]

    def _pages(self, service: str, operation: str, **parameters: str) -> Iterator[dict[str, Any]]:
        yield from self.clients(service).get_paginator(operation).paginate(**parameters)

    def _read_key(self, identifier: str) -> Key | None:
        if identifier.rsplit(":", 1)[-1].startswith("alias/aws/"):
            return None
        kms = self.clients("kms")
        try:
            described = kms.describe_key(KeyId=identifier)["KeyMetadata"]
        except ClientError:
            # A missing key allows nothing, so every use of it is reported by name.
            return Key(identifier, {})
        if described.get("KeyManager") == "AWS":
            return None
        policy = kms.get_key_policy(KeyId=described["KeyId"], PolicyName="default")["Policy"]
        return Key(described["Arn"], json.loads(policy))

    def _buckets(self) -> Iterator[Store]:
        s3 = self.clients("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            encryption = _unless_missing(s3.get_bucket_encryption, Bucket=name)
            rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [{}])
            default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
            policy = _unless_missing(s3.get_bucket_policy, Bucket=name).get("Policy")
            yield Store(
                service="s3",
                name=name,
                arn=f"arn:aws:s3:::{name}",
                key=self.key(default.get("KMSMasterKeyID")),
                policy=None if policy is None else json.loads(policy),
                bucket_key=bool(rules[0].get("BucketKeyEnabled")),
            )

    def _queues(self) -> Iterator[Store]:
        sqs = self.clients("sqs")
        for page in self._pages("sqs", "list_queues"):
            for url in page.get("QueueUrls", []):
                attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
                arn, policy = attributes["QueueArn"], attributes.get("Policy")
                yield Store(
                    service="sqs",
                    name=arn.rsplit(":", 1)[-1],
                    arn=arn,
                    key=self.key(attributes.get("KmsMasterKeyId")),
                    policy=json.loads(policy) if policy else None,
                )

    def _streams(self) -> Iterator[Store]:
        kinesis = self.clients("kinesis")
        for page in self._pages("kinesis", "list_streams"):
            for name in page["StreamNames"]:
                stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
                yield Store("kinesis", name, stream["StreamARN"], self.key(stream.get("KeyId")))

    def _tables(self) -> Iterator[Store]:
        dynamodb = self.clients("dynamodb")
        for page in self._pages("dynamodb", "list_tables"):
            for name in page["TableNames"]:
                table = dynamodb.describe_table(TableName=name)["Table"]
                key = self.key(table.get("SSEDescription", {}).get("KMSMasterKeyArn"))
                yield Store("dynamodb", name, table["TableArn"], key)

    def _topics(self) -> Iterator[Store]:
        sns = self.clients("sns")
        for page in self._pages("sns", "list_topics"):
            for topic in page["Topics"]:
                arn = topic["TopicArn"]
                attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
                yield Store(
                    service="sns",
                    name=arn.rsplit(":", 1)[-1],
                    arn=arn,
                    key=self.key(attributes.get("KmsMasterKeyId")),
                    policy=json.loads(attributes["Policy"]),
                )


def read_role(iam: Any, name: str) -> Role:
    """A role with all its policies, through an IAM client. Raises ClientError if it does not exist."""

    def managed(arn: str) -> Any:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    role = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    documents += [managed(policy["PolicyArn"]) for policy in attached]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(
        name=name,
        arn=role["Arn"],
        trust=_document(role["AssumeRolePolicyDocument"]),
        documents=tuple(map(_document, documents)),
        boundary=None if boundary is None else _document(managed(boundary)),
    )


def _document(document: Any) -> Document:
    """A policy document. botocore decodes it only if the service URL-encoded it."""
    if isinstance(document, str):
        document = json.loads(unquote(document))
    assert isinstance(document, Mapping)
    return document


def _unless_missing(read: Callable[..., dict[str, Any]], **parameters: str) -> dict[str, Any]:
    """S3's response, or an empty one if the configuration does not exist."""
    try:
        return read(**parameters)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return {}
        raise
