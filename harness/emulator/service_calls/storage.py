"""The calls of S3, CloudTrail and CloudWatch Logs, and the reads of external accounts that a bucket policy allows."""

from collections.abc import Iterator
from typing import Any

from harness.emulator.policies import Request, Role
from harness.emulator.service_calls.call import (
    DATA_NEEDS_KEY,
    VERIFY_BUCKET_KEY,
    Finder,
    ServiceCall,
    encryption_context,
)
from harness.emulator.stores import Key, Store

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
ENCRYPT_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
READ_RULES = ("s3:GetReplicationConfiguration", "s3:ListBucket")
READ_VERSIONS = ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging")
WRITE_REPLICAS = ("s3:ReplicateObject", "s3:ReplicateTags")


class Storage(Finder):
    """The calls for buckets and log groups."""

    def calls(self) -> Iterator[ServiceCall]:
        """All these calls."""
        for name, key in self._deployment.log_groups.items():
            yield from self._encrypted_logs(name, key)
        for bucket, queue in self._deployment.notified_queues:
            yield from self._notification(bucket, queue)
        for bucket, configuration in self._deployment.replications:
            yield from self._replication(self._deployment.stores[bucket], configuration)
        for bucket, target in self._deployment.access_logs:
            yield from self._access_log(bucket, target)
        for trail in self._deployment.trails:
            yield from self._trail(trail)
        for store in self._deployment.stores.values():
            yield from self._readers(store)

    def _encrypted_logs(self, group: str, key: Key | None) -> Iterator[ServiceCall]:
        if key is None:
            return
        arn = self._arn("logs", f"log-group:{group}")
        context = {
            "kms:EncryptionContext:aws:logs:arn": arn,
            "aws:SourceAccount": self._deployment.account,
            "aws:SourceArn": arn,
        }
        service = f"logs.{self._deployment.region}.amazonaws.com"
        for action in ENCRYPT_LOGS:
            yield self._service(service, action, key, context, f"log group {group} is encrypted")

    def _notification(self, bucket: str, queue: str) -> Iterator[ServiceCall]:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"""
        store = self._deployment.stores.get(queue)
        if store is None:
            return
        context = {"aws:SourceArn": bucket, "aws:SourceAccount": self._deployment.account}
        why = f"{bucket.rsplit(':', 1)[-1]} notifies {'the encrypted queue' if store.key else 'the queue'} {store.name}"
        yield self._ask_store("s3.amazonaws.com", "sqs:SendMessage", store, queue, context, why)
        if store.key is not None:
            for action in DATA_NEEDS_KEY["sqs:SendMessage"]:
                yield self._service("s3.amazonaws.com", action, store.key, context, why)

    def _replication(self, source: Store, configuration: dict[str, Any]) -> Iterator[ServiceCall]:
        role = self._deployment.role(configuration["Role"])
        why = f"{source.name} is replicated"
        # AWS's page shows a trust policy without a condition, and no page says that S3 sends aws:SourceArn:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
        yield self._trust(role, "s3.amazonaws.com", f"{why} with it", {})
        yield from self._each(role, READ_RULES, source.arn, why, policy=source.policy)
        for rule in configuration["Rules"]:
            if rule["Status"] == "Enabled":
                yield from self._replicated(role, source, rule)

    def _replicated(self, role: Role, source: Store, rule: dict[str, Any]) -> Iterator[ServiceCall]:
        prefix = rule.get("Filter", {}).get("Prefix", rule.get("Prefix", ""))
        destination = rule["Destination"]
        copies = self._deployment.stores[destination["Bucket"]]
        original, copy = f"{source.arn}/{prefix}x", f"{copies.arn}/{prefix}x"
        why = f"{source.name} is replicated to {copies.name}, {prefix or 'all of it'}"
        yield from self._each(role, READ_VERSIONS, original, why, policy=source.policy)
        yield from self._each(role, WRITE_REPLICAS, copy, why, policy=copies.policy)
        if rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled":
            yield from self._each(role, ("s3:ReplicateDelete",), copy, why, policy=copies.policy)
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
        if source.key is not None:
            context = encryption_context(source, original, self._deployment.account)
            yield self._key(role, "kms:Decrypt", source.key, "s3", context, why)
        if key := self._deployment.key(destination.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID")):
            context = encryption_context(copies, copy, self._deployment.account)
            for action in ("kms:Encrypt", *(VERIFY_BUCKET_KEY if copies.bucket_key else ())):
                yield self._key(role, action, key, "s3", context, why)

    def _access_log(self, bucket: str, target: dict[str, Any]) -> Iterator[ServiceCall]:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
        store = self._deployment.stores[f"arn:aws:s3:::{target['TargetBucket']}"]
        context = {"aws:SourceArn": bucket, "aws:SourceAccount": self._deployment.account}
        why = f"accesses to {bucket.rsplit(':', 1)[-1]} are logged in {store.name}"
        item = f"{store.arn}/{target.get('TargetPrefix', '')}x"
        yield self._ask_store("logging.s3.amazonaws.com", "s3:PutObject", store, item, context, why)

    def _trail(self, trail: dict[str, Any]) -> Iterator[ServiceCall]:
        """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
        store = self._deployment.stores[f"arn:aws:s3:::{trail['S3BucketName']}"]
        source, service = {"aws:SourceArn": trail["TrailARN"]}, "cloudtrail.amazonaws.com"
        why = f"the trail {trail['Name']} is delivered to {store.name}"
        yield self._ask_store(service, "s3:GetBucketAcl", store, store.arn, source, why)
        # The bucket policy identifies CloudTrail by the service name.
        written = {**source, "aws:PrincipalServiceName": service, "s3:x-amz-acl": "bucket-owner-full-control"}
        item = f"{store.arn}/AWSLogs/{self._deployment.account}/x"
        yield self._ask_store(service, "s3:PutObject", store, item, written, why)
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
        if key := self._deployment.key(trail.get("KmsKeyId")):
            yield self._service(service, "kms:DescribeKey", key, source, why)
            context = {**source, "kms:EncryptionContext:aws:cloudtrail:arn": trail["TrailARN"]}
            yield self._service(service, "kms:GenerateDataKey", key, context, why)

    def _readers(self, store: Store) -> Iterator[ServiceCall]:
        """A bucket policy's grant to another account is useless if another statement or the key policy denies.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
        """
        for reader, pattern in store.readers:
            if reader.account == self._deployment.account:
                continue
            item = pattern.replace("*", "x")
            why = f"account {reader.account} is to read {pattern}"
            member = {"aws:PrincipalOrgID": store.organization} if store.organization else {}
            request = Request("s3:GetObject", item, self._deployment.region, member)
            yield ServiceCall(request, why, role=reader, policy=store.policy, policy_decides=True)
            if store.key is not None:
                context = encryption_context(store, item, self._deployment.account)
                yield self._key(reader, "kms:Decrypt", store.key, "s3", {**context, **member}, why)
