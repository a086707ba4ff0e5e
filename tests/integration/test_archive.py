"""On the deployed template: the raw bucket keeps what arrived, and the archive an immutable copy.

Replication asks neither the role nor the archive's policy in the emulated AWS; whether it may is judged by the
permission check and, here, by the policies as they are deployed.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator.deployment import Deployment
from harness.emulator.policies import Request, Role, role_may
from harness.emulator.process import Emulator
from tests.integration.stacks import DeployedStack

pytestmark = pytest.mark.stack

ARCHIVED = ("market-data/a.ndjson.gz", "quarantine/kinesis_consumer/a.ndjson.gz")
ADMINISTRATOR = Role(
    "administrator",
    f"arn:aws:iam::{Emulator.account_id}:role/administrator",
    {},
    ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},),
)
REMAINING = "s3:object-lock-remaining-retention-days"


@dataclass(frozen=True)
class Buckets:
    """A deployed pipeline's raw bucket and archive."""

    emulator: Emulator
    resources: dict[str, str]

    @property
    def s3(self) -> Any:
        """As an administrator, who is subject to policies like everybody else."""
        return self.emulator.client("s3")

    @property
    def raw(self) -> str:
        return self.resources["RawDataBucket"]

    @property
    def archive(self) -> str:
        return self.resources["ArchivedDataBucket"]

    def store(self, key: str, **named: str) -> str:
        version: str = self.s3.put_object(Bucket=self.raw, Key=key, Body=key.encode(), **named)["VersionId"]
        return version

    def archived(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.s3.head_object(Bucket=self.archive, Key=key)
        return found

    def allowed(self, role: Role, action: str, **context: str) -> bool:
        """Whether the deployed policies let `role` do `action` to an archived object."""
        policy = json.loads(self.s3.get_bucket_policy(Bucket=self.archive)["Policy"])
        resource = f"arn:aws:s3:::{self.archive}/{ARCHIVED[0]}"
        return role_may(role, Request(action, resource, self.emulator.region, context), policy)

    def role(self, logical_id: str) -> Role:
        deployment = Deployment(self.emulator.client, self.emulator.region, self.emulator.account_id)
        return deployment.role(self.resources[logical_id])


@pytest.fixture
def locked(production: DeployedStack) -> Buckets:
    """Production: nobody can change the archive."""
    return Buckets(production.emulator, production.resources)


@pytest.fixture
def unlockable(everything: DeployedStack) -> Buckets:
    """Development: a privileged user can change the archive."""
    return Buckets(everything.emulator, everything.resources)


@pytest.fixture(params=["unlockable", "locked"], ids=["development", "production"])
def buckets(request: pytest.FixtureRequest) -> Buckets:
    found: Buckets = request.getfixturevalue(request.param)
    return found


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    return str(error.value)


@pytest.mark.parametrize("key", ARCHIVED)
def test_what_arrives_is_archived_with_its_bytes_and_a_lock(buckets: Buckets, key: str) -> None:
    buckets.store(key)
    copy = buckets.s3.get_object(Bucket=buckets.archive, Key=key)

    assert copy["Body"].read() == key.encode()
    assert copy["ReplicationStatus"] == "REPLICA"
    assert buckets.s3.head_object(Bucket=buckets.raw, Key=key)["ReplicationStatus"] == "COMPLETED"
    assert copy["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(hours=23)


def test_a_failed_batch_is_archived_from_its_own_bucket(buckets: Buckets) -> None:
    key = "aws/lambda/a"
    buckets.s3.put_object(Bucket=buckets.resources["FailedBatchesBucket"], Key=key, Body=b"batch")
    copy = buckets.s3.get_object(Bucket=buckets.archive, Key=key)

    assert copy["Body"].read() == b"batch"
    assert copy["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(hours=23)


def test_what_is_not_the_record_is_not_archived(buckets: Buckets) -> None:
    buckets.store("something-else/a")

    with pytest.raises(ClientError, match="404"):
        buckets.archived("something-else/a")


def test_a_deletion_does_not_reach_the_archive(buckets: Buckets) -> None:
    """Nor does a newer version of an object replace the older one's copy."""
    key = "market-data/deleted"
    buckets.store(key)
    copy = buckets.archived(key)["VersionId"]
    buckets.s3.delete_object(Bucket=buckets.raw, Key=key)
    buckets.store(key)

    assert buckets.s3.head_object(Bucket=buckets.archive, Key=key, VersionId=copy)
    assert buckets.archived(key)["VersionId"] != copy


def test_an_archived_version_cannot_be_deleted_and_its_retention_not_shortened(buckets: Buckets) -> None:
    key = "market-data/locked"
    buckets.store(key)
    copy = buckets.archived(key)
    version = {"Bucket": buckets.archive, "Key": key, "VersionId": copy["VersionId"]}
    sooner = {"Mode": copy["ObjectLockMode"], "RetainUntilDate": datetime.now(UTC) + timedelta(minutes=1)}

    assert "object lock" in refused(buckets.s3.delete_object, **version)
    assert "object lock" in refused(buckets.s3.put_object_retention, **version, Retention=sooner)
    assert buckets.archived(key)["VersionId"] == copy["VersionId"]


def test_in_production_not_even_by_who_may_bypass_locks(locked: Buckets) -> None:
    """COMPLIANCE: no permission is enough, so none has to be watched."""
    key = "market-data/bypassed"
    locked.store(key)
    copy = locked.archived(key)
    version = {"Bucket": locked.archive, "Key": key, "VersionId": copy["VersionId"]}
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(minutes=1)}
    weaker = {"Mode": "GOVERNANCE", "RetainUntilDate": copy["ObjectLockRetainUntilDate"] + timedelta(days=1)}

    assert copy["ObjectLockMode"] == "COMPLIANCE"
    assert copy["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=2556)
    refused(locked.s3.delete_object, **version, BypassGovernanceRetention=True)
    refused(locked.s3.put_object_retention, **version, Retention=sooner, BypassGovernanceRetention=True)
    refused(locked.s3.put_object_retention, **version, Retention=weaker, BypassGovernanceRetention=True)


def test_in_development_a_try_out_can_be_undone(unlockable: Buckets) -> None:
    """By users who may bypass governance mode, explicitly; otherwise the bucket would remain and cost money."""
    key = "market-data/undone"
    unlockable.store(key)
    version = {"Bucket": unlockable.archive, "Key": key, "VersionId": unlockable.archived(key)["VersionId"]}
    unlockable.s3.delete_object(**version, BypassGovernanceRetention=True)

    with pytest.raises(ClientError, match="404"):
        unlockable.archived(key)


def test_nobody_but_the_replication_role_writes_to_the_archive(buckets: Buckets) -> None:
    """An administrator is really denied; for replication, unchecked by the emulated S3, policies are evaluated."""
    forged = refused(buckets.s3.put_object, Bucket=buckets.archive, Key="market-data/forged", Body=b"forged")

    assert "explicit deny in a resource-based policy" in forged
    for logical_id in ("KinesisConsumerRole", "DataValidationRole", "GlueJobRole"):
        assert not buckets.allowed(buckets.role(logical_id), "s3:PutObject")
    assert not buckets.allowed(ADMINISTRATOR, "s3:PutObject")
    assert not buckets.allowed(ADMINISTRATOR, "s3:ReplicateObject")
    assert buckets.allowed(buckets.role("ReplicationRole"), "s3:ReplicateObject")


@pytest.mark.parametrize(("days", "may"), [(-1, False), (0, True)])
def test_a_retention_below_the_archives_is_refused_by_policy_too(buckets: Buckets, days: int, may: bool) -> None:
    """By policy evaluation: in the emulated AWS, requests have no `s3:object-lock-remaining-retention-days`."""
    read = buckets.s3.get_object_lock_configuration(Bucket=buckets.archive)["ObjectLockConfiguration"]
    left = str(read["Rule"]["DefaultRetention"]["Days"] + days)

    assert buckets.allowed(ADMINISTRATOR, "s3:PutObjectRetention", **{REMAINING: left}) is may


def test_a_version_in_the_raw_bucket_cannot_be_deleted(buckets: Buckets) -> None:
    version = buckets.store("market-data/kept")
    read = {"Bucket": buckets.raw, "Key": "market-data/kept", "VersionId": version}
    batch = {"Bucket": buckets.raw, "Delete": {"Objects": [{"Key": "market-data/kept", "VersionId": version}]}}

    assert "s3:DeleteObjectVersion" in refused(buckets.s3.delete_object, **read)
    with pytest.raises(ClientError, match="s3:DeleteObjectVersion"):
        buckets.s3.delete_objects(**batch)
    assert buckets.s3.head_object(**read)


def test_an_upload_that_names_another_key_or_no_kms_key_is_refused(buckets: Buckets) -> None:
    """Data encrypted with another account's key is readable only as long as its owner allows."""
    buckets.store("market-data/by-default")
    ours = buckets.s3.head_object(Bucket=buckets.raw, Key="market-data/by-default")["SSEKMSKeyId"]
    other = f"arn:aws:kms:us-east-1:{buckets.emulator.account_id}:key/another"
    put = {"Bucket": buckets.raw, "Key": "market-data/named", "Body": b""}

    buckets.store("market-data/named", ServerSideEncryption="aws:kms", SSEKMSKeyId=ours)
    refused(buckets.s3.put_object, **put, ServerSideEncryption="AES256")
    refused(buckets.s3.put_object, **put, ServerSideEncryption="aws:kms", SSEKMSKeyId=other)


@pytest.mark.parametrize("data", ["RawData", "ArchivedData", "ProcessedData", "AccessLog", "DataEvent"])
def test_plain_http_is_refused_to_everybody(buckets: Buckets, data: str) -> None:
    """By policy evaluation: the emulated AWS does not support it."""
    bucket = buckets.resources[f"{data}Bucket"]
    policy = json.loads(buckets.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    for action, resource in (("s3:GetObject", f"arn:aws:s3:::{bucket}/x"), ("s3:ListBucket", f"arn:aws:s3:::{bucket}")):
        request = Request(action, resource, buckets.emulator.region, {})
        assert role_may(ADMINISTRATOR, request, policy)
        assert not role_may(ADMINISTRATOR, replace(request, tls=False), policy)
