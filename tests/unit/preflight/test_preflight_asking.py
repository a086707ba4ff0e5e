"""How preflight queries AWS: responses become facts, and denied calls leave facts unknown."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from moto import mock_aws

from harness.deploy.stack import TEMPLATE, DeployError
from harness.deployer.additions import of_preflight
from harness.deployer.names import Place
from harness.preflight import command
from harness.preflight.asking import ACTIONS, Asker, CannotAskError
from harness.preflight.checks import findings
from harness.preflight.facts import Bucket, Facts, Key, Named, NotAnswered, Subnet, Vpc
from harness.preflight.given import complete, read

#: Writes a parameter file with these values.
Written = Callable[..., Path]
REGION = "eu-west-1"
STACK = "financial-pipeline"


class Emulated:
    """moto's AWS; CloudFormation is faked: it responds that there is no stack."""

    region_name = REGION

    def __init__(self) -> None:
        self._session = boto3.Session(region_name=REGION)
        #: (service, operation) of each call.
        self.called: set[tuple[str, str]] = set()

    def client(self, service: str) -> Any:
        said = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {STACK} does not exist"}}
        if service == "cloudformation":
            return _Refusal(ClientError(said, "DescribeStacks"))
        client: Any = self._session.client(service)
        client.meta.events.register("before-call", self._record)
        return client

    def _record(self, model: Any, **_: Any) -> None:
        self.called.add((model.service_model.endpoint_prefix, model.name))


@pytest.fixture
def session() -> Iterator[Emulated]:
    with mock_aws():
        yield Emulated()


@pytest.fixture
def parameters(tmp_path: Path) -> Written:
    def write(**values: str) -> Path:
        path = tmp_path / "my-parameters.json"
        path.write_text(json.dumps([f"{name}={value}" for name, value in {**_NEEDED, **values}.items()]))
        return path

    return write


_NEEDED = {
    "Environment": "development", "ArtifactBucketName": "artifacts", "AlertEmail": "on-call@example.com",
    "VpcId": "vpc-12345678", "SubnetIds": "subnet-aaaaaaaa", "VpcCidr": "10.20.0.0/16",
    "S3PrefixListId": "pl-11111111", "DynamoDBPrefixListId": "pl-22222222",
}  # fmt: skip


def asked(session: Any, path: Path) -> Facts:
    values, template = read(path, TEMPLATE)
    asker = Asker(session, STACK)
    stack = asker.stack()
    return asker.facts(complete(values, template, {}), stack)


def test_what_is_there_is_seen(session: Emulated, parameters: Written) -> None:
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.21.0.0/16")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for index, zone in enumerate("ab")
    ]
    own, other = (each["SubnetId"] for each in subnets)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=own)
    (main,) = [
        each["RouteTableId"]
        for each in ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        if each["RouteTableId"] != table
    ]
    gateway = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    session.client("kms").enable_key_rotation(KeyId=key)
    place = {"LocationConstraint": "eu-central-1"}
    boto3.client("s3", region_name="eu-central-1").create_bucket(Bucket="artifacts", CreateBucketConfiguration=place)
    session.client("s3").put_bucket_encryption(
        Bucket="artifacts",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]
        },
    )
    session.client("logs").create_log_group(logGroupName="/aws/lambda/kinesis-consumer-development")
    session.client("logs").create_log_group(logGroupName="/aws/lambda/data-validation-development-2")
    stream = "financial-market-stream-development"
    session.client("kinesis").create_stream(StreamName=stream, ShardCount=2)

    ids = {"VpcId": vpc, "SubnetIds": f"{own},{other},subnet-00000000", "RouteTableIds": table}
    facts = asked(session, parameters(**ids, ExistingKeyArn=key))

    assert (facts.account, facts.region, facts.partition, facts.stack) == ("123456789012", REGION, "aws", None)
    assert facts.vpc == Vpc("123456789012", ("10.20.0.0/16", "10.21.0.0/16"))
    assert facts.dns_support is facts.dns_host_names is True
    assert facts.subnets == {own: Subnet(vpc, f"{REGION}a", table), other: Subnet(vpc, f"{REGION}b", main)}
    assert facts.route_tables == {table: vpc}
    assert not isinstance(facts.endpoints, NotAnswered)
    (endpoint,) = facts.endpoints
    assert (endpoint.id, endpoint.service, endpoint.type, endpoint.route_tables) == (gateway, "s3", "Gateway", (table,))
    assert not isinstance(facts.prefix_lists, NotAnswered)
    assert f"com.amazonaws.{REGION}.s3" in facts.prefix_lists.values()
    assert facts.artifact_bucket == Bucket("eu-central-1", "aws:kms")
    assert (facts.key, facts.rotation) == (Key("Enabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"), True)
    assert {named.name for named, there in facts.taken.items() if there is True} == {
        "/aws/lambda/kinesis-consumer-development",
        stream,
    }


def test_what_is_not_there_is_seen_too(session: Emulated, parameters: Written) -> None:
    missing = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000"
    facts = asked(session, parameters(ExistingKeyArn=missing, RouteTableIds="rtb-00000000"))

    assert (facts.vpc, facts.artifact_bucket, facts.key) == (None, None, None)
    assert (facts.subnets, facts.route_tables, facts.endpoints) == ({}, {}, ())
    assert set(facts.taken.values()) == {False}


def test_every_retained_name_of_the_template_is_looked_up(session: Emulated, parameters: Written) -> None:
    taken = asked(session, parameters()).taken
    retained = {named.name for named in taken if named.retained}

    assert {f"financial-{kind}-data-development-123456789012" for kind in ("raw", "processed", "archived")} <= retained
    assert {"processing-jobs-development", "data-lineage-development"} <= retained
    assert "financial-market-stream-development" in retained
    assert Named("AWS::Logs::LogGroup", "/aws/lambda/kinesis-consumer-development", retained=False) in taken
    assert not [named for named in taken if "$" in named.name]


class Refusing:
    """A session whose clients deny every call except GetCallerIdentity."""

    region_name = REGION

    def __init__(self, session: Emulated, error: Exception) -> None:
        self._session, self._error = session, error

    def client(self, service: str) -> Any:
        return self._session.client("sts") if service == "sts" else _Refusal(self._error)


class _Refusal:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def refuse(*_args: Any, **_parameters: Any) -> Any:
            raise self._error

        return refuse


def denied(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not allowed"}}, "DescribeVpcs")


@pytest.mark.parametrize("code", ["AccessDenied", "UnauthorizedOperation", "AccessDeniedException", "403"])
def test_nothing_that_is_refused_passes(code: str, session: Emulated, parameters: Written) -> None:
    """Everything is read from AWS except the Region and the alert queue, which come from the parameter file."""
    key = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000"
    given = parameters(ExistingKeyArn=key, RouteTableIds="rtb-1234")
    said = command.as_table(command.ask(Refusing(session, denied(code)), given, STACK))

    well = [line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("ok ")]
    assert set(well) <= {"Region", "alert queue"}
    assert "not evaluated" in said


def test_the_action_that_is_missing_is_named_as_iam_names_it(session: Emulated, parameters: Written) -> None:
    rejected = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetBucketEncryption")
    facts = asked(Refusing(session, rejected), parameters())

    assert facts.artifact_bucket == NotAnswered("s3:GetEncryptionConfiguration", "AccessDenied")


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="https://x/")], ids=["credentials", "network"]
)
def test_where_nobody_answers_nothing_is_judged(error: Exception, session: Emulated, parameters: Written) -> None:
    with pytest.raises(CannotAskError):
        command.ask(Refusing(session, error), parameters(), STACK)


def test_without_a_region_nothing_is_asked(session: Emulated) -> None:
    unplaced = Refusing(session, denied("AccessDenied"))
    unplaced.region_name = ""

    with pytest.raises(CannotAskError, match="AWS_DEFAULT_REGION"):
        Asker(unplaced, STACK)


def test_what_an_update_leaves_out_is_as_the_stack_has_it(tmp_path: Path) -> None:
    """The AWS CLI keeps the stack's value of a parameter that is not in the file; the default would be wrong here."""
    _, template = read(_file(tmp_path, "[]"), TEMPLATE)

    assert complete({}, template, {})["ShardCount"] == "10"
    assert complete({}, template, {"ShardCount": "20"})["ShardCount"] == "20"
    assert complete({"ShardCount": "30"}, template, {"ShardCount": "20"})["ShardCount"] == "30"


def _file(folder: Path, text: str) -> Path:
    path = folder / "some.json"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "no readable parameter file"),
        ('{"A": 1}', "no readable parameter file"),
        ('["ShardCounts=10"]', "no parameter ShardCounts"),
        ('["Environment=development"]', "no value for AlertEmail"),
    ],
)
def test_a_file_that_cannot_be_judged_is_said_so(text: str, said: str, tmp_path: Path, session: Emulated) -> None:
    with pytest.raises(DeployError, match=said):
        command.ask(session, _file(tmp_path, text), STACK)


def test_what_is_asked_the_deployer_may_ask(session: Emulated, parameters: Written) -> None:
    """Every call is covered by one of the deployer's statements for preflight, and no statement is unused."""
    key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    session.client("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION})
    session.called.clear()
    asked(session, parameters(ExistingKeyArn=key, RouteTableIds="rtb-00000000", VpcId=_vpc_of(session)))
    granted = {action for each in of_preflight(Place("development")) for action in each.actions}

    called = {f"{service}:{ACTIONS.get(name, name)}" for service, name in session.called}
    # GetCallerIdentity needs no permission; GetFunctionConcurrency is called for an existing stack only.
    assert called - {"sts:GetCallerIdentity"} | {"lambda:GetFunctionConcurrency"} == granted


def _vpc_of(session: Emulated) -> str:
    vpc: str = session.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    return vpc


def test_while_the_stack_is_unknown_what_is_there_may_be_its_own(session: Emulated, parameters: Written) -> None:
    """Its own log group was to be deleted."""
    session.client("logs").create_log_group(logGroupName="/aws/lambda/kinesis-consumer-development")
    rejected = NotAnswered("cloudformation:DescribeStacks", "AccessDenied")
    values, template = read(parameters(), TEMPLATE)
    facts = Asker(session, STACK).facts(complete(values, template, {}), rejected)

    there = {named.name: taken for named, taken in facts.taken.items() if taken is not False}
    assert there == {"/aws/lambda/kinesis-consumer-development": rejected}
    names = [each for each in findings(complete(values, template, {}), facts) if each.check == "names"]
    assert [(each.evaluated, "delete-log-group" in each.fix) for each in names] == [(False, False)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ArtifactBucketName", "Bad Name!"), ("ExistingKeyArn", "alias/x"), ("AlertQueueArn", "foo"),
        ("ShardCount", ""), ("SubnetIds", ""), ("Environment", "a b!"),
    ],
)  # fmt: skip
def test_a_value_that_nobody_takes_is_a_finding_and_not_the_end(
    name: str, value: str, session: Emulated, parameters: Written
) -> None:
    found = command.ask(session, parameters(**{name: value}), STACK)

    assert [each for each in found if each.check == "parameters" and each.what.startswith(f"{name} is ")]
