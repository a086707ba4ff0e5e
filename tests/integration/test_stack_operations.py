"""A release engineer's operations on the stack: create, update, fail, delete, import."""

import json
import re
from pathlib import Path

import pytest

from harness.deploy import import_command
from harness.deploy.cli import AwsCli
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, STACK_NAME, TEMPLATE, parameter
from harness.emulator.process import Emulator
from harness.packaging.layer import ROOT
from harness.render.source import read
from tests.integration.aws_cli import aws_cli
from tests.integration.stacks import (
    PARAMETER_FILES,
    Stack,
    StackFailed,
    allow,
    deploy_packaged,
    described,
    overridden,
    packaged,
    types,
    with_a_last_resource_that_fails,
)

pytestmark = pytest.mark.stack

RETAINED = {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table"}
#: Of what a failed creation must not leave behind, and the last that is made.
DATA = ("PipelineDashboard", "ProcessingJobTable", "DataLineageTable", "RawDataBucket")


@pytest.fixture
def emulator(fresh: Emulator) -> Emulator:
    return fresh


# --------------------------------------------------------------------------------------------- create, change ----


@pytest.mark.parametrize("name", PARAMETER_FILES)
def test_each_parameter_file_creates_a_stack_that_is_then_up_to_date(emulator: Emulator, name: str) -> None:
    stack = Stack(emulator, PARAMETER_FILES[name])
    created = stack.create()

    assert not stack.update()
    assert parameter(PARAMETER_FILES[name], "Environment") in created.resources["RawDataBucket"]
    if PARAMETER_FILES[name] == DEVELOPMENT_PARAMETERS:
        # The quick start shows what a run prints.
        assert f"Deployed: {len(created.resources)} resources\n" in (ROOT / "README.md").read_text()


#: Another good value for each parameter that can change alone, on top of development.json.
CHANGES = {
    # Before the gateways are switched off.
    "RouteTableIds": "rtb-0123456789abcdef2",
    "AccessLogRetentionDays": "120",
    "AlertEmail": "somebody.else@example.com",
    "AlertQueueArn": "arn:aws:sqs:us-east-1:000000000000:on-call",
    "ArchiveRetentionDays": "7",
    "AthenaScanLimitBytes": "10000000000",
    "BatchingWindowSeconds": "300",
    "CreateDynamoDBEndpoint": "false",
    "CreateGlueEndpoint": "true",
    "CreateKMSEndpoint": "true",
    "CreateKinesisEndpoint": "true",
    "CreateLogsEndpoint": "true",
    "CreateS3Endpoint": "false",
    "CreateSNSEndpoint": "true",
    "CreateSQSEndpoint": "false",
    "CreateSTSEndpoint": "true",
    "DataConsumerAccountId": "111122223333",
    "DataEventRetentionDays": "400",
    "DynamoDBPrefixListId": "pl-0123456789abcdef0",
    "EndpointPolicies": "open",
    "EndpointSubnetIds": "subnet-0123456789abcdef4,subnet-0123456789abcdef5",
    "ExistingKeyArn": "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555",
    "LogRetentionDays": "60",
    "MaximumRetryAttempts": "100",
    "NonPositivePriceExchanges": "DERIBIT",
    "ParquetBucketsPerPartition": "8",
    "CrawlerSchedule": "cron(40 5 ? * MON *)",
    "ParquetSchedule": "cron(40 * * * ? *)",
    "ProducerSilenceHours": "24",
    "RecordDataEvents": "false",
    "ReserveConcurrency": "true",
    "S3PrefixListId": "pl-0123456789abcdef0",
    "ShardCount": "4",
    "SubnetIds": "subnet-0123456789abcdef2,subnet-0123456789abcdef3",
    "TableDeletionProtection": "enabled",
    "ValidationConcurrency": "10",
    "VpcCidr": "10.21.0.0/16,100.64.0.0/16",
    "VpcId": "vpc-0123456789abcdef1",
}
#: These do not change alone: the name of everything, what only production may have, a bucket that has to be there, a
#: limit on readers that have to be there, and the owner of a VPC, in which no endpoint may be made.
NOT_ALONE = {"Environment", "ArchiveLockMode", "ArtifactBucketName", "DataConsumerOrganizationId", "VpcOwnerAccountId"}


def test_every_parameter_is_changed_alone() -> None:
    assert CHANGES.keys() | NOT_ALONE == read(TEMPLATE).template["Parameters"].keys()


def test_all_parameters_can_be_changed_at_once(emulator: Emulator) -> None:
    stack = Stack(emulator)
    stack.create()

    assert stack.update(**CHANGES)


@pytest.mark.nightly
def test_each_parameter_can_be_changed_alone(emulator: Emulator) -> None:
    """In sequence, each from the previous state of the stack."""
    stack = Stack(emulator)
    stack.create()
    unchanged = [name for name, value in CHANGES.items() if not stack.update(**{name: value})]

    assert unchanged == []


def test_what_was_changed_is_changed_back(emulator: Emulator, tmp_path: Path) -> None:
    Stack(emulator).create()
    aws = aws_cli(emulator.environment())
    # Switched on by one deployment, they have to be named to be switched off: the CLI keeps what a file leaves out.
    on = overridden(tmp_path / "on.json", CreateKinesisEndpoint="true", DataConsumerAccountId="1" * 12)
    off = overridden(tmp_path / "off.json", CreateKinesisEndpoint="false", DataConsumerAccountId="")

    assert deploy_packaged(aws, on)
    assert not deploy_packaged(aws, DEVELOPMENT_PARAMETERS)
    assert deploy_packaged(aws, off)
    assert not deploy_packaged(aws, off)


def test_a_consumer_of_an_organization_is_a_change_of_two_parameters(emulator: Emulator) -> None:
    stack = Stack(emulator)
    stack.create()

    assert stack.update(DataConsumerAccountId="111122223333", DataConsumerOrganizationId="o-a1b2c3d4e5")


def test_in_a_shared_vpc_no_endpoint_is_made_and_the_roles_use_its_owners_subnets(emulator: Emulator) -> None:
    known = read(TEMPLATE).template["Parameters"]
    switches = [name for name in known if re.fullmatch(r"Create.*Endpoint", name)]
    shared = {"VpcOwnerAccountId": "210987654321", **dict.fromkeys(switches, "false")}
    Stack(emulator).create(**shared, VpcCidr="10.20.0.0/16,100.64.0.0/16")
    made = types(emulator)
    iam, ec2 = emulator.client("iam"), emulator.client("ec2")
    granted = [
        str(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for role in ("financial-kinesis-consumer-role-development", "financial-data-validation-role-development")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    groups = {each["Description"]: each for each in ec2.describe_security_groups()["SecurityGroups"]}
    egress = groups["What the functions of the pipeline may connect to"]["IpPermissionsEgress"]

    assert not {"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroupEgress"} & set(made.values())
    assert ["arn:aws:ec2:us-east-1:210987654321:subnet/*" in each for each in granted] == [True, True]
    assert sorted(each["CidrIp"] for rule in egress for each in rule["IpRanges"]) == ["10.20.0.0/16", "100.64.0.0/16"]


# ---------------------------------------------------------------------------------------------------------- fail ----


def test_a_failed_create_leaves_nothing_that_blocks_the_next(emulator: Emulator, tmp_path: Path) -> None:
    """`RetainExceptOnCreate`: a failed first attempt deletes its resources; otherwise their names would be taken."""
    stack = Stack(emulator)
    bucket = parameter(DEVELOPMENT_PARAMETERS, "ArtifactBucketName")
    broken = with_a_last_resource_that_fails(packaged(tmp_path, bucket), *DATA)
    emulator.client("s3").upload_file(str(broken), bucket, broken.name)

    with pytest.raises(StackFailed, match="nobody-exports-this"):
        stack.create(f"{emulator.endpoint_url}/{bucket}/{broken.name}")

    assert [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"] if b["Name"].count("-data-")] == []
    assert emulator.client("dynamodb").list_tables()["TableNames"] == []
    stack.delete()
    assert stack.create().resources


# ------------------------------------------------------------------------------------------ delete, take up again ----


def test_a_deleted_stack_leaves_what_must_be_kept_and_can_take_it_up_again(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runbook in docs/deploying.md, with a raw object that must still exist at the end."""
    stack = Stack(emulator)
    created, before = stack.create(), types(emulator)
    s3, raw = emulator.client("s3"), created.resources["RawDataBucket"]
    s3.put_object(Bucket=raw, Key="quarantine/kept", Body=b"kept")

    stack.delete()

    kept = {name: created.resources[name] for name, kind in before.items() if kind in RETAINED}
    _are_there(emulator, kept, before)
    with pytest.raises(StackFailed, match="Validation failed"):
        stack.create()  # the names are taken
    stack.delete()

    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "import"
    arguments = ["--parameters", str(DEVELOPMENT_PARAMETERS), "--folder", str(folder)]
    assert import_command.main(arguments) == 0
    _import(aws_cli(emulator.environment()), folder)
    assert set(types(emulator)) == set(kept)

    assert stack.update()
    deployed = described(emulator)

    assert {name: deployed.resources[name] for name in kept} == kept
    assert set(types(emulator)) == set(before)
    assert s3.get_object(Bucket=raw, Key="quarantine/kept")["Body"].read() == b"kept"
    assert not stack.update()


def _are_there(emulator: Emulator, kept: dict[str, str], kinds: dict[str, str]) -> None:
    buckets = {bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]}
    there = {
        "AWS::S3::Bucket": buckets,
        "AWS::DynamoDB::Table": set(emulator.client("dynamodb").list_tables()["TableNames"]),
        "AWS::Kinesis::Stream": set(emulator.client("kinesis").list_streams()["StreamNames"]),
        "AWS::KMS::Key": {key["KeyId"] for key in emulator.client("kms").list_keys()["Keys"]},
    }
    assert {name for name, physical in kept.items() if physical not in there[kinds[name]]} == set()
    assert len(kept) == 11


def _import(aws: AwsCli, folder: Path) -> None:
    named = ("--stack-name", STACK_NAME, "--change-set-name", "take-up-again")
    aws.run(
        "cloudformation", "create-change-set", *named, "--change-set-type", "IMPORT",
        "--template-body", f"file://{folder}/template.yaml",
        "--resources-to-import", f"file://{folder}/resources.json",
        "--parameters", f"file://{folder}/parameters.json", "--capabilities", "CAPABILITY_NAMED_IAM",
    )  # fmt: skip
    aws.run("cloudformation", "wait", "change-set-create-complete", *named)
    aws.run("cloudformation", "execute-change-set", *named)
    aws.run("cloudformation", "wait", "stack-import-complete", "--stack-name", STACK_NAME)


def test_an_existing_key_takes_the_place_of_a_new_one(emulator: Emulator) -> None:
    kms = emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    logs = allow("kms:Encrypt kms:Decrypt kms:GenerateDataKey kms:DescribeKey")
    policy = {"Statement": [{**logs, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}}]}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    created = Stack(emulator).create(ExistingKeyArn=key)

    assert "DataEncryptionKey" not in created.resources
    assert created.outputs["DataEncryptionKeyArn"] == key
    s3 = emulator.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket=created.resources["RawDataBucket"])["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
    assert created.resources["DataEncryptionKeyAlias"]
