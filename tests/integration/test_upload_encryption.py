"""Which encryption headers an upload may have, in each data bucket of the deployed template.

The other buckets are really written to. The archive refuses everybody but the replication role, and the
emulated S3 does not replicate under that role: there, and again in the others, the deployed policies are judged.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator.deployment import Deployment
from harness.emulator.policies import Request, Role, role_may
from harness.emulator.process import Emulator
from tests.integration.stacks import DeployedStack

pytestmark = pytest.mark.stack

ALGORITHM = "s3:x-amz-server-side-encryption"
KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
WRITABLE = ("RawDataBucket", "FailedBatchesBucket", "ProcessedDataBucket")
DATA = (*WRITABLE, "ArchivedDataBucket")
PART = b"x" * 5 * 1024 * 1024


@dataclass(frozen=True)
class Deployed:
    """A deployed pipeline."""

    emulator: Emulator
    resources: dict[str, str]

    @property
    def s3(self) -> Any:
        return self.emulator.client("s3")

    def key(self, bucket: str = "RawDataBucket") -> str:
        """The ARN of the bucket's key."""
        own = self.resources["FailedBatchesKey" if bucket == "FailedBatchesBucket" else "DataEncryptionKey"]
        arn: str = self.emulator.client("kms").describe_key(KeyId=own)["KeyMetadata"]["Arn"]
        return arn

    def put(self, bucket: str, **named: str) -> dict[str, Any]:
        """As an administrator, who is subject to policies like everybody else."""
        stored: dict[str, Any] = self.s3.put_object(
            Bucket=self.resources[bucket], Key="market-data/upload", Body=b"{}", **named
        )
        return stored

    def may_write(self, bucket: str, **named: str) -> bool:
        """Whether the replication role, if it were granted to put objects, could with these condition keys."""
        arn = f"arn:aws:s3:::{self.resources[bucket]}/market-data/upload"
        policy = json.loads(self.s3.get_bucket_policy(Bucket=self.resources[bucket])["Policy"])
        deployment = Deployment(self.emulator.client, self.emulator.region, self.emulator.account_id)
        role: Role = deployment.role(self.resources["ReplicationRole"])
        granted = {"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": arn}]}
        # Longer than any archive keeps: its policy asks for that too.
        context = {"s3:object-lock-remaining-retention-days": "36500"} if bucket == "ArchivedDataBucket" else {}
        request = Request("s3:PutObject", arn, self.emulator.region, {**context, **named})
        return role_may(replace(role, documents=(*role.documents, granted)), request, policy)


@pytest.fixture
def deployed(everything: DeployedStack) -> Deployed:
    return Deployed(everything.emulator, everything.resources)


def refused(call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    assert "explicit deny in a resource-based policy" in str(error.value)


def test_without_the_policy_an_upload_that_names_kms_alone_gets_the_aws_managed_key(deployed: Deployed) -> None:
    """The purpose of the policy: with this header, S3 would not use the bucket's key."""
    bucket = "financial-open"
    deployed.s3.create_bucket(Bucket=bucket)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": deployed.key()}
    deployed.s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    )
    unnamed = deployed.s3.put_object(Bucket=bucket, Key="unnamed", Body=b"{}")
    named = deployed.s3.put_object(Bucket=bucket, Key="named", Body=b"{}", ServerSideEncryption="aws:kms")

    assert unnamed["SSEKMSKeyId"] == deployed.key()
    assert named["SSEKMSKeyId"].endswith(":alias/aws/s3")


@pytest.mark.parametrize("bucket", WRITABLE)
def test_an_upload_that_names_nothing_gets_the_buckets_key(deployed: Deployed, bucket: str) -> None:
    """Lambda's on-failure writes and S3's own writes have no such header; denying them would lose their data."""
    stored = deployed.put(bucket)

    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", deployed.key(bucket))


@pytest.mark.parametrize("bucket", WRITABLE)
def test_an_upload_that_names_the_buckets_key_is_let_in(deployed: Deployed, bucket: str) -> None:
    """Athena writes its results this way, as configured in the workgroup."""
    assert deployed.put(bucket, ServerSideEncryption="aws:kms", SSEKMSKeyId=deployed.key(bucket))[
        "SSEKMSKeyId"
    ] == deployed.key(bucket)


@pytest.mark.parametrize("bucket", WRITABLE)
@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse", "AES256"])
def test_an_upload_that_names_an_algorithm_and_no_key_is_refused(
    deployed: Deployed, bucket: str, algorithm: str
) -> None:
    refused(deployed.put, bucket, ServerSideEncryption=algorithm)


@pytest.mark.parametrize("bucket", WRITABLE)
def test_so_is_an_upload_in_parts_before_its_first_part(deployed: Deployed, bucket: str) -> None:
    upload = {"Bucket": deployed.resources[bucket], "Key": "market-data/parts"}

    refused(deployed.s3.create_multipart_upload, **upload, ServerSideEncryption="aws:kms")


@pytest.mark.parametrize("bucket", WRITABLE)
@pytest.mark.parametrize("names_key", [False, True], ids=["nothing", "the bucket's key"])
def test_an_upload_in_parts_is_let_in(deployed: Deployed, bucket: str, names_key: bool) -> None:
    """Parts have no such headers themselves: a condition on two headers must see both or neither."""
    upload = {"Bucket": deployed.resources[bucket], "Key": "market-data/parts"}
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": deployed.key(bucket)} if names_key else {}
    started = {**upload, "UploadId": deployed.s3.create_multipart_upload(**upload, **named)["UploadId"]}
    parts = [
        {"PartNumber": number, "ETag": deployed.s3.upload_part(**started, PartNumber=number, Body=body)["ETag"]}
        for number, body in ((1, PART), (2, b"{}"))
    ]
    deployed.s3.complete_multipart_upload(**started, MultipartUpload={"Parts": parts})

    assert deployed.s3.head_object(**upload)["SSEKMSKeyId"] == deployed.key(bucket)


@pytest.mark.parametrize("bucket", DATA)
def test_the_policies_say_the_same_to_the_replication_role(deployed: Deployed, bucket: str) -> None:
    """Only this role may write to the archive, so only there its own policy decides about encryption."""
    kms = {ALGORITHM: "aws:kms"}

    assert deployed.may_write(bucket)
    assert deployed.may_write(bucket, **kms, **{KEY_ID: deployed.key(bucket)})
    assert not deployed.may_write(bucket, **kms)
    assert not deployed.may_write(bucket, **{ALGORITHM: "aws:kms:dsse"})
    assert not deployed.may_write(bucket, **{ALGORITHM: "aws:kms:dsse", KEY_ID: deployed.key(bucket)})
    assert not deployed.may_write(bucket, **kms, **{KEY_ID: deployed.key(bucket).replace(":key/", ":key/other-")})
