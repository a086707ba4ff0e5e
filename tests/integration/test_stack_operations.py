"""What a release engineer does to the stack, through the real CLI: create, change, fail, delete, take up again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.deploy import import_command
from harness.deploy.cli import AwsCli, AwsCliError
from harness.deploy.stack import (
    DEVELOPMENT_PARAMETERS,
    NO_CHANGES,
    STACK_NAME,
    TEMPLATE,
    DeployError,
    assemble,
    deploy,
    describe,
    parameter,
)
from harness.emulator.process import Emulator
from harness.packaging.layer import ROOT, Target
from harness.render.source import read
from tests.integration.stacks import with_a_last_resource_that_fails

pytestmark = pytest.mark.stack

FILES = {path.stem: path for path in sorted(DEVELOPMENT_PARAMETERS.parent.glob("*.json"))}
RETAINED = {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table"}
#: Of what a failed creation must not leave behind, and the last that is made.
DATA = ("PipelineDashboard", "ProcessingJobTable", "DataLineageTable", "RawDataBucket")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("package") / "tree", Target.EMULATOR)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        for path in FILES.values():
            running.client("s3").create_bucket(Bucket=parameter(path, "ArtifactBucketName"))
        yield running


@pytest.fixture
def aws(emulator: Emulator) -> AwsCli:
    return AwsCli(emulator.environment())


def overridden(folder: Path, base: Path = DEVELOPMENT_PARAMETERS, **changes: str) -> Path:
    """A copy of a parameter file with some values changed."""
    values = dict(entry.split("=", 1) for entry in json.loads(base.read_text())) | changes
    path = folder / "parameters.json"
    path.write_text(json.dumps([f"{name}={value}" for name, value in values.items()]))
    return path


def types(aws: AwsCli) -> dict[str, str]:
    """Type of each of the stack's resources."""
    said = json.loads(aws.run("cloudformation", "list-stack-resources", "--stack-name", STACK_NAME, "--output=json"))
    return {each["LogicalResourceId"]: each["ResourceType"] for each in said["StackResourceSummaries"]}


# --------------------------------------------------------------------------------------------- create, change ----


@pytest.mark.parametrize("name", FILES)
def test_each_parameter_file_creates_a_stack_that_is_then_up_to_date(aws: AwsCli, template: Path, name: str) -> None:
    created = deploy(aws, template, FILES[name])
    again = deploy(aws, template, FILES[name])

    assert created.changed
    assert not again.changed
    assert parameter(FILES[name], "Environment") in created.resources["RawDataBucket"]
    if FILES[name] == DEVELOPMENT_PARAMETERS:
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


def test_each_parameter_can_be_changed_alone(aws: AwsCli, template: Path) -> None:
    """One after the other, each from where the one before has left the stack."""
    deploy(aws, template, DEVELOPMENT_PARAMETERS)
    unchanged = []
    for name, value in CHANGES.items():
        said = aws.run(
            "cloudformation", "deploy", "--template-file", str(template.with_name("packaged.yaml")),
            "--stack-name", STACK_NAME, "--s3-bucket", parameter(DEVELOPMENT_PARAMETERS, "ArtifactBucketName"),
            "--parameter-overrides", f"{name}={value}", "--capabilities", "CAPABILITY_NAMED_IAM",
            "--no-fail-on-empty-changeset",
        )  # fmt: skip
        unchanged += [name] if NO_CHANGES in said else []

    assert unchanged == []


def test_what_was_changed_is_changed_back(aws: AwsCli, template: Path, tmp_path: Path) -> None:
    deploy(aws, template, DEVELOPMENT_PARAMETERS)
    # Switched on by one deployment, they have to be named to be switched off: the CLI keeps what a file leaves out.
    off = {"CreateKinesisEndpoint": "false", "DataConsumerAccountId": ""}

    assert deploy(
        aws, template, overridden(tmp_path, CreateKinesisEndpoint="true", DataConsumerAccountId="1" * 12)
    ).changed
    assert not deploy(aws, template, DEVELOPMENT_PARAMETERS).changed
    assert deploy(aws, template, overridden(tmp_path, **off)).changed
    assert not deploy(aws, template, overridden(tmp_path, **off)).changed


def test_a_consumer_of_an_organization_is_a_change_of_two_parameters(
    aws: AwsCli, template: Path, tmp_path: Path
) -> None:
    consumer = {"DataConsumerAccountId": "111122223333", "DataConsumerOrganizationId": "o-a1b2c3d4e5"}

    assert deploy(aws, template, overridden(tmp_path, **consumer)).changed


def test_in_a_shared_vpc_no_endpoint_is_made_and_the_roles_use_its_owners_subnets(
    emulator: Emulator, aws: AwsCli, template: Path, tmp_path: Path
) -> None:
    known = read(TEMPLATE).template["Parameters"]
    switches = [name for name in known if re.fullmatch(r"Create.*Endpoint", name)]
    shared = {"VpcOwnerAccountId": "210987654321", **dict.fromkeys(switches, "false")}
    deploy(aws, template, overridden(tmp_path, **shared, VpcCidr="10.20.0.0/16,100.64.0.0/16"))
    made = types(aws)
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


# -------------------------------------------------------------------------------------------------- refuse, fail ----


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        pytest.param("production", {"ArchiveLockMode": "GOVERNANCE"}, "COMPLIANCE mode", id="production without lock"),
        pytest.param("production", {"ArchiveRetentionDays": "30"}, "seven years", id="production for a month"),
        pytest.param("production", {"LogRetentionDays": "30"}, "searchable for a year", id="production without logs"),
        pytest.param("production", {"RecordDataEvents": "false"}, "be recorded", id="production without a trail"),
        pytest.param("development", {"DataEventRetentionDays": "365"}, "366 to 3653", id="a trail for a day too few"),
        pytest.param("staging", {"ArchiveLockMode": "COMPLIANCE"}, "Only production", id="a lock nobody can undo"),
        pytest.param("staging", {"ArchiveRetentionDays": "2557"}, "Only production", id="a try-out for seven years"),
        pytest.param(
            "development", {"DataConsumerOrganizationId": "o-a1b2c3d4e5"}, "which is empty", id="nobody's organization"
        ),
        pytest.param("development", {"RouteTableIds": ""}, "without route tables", id="a gateway without routes"),
        pytest.param("development", {"DataConsumerAccountId": "12345"}, "twelve digits", id="no account"),
        pytest.param("development", {"AlertEmail": "on-call"}, "one e-mail address", id="no address"),
        pytest.param("development", {"ParquetSchedule": "rate(1 hour)"}, "cron", id="no cron"),
        pytest.param("development", {"CrawlerSchedule": "cron(40 3 * * * *)"}, "cron", id="two days in a cron"),
        pytest.param("development", {"ShardCount": "3"}, "ShardCount", id="shards without a concurrency"),
        pytest.param("development", {"BatchingWindowSeconds": "301"}, "0 to 300", id="too long a window"),
        pytest.param("development", {"VpcCidr": "10.0.0.0/8"}, "IPv4 blocks", id="a network for everybody"),
        pytest.param("development", {"VpcCidr": ",".join(["10.20.0.0/16"] * 6)}, "one to five", id="six blocks"),
        pytest.param(
            "development", {"EndpointSubnetIds": "subnet-0123456789abcdef4"}, "two or more", id="endpoints in one zone"
        ),
        pytest.param(
            "development", {"VpcOwnerAccountId": "210987654321"}, "only its owner", id="endpoints in a shared VPC"
        ),
        pytest.param("development", {"ExistingKeyArn": "alias/key"}, "no alias", id="an alias for a key"),
    ],
)
def test_a_bad_combination_is_refused_before_anything_is_built(
    aws: AwsCli, template: Path, tmp_path: Path, base: str, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(DeployError, match=said):
        deploy(aws, template, overridden(tmp_path, FILES[base], **changes))

    # Not even a stack that waits for its first resources.
    with pytest.raises(AwsCliError, match="does not exist"):
        types(aws)


@pytest.mark.parametrize("region", ["cn-north-1", "eusc-de-east-1", "us-iso-east-1"])
def test_a_region_that_is_not_supported_is_refused_before_anything_is_built(
    emulator: Emulator, template: Path, region: str
) -> None:
    """Glue 5.1 may not be there; with the last resource it would be found out, and the archive be there already."""
    elsewhere = AwsCli({**emulator.environment(), "AWS_DEFAULT_REGION": region})

    with pytest.raises((AwsCliError, DeployError), match=f"Unable to get mapping for Regions::{region}::Console"):
        deploy(elsewhere, template, DEVELOPMENT_PARAMETERS)
    with pytest.raises(AwsCliError, match="does not exist"):
        types(elsewhere)


def test_a_failed_create_leaves_nothing_that_blocks_the_next(emulator: Emulator, aws: AwsCli, template: Path) -> None:
    """`RetainExceptOnCreate`: what a first attempt has made goes with it, or the second would find the names taken."""
    with pytest.raises(DeployError, match="nobody-exports-this"):
        deploy(aws, with_a_last_resource_that_fails(template, *DATA), DEVELOPMENT_PARAMETERS)

    assert [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"] if b["Name"].count("-data-")] == []
    assert emulator.client("dynamodb").list_tables()["TableNames"] == []
    aws.run("cloudformation", "delete-stack", "--stack-name", STACK_NAME)
    aws.run("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK_NAME)
    assert deploy(aws, template, DEVELOPMENT_PARAMETERS).changed


# ------------------------------------------------------------------------------------------ delete, take up again ----


def test_a_deleted_stack_leaves_what_must_be_kept_and_can_take_it_up_again(
    emulator: Emulator, aws: AwsCli, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runbook of docs/deploying.md, with a raw object that has to be there at the end."""
    created = deploy(aws, template, DEVELOPMENT_PARAMETERS)
    before = types(aws)
    s3, raw = emulator.client("s3"), created.resources["RawDataBucket"]
    s3.put_object(Bucket=raw, Key="quarantine/kept", Body=b"kept")

    aws.run("cloudformation", "delete-stack", "--stack-name", STACK_NAME)
    aws.run("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK_NAME)

    kept = {name: created.resources[name] for name, kind in before.items() if kind in RETAINED}
    _are_there(emulator, kept, before)
    with pytest.raises(DeployError):
        deploy(aws, template, DEVELOPMENT_PARAMETERS)  # the names are taken
    aws.run("cloudformation", "delete-stack", "--stack-name", STACK_NAME)

    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "import"
    arguments = ["--parameters", str(DEVELOPMENT_PARAMETERS), "--folder", str(folder)]
    assert import_command.main(arguments) == 0
    _import(aws, folder)
    assert set(types(aws)) == set(kept)

    deployed = deploy(aws, template, DEVELOPMENT_PARAMETERS)

    assert {name: deployed.resources[name] for name in kept} == kept
    assert set(types(aws)) == set(before)
    assert s3.get_object(Bucket=raw, Key="quarantine/kept")["Body"].read() == b"kept"
    assert not deploy(aws, template, DEVELOPMENT_PARAMETERS).changed


def _are_there(emulator: Emulator, kept: dict[str, str], kinds: dict[str, str]) -> None:
    buckets = {bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]}
    there = {
        "AWS::S3::Bucket": buckets,
        "AWS::DynamoDB::Table": set(emulator.client("dynamodb").list_tables()["TableNames"]),
        "AWS::Kinesis::Stream": set(emulator.client("kinesis").list_streams()["StreamNames"]),
        "AWS::KMS::Key": {key["KeyId"] for key in emulator.client("kms").list_keys()["Keys"]},
    }
    assert {name for name, physical in kept.items() if physical not in there[kinds[name]]} == set()
    assert len(kept) == 9


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


def test_an_existing_key_takes_the_place_of_a_new_one(
    emulator: Emulator, aws: AwsCli, template: Path, tmp_path: Path
) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]

    created = deploy(aws, template, overridden(tmp_path, ExistingKeyArn=key))

    assert "DataEncryptionKey" not in created.resources
    assert created.outputs["DataEncryptionKeyArn"] == key
    s3 = emulator.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket=created.resources["RawDataBucket"])["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
    assert describe(aws).resources["DataEncryptionKeyAlias"]
