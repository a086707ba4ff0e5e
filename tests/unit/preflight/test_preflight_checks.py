"""What preflight concludes from facts: every finding, by the one fact that causes it; unknown is never a pass."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.session import Session

from harness.deploy.stack import TEMPLATE
from harness.preflight.asking import FUNCTIONS, STREAM
from harness.preflight.checks import CHECKS, Finding, findings
from harness.preflight.facts import (
    Bucket,
    Concurrency,
    Endpoint,
    Facts,
    Key,
    Named,
    NotAnswered,
    Shards,
    Stack,
    Subnet,
    Vpc,
)
from harness.preflight.given import ENDPOINTS, Given, complete, read

ACCOUNT, OWNER = "123456789012", "210987654321"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
VALUES = {
    "Environment": "production", "ArtifactBucketName": "artifacts", "AlertEmail": "on-call@example.com",
    "VpcId": "vpc-12345678", "SubnetIds": "subnet-aaaaaaaa,subnet-bbbbbbbb", "VpcCidr": "10.20.0.0/16",
    "RouteTableIds": "rtb-12345678", "S3PrefixListId": "pl-11111111", "DynamoDBPrefixListId": "pl-22222222",
}  # fmt: skip
WELL = Facts(
    account=ACCOUNT,
    region="us-east-1",
    partition="aws",
    stack=None,
    vpc=Vpc(ACCOUNT, ("10.20.0.0/16",)),
    dns_support=True,
    dns_host_names=True,
    subnets={
        "subnet-aaaaaaaa": Subnet("vpc-12345678", "us-east-1a", "rtb-12345678"),
        "subnet-bbbbbbbb": Subnet("vpc-12345678", "us-east-1b", "rtb-12345678"),
        "subnet-cccccccc": Subnet("vpc-12345678", "us-east-1b", "rtb-12345678"),
        "subnet-dddddddd": Subnet("vpc-99999999", "us-east-1c", "rtb-99999999"),
        "subnet-eeeeeeee": Subnet("vpc-12345678", "us-east-1a", "rtb-87654321"),
    },
    route_tables={"rtb-12345678": "vpc-12345678", "rtb-99999999": "vpc-99999999"},
    endpoints=(),
    prefix_lists={"pl-11111111": "com.amazonaws.us-east-1.s3", "pl-22222222": "com.amazonaws.us-east-1.dynamodb"},
    concurrency=Concurrency(1000, 1000),
    shards=Shards(200, 0),
    artifact_bucket=Bucket("us-east-1", "AES256"),
    key=Key("Enabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"),
    rotation=True,
    taken={},
)
OWN = Stack("UPDATE_COMPLETE", {}, frozenset({"vpce-own"}))
GATEWAYS = tuple(
    Endpoint(f"vpce-{service}", service, "Gateway", False, ("rtb-12345678",)) for service in ("s3", "dynamodb")
)
SQS = Endpoint("vpce-sqs", "sqs", "Interface", True)
SHARED = {"VpcOwnerAccountId": OWNER} | dict.fromkeys(
    ("CreateS3Endpoint", "CreateDynamoDBEndpoint", "CreateSQSEndpoint"), "false"
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    empty = tmp_path_factory.mktemp("parameters") / "empty.json"
    empty.write_text("[]")
    return read(empty, TEMPLATE)[1]


def said(template: dict[str, Any], values: dict[str, str], **facts: Any) -> list[Finding]:
    return findings(complete({**VALUES, **values}, template, {}), replace(WELL, **facts))


def test_where_all_is_well_nothing_is_said(template: dict[str, Any]) -> None:
    # The Region of the facts must be one that the template supports.
    assert said(template, {}) == []
    assert said(template, {"ExistingKeyArn": KEY}) == []
    owners = {"vpc": Vpc(OWNER, ("10.20.0.0/16",)), "endpoints": (*GATEWAYS, SQS)}
    assert said(template, {**SHARED, "RouteTableIds": ""}, **owners) == []


assert not isinstance(WELL.subnets, NotAnswered)
SUBNETS = WELL.subnets
BUCKET = Named("AWS::S3::Bucket", "raw", retained=True)
LOGS = Named("AWS::Logs::LogGroup", "/aws/lambda/x", retained=False)
#: check, parameters, facts, a word of the violation, a word of the fix.
Case = tuple[str, dict[str, str], dict[str, Any], str, str]


def in_state(status: str, fix: str) -> Case:
    """A stack that takes no update."""
    return "stack", {}, {"stack": Stack(status, {}, frozenset())}, status, fix


WRONG: dict[str, Case] = {
    "a value that is not allowed": ("parameters", {"ShardCount": "7"}, {}, "ShardCount is 7", "ShardCount="),
    "no number": ("parameters", {"ShardCount": "abc"}, {}, "ShardCount is abc", "ShardCount="),
    "no value": ("parameters", {"ShardCount": ""}, {}, "ShardCount is empty", "ShardCount="),
    "a number that is not whole": (
        "parameters", {"ValidationConcurrency": "50.5"}, {}, "ValidationConcurrency is 50.5", "ValidationConcurrency=",
    ),
    "a number that is no number": ("parameters", {"AthenaScanLimitBytes": "inf"}, {}, "inf", "AthenaScanLimitBytes="),
    "less than the least": ("parameters", {"ValidationConcurrency": "1"}, {}, "is 1", "ValidationConcurrency="),
    "more than the most": ("parameters", {"ValidationConcurrency": "1001"}, {}, "1001", "ValidationConcurrency="),
    "no subnets": ("parameters", {"SubnetIds": ""}, {}, "SubnetIds is empty", "SubnetIds="),
    "no bucket's name": ("parameters", {"ArtifactBucketName": "Bad Name!"}, {}, "Bad Name!", "ArtifactBucketName="),
    "no queue's ARN": ("parameters", {"AlertQueueArn": "foo"}, {}, "AlertQueueArn is foo", "AlertQueueArn="),
    "no key's ARN": ("parameters", {"ExistingKeyArn": "foo"}, {}, "ExistingKeyArn is foo", "ExistingKeyArn="),
    "a key's alias": ("parameters", {"ExistingKeyArn": "alias/x"}, {}, "alias/x", "ExistingKeyArn="),
    "no such environment": ("parameters", {"Environment": "foo"}, {}, "Environment is foo", "Environment="),
    "a rule of the template": (
        "parameters", {"ArchiveLockMode": "GOVERNANCE"}, {}, "ArchiveLockMode is GOVERNANCE", "ArchiveLockMode=",
    ),
    "an update that cannot be taken back": in_state("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
    "an update that stopped": in_state("UPDATE_FAILED", "rollback-stack"),
    "an import that cannot be taken back": in_state("IMPORT_ROLLBACK_FAILED", "Support"),
    "a deletion that failed": in_state("DELETE_FAILED", "delete-stack"),
    "a state that nobody knows": in_state("NEW_FAILED", "events"),
    "a failed stack": in_state("ROLLBACK_COMPLETE", "delete-stack"),
    "a stack at work": in_state("UPDATE_IN_PROGRESS", "wait"),
    "a retained bucket": ("names", {}, {"taken": {BUCKET: True}}, "raw", "import"),
    "a log group": ("names", {}, {"taken": {BUCKET: False, LOGS: True}}, "/aws/lambda/x", "delete-log-group"),
    "no VPC": ("VPC", {}, {"vpc": None}, "vpc-12345678", "VpcId="),
    "a shared VPC that nobody mentions": (
        "VPC owner", {}, {"vpc": Vpc(OWNER, ("10.20.0.0/16",))}, OWNER, f"VpcOwnerAccountId={OWNER}",
    ),
    "another owner": (
        "VPC owner", {**SHARED, "VpcOwnerAccountId": "999999999999"}, {"vpc": Vpc(OWNER, ("10.20.0.0/16",))}, OWNER,
        f"VpcOwnerAccountId={OWNER}",
    ),
    "this account as owner": ("VPC owner", {**SHARED, "VpcOwnerAccountId": ACCOUNT}, {}, "own", "VpcOwnerAccountId="),
    "endpoints in a shared VPC": (
        "endpoints of a shared VPC", {**SHARED, "CreateSQSEndpoint": "true"}, {"vpc": Vpc(OWNER, ("10.20.0.0/16",))},
        "CreateSQSEndpoint", "CreateSQSEndpoint=false",
    ),
    "no DNS support": ("DNS support", {}, {"dns_support": False}, "enableDnsSupport", "--enable-dns-support"),
    "no DNS names": ("DNS host names", {}, {"dns_host_names": False}, "enableDnsHostnames", "--enable-dns-hostnames"),
    "a block too few": (
        "VPC blocks", {}, {"vpc": Vpc(ACCOUNT, ("10.20.0.0/16", "100.64.0.0/16"))}, "100.64.0.0/16",
        "VpcCidr=10.20.0.0/16,100.64.0.0/16",
    ),
    "another block": ("VPC blocks", {"VpcCidr": "10.0.0.0/16"}, {}, "10.0.0.0/16", "VpcCidr=10.20.0.0/16"),
    "a wrong subnet": ("subnets", {"SubnetIds": "subnet-aaaaaaaa,subnet-00000000"}, {}, "-00000000", "SubnetIds="),
    "a foreign subnet": ("subnets", {"SubnetIds": "subnet-aaaaaaaa,subnet-dddddddd"}, {}, "vpc-99999999", "SubnetIds="),
    "one zone": ("zones", {"SubnetIds": "subnet-bbbbbbbb,subnet-cccccccc"}, {}, "us-east-1b", "SubnetIds="),
    "two endpoint subnets of a zone": (
        "endpoint subnets", {"SubnetIds": "subnet-aaaaaaaa,subnet-bbbbbbbb,subnet-cccccccc"}, {},
        "subnet-bbbbbbbb and subnet-cccccccc", "EndpointSubnetIds=subnet-aaaaaaaa,subnet-bbbbbbbb",
    ),
    "a route table of another VPC": (
        "route tables", {"RouteTableIds": "rtb-12345678,rtb-99999999"}, {}, "vpc-99999999", "RouteTableIds=",
    ),
    "no such route table": (
        "route tables", {"RouteTableIds": "rtb-12345678,rtb-00000000"}, {}, "rtb-00000000", "RouteTableIds=",
    ),
    "a gateway there": ("gateway endpoints", {}, {"endpoints": GATEWAYS[:1]}, "vpce-s3", "CreateS3Endpoint=false"),
    "a gateway that is missing": (
        "gateway endpoints", {"CreateDynamoDBEndpoint": "false"}, {}, "rtb-12345678", "CreateDynamoDBEndpoint=true",
    ),
    "a route table left out": (
        "gateway endpoints", {"SubnetIds": "subnet-bbbbbbbb,subnet-eeeeeeee", "CreateDynamoDBEndpoint": "false"},
        {"endpoints": (replace(GATEWAYS[1], route_tables=("rtb-12345678", "rtb-87654321")),)}, "rtb-87654321",
        "RouteTableIds=rtb-12345678,rtb-87654321",
    ),
    "an interface there": ("interface endpoints", {}, {"endpoints": (SQS,)}, "vpce-sqs", "CreateSQSEndpoint=false"),
    "no interface": ("interface endpoints", {"CreateSQSEndpoint": "false"}, {}, "sqs", "CreateSQSEndpoint=true"),
    "an interface without private names": (
        "interface endpoints", {"CreateSQSEndpoint": "false"}, {"endpoints": (replace(SQS, private_names=False),)},
        "sqs", "CreateSQSEndpoint=true",
    ),
    "the other service's prefix list": (
        "prefix lists", {"S3PrefixListId": "pl-22222222"}, {}, "com.amazonaws.us-east-1.dynamodb",
        "S3PrefixListId=pl-11111111",
    ),
    "a prefix list of another Region": (
        "prefix lists", {"DynamoDBPrefixListId": "pl-33333333"}, {}, "pl-33333333", "DynamoDBPrefixListId=pl-22222222",
    ),
    "a new account": (
        "Lambda concurrency", {}, {"concurrency": Concurrency(10, 10)}, "account limit 10)",
        "ReserveConcurrency=false",
    ),
    "too little to reserve": (
        "Lambda concurrency", {}, {"concurrency": Concurrency(1000, 169)}, "69 can be", "ReserveConcurrency=false",
    ),
    "more shards than executions": (
        "Lambda concurrency", {"ReserveConcurrency": "false", "ShardCount": "8", "ValidationConcurrency": "4"},
        {"concurrency": Concurrency(10, 10)}, "12 of 10 executions", "ValidationConcurrency=4",
    ),
    "too few shards left": ("shard limit", {}, {"shards": Shards(20, 15)}, "5 more can be open", "ShardCount="),
    "no artifact bucket": ("artifact bucket", {}, {"artifact_bucket": None}, "artifacts", "create-bucket"),
    "an artifact bucket elsewhere": (
        "artifact bucket", {}, {"artifact_bucket": Bucket("eu-west-1", "AES256")}, "eu-west-1", "ArtifactBucketName=",
    ),
    "an artifact bucket under a key": (
        "artifact bucket", {}, {"artifact_bucket": Bucket("us-east-1", "aws:kms")}, "aws:kms", "put-bucket-encryption",
    ),
    "an alert queue elsewhere": (
        "alert queue", {"AlertQueueArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:alerts"}, {}, "eu-west-1", "us-east-1",
    ),
    "an alert queue of another account": (
        "alert queue", {"AlertQueueArn": f"arn:aws:sqs:us-east-1:{OWNER}:alerts"}, {}, OWNER, ACCOUNT,
    ),
    "a key elsewhere": (
        "existing key", {"ExistingKeyArn": KEY.replace("us-east-1", "eu-west-1")}, {}, "eu-west-1", "Key",
    ),
    "no such key": ("existing key", {"ExistingKeyArn": KEY}, {"key": None}, "does not exist", "ExistingKeyArn="),
    "a disabled key": (
        "existing key", {"ExistingKeyArn": KEY}, {"key": Key("Disabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")},
        "Disabled", "enable-key",
    ),
    "an asymmetric key": (
        "existing key", {"ExistingKeyArn": KEY}, {"key": Key("Enabled", "SIGN_VERIFY", "RSA_2048")}, "RSA_2048", "Key",
    ),
    "a key that is not rotated": (
        "rotation of the key", {"ExistingKeyArn": KEY}, {"rotation": False}, "not rotated", "enable-key-rotation",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_fact_that_is_wrong_is_reported(name: str, template: dict[str, Any]) -> None:
    check, values, facts, what, fix = WRONG[name]
    (first, *others) = [each for each in said(template, values, **facts) if each.check == check]

    assert others == []
    assert first.evaluated
    assert what in first.what
    assert fix in first.fix


def test_a_region_that_the_template_does_not_support_is_reported(template: dict[str, Any]) -> None:
    stated = {**template, "Mappings": {**template["Mappings"], "Regions": {"eu-west-1": {}, "us-east-1": {}}}}
    silent = {name: each for name, each in template["Mappings"].items() if name != "Regions"}

    def region(mapped: dict[str, Any], name: str) -> list[str]:
        found = findings(Given({**complete(VALUES, mapped, {}).values}, mapped), replace(WELL, region=name))
        return [each.fix for each in found if each.check == "Region"]

    assert region(stated, "us-east-1") == []
    assert region(stated, "mx-central-1") == ["export AWS_DEFAULT_REGION=<one of eu-west-1, us-east-1>"]
    assert region({**template, "Mappings": silent}, "mx-central-1") == []


def test_every_check_has_a_finding_here() -> None:
    assert {check for check, *_ in WRONG.values()} | {"Region"} == set(CHECKS)


def test_what_the_stack_has_itself_is_no_finding(template: dict[str, Any]) -> None:
    """An update must not be blocked by its own endpoints, functions and shards."""
    own = (Endpoint("vpce-own", "sqs", "Interface", True),)
    facts = {"endpoints": own, "concurrency": Concurrency(170, 100, 70), "shards": Shards(10, 10, 10)}

    assert said(template, {}, stack=OWN, **facts) == []
    others = {"endpoints": own, "concurrency": Concurrency(170, 100), "shards": Shards(10, 10)}
    assert [each.check for each in said(template, {}, stack=None, **others)] == [
        "interface endpoints", "Lambda concurrency", "shard limit",
    ]  # fmt: skip


def test_every_state_that_cloudformation_names_is_judged(template: dict[str, Any]) -> None:
    model = Session().get_service_model("cloudformation").shape_for("StackStatus")
    found = {each: said(template, {}, stack=Stack(each, {}, frozenset())) for each in model.enum}

    assert {each for each, findings_ in found.items() if not findings_} == {
        "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("ShardCount", "7"), ("ArchiveLockMode", "GOVERNANCE"), ("AlertEmail", "nobody"), ("VpcCidr", "10.0.0.0/8")],
)
def test_what_the_template_says_of_a_value_is_in_the_finding(name: str, value: str, template: dict[str, Any]) -> None:
    """A parameter's ConstraintDescription, or a rule's AssertDescription."""
    (found,) = [each for each in said(template, {name: value}) if each.check == "parameters"]
    descriptions = [template["Parameters"][name]["ConstraintDescription"]] + [
        each["AssertDescription"] for rule in template["Rules"].values() for each in rule["Assertions"]
    ]

    assert name in found.what
    assert any(each in found.why for each in descriptions)


@pytest.mark.parametrize(
    ("name", "value", "waiting"),
    [
        ("ShardCount", "abc", {"Lambda concurrency", "shard limit"}),
        ("ArtifactBucketName", "Bad Name!", {"artifact bucket"}),
        ("AlertQueueArn", "foo", {"alert queue"}),
        ("ExistingKeyArn", "alias/x", {"existing key", "rotation of the key"}),
        ("SubnetIds", "", {"subnets", "zones", "endpoint subnets", "gateway endpoints"}),
        ("Environment", "foo", {"names"}),
    ],
)
def test_a_refused_value_is_judged_no_further(name: str, value: str, waiting: set[str], template: Any) -> None:
    found = said(template, {name: value})

    assert {each.check for each in found if not each.evaluated} == waiting
    assert {each.check for each in found if each.evaluated} == {"parameters"}


def test_subnets_whose_routes_are_not_shown_are_not_called_well(template: dict[str, Any]) -> None:
    hidden = {**SUBNETS, "subnet-bbbbbbbb": replace(SUBNETS["subnet-bbbbbbbb"], route_table="")}
    (found,) = said(template, {}, subnets=hidden)

    assert (found.check, found.evaluated) == ("gateway endpoints", False)
    assert "ec2:DescribeRouteTables" in found.what
    assert "subnet-bbbbbbbb" in found.what


def test_while_the_stack_is_unknown_its_own_concurrency_and_shards_are_no_findings(template: dict[str, Any]) -> None:
    full = {"concurrency": Concurrency(170, 100), "shards": Shards(10, 10)}
    found = said(template, {}, stack=REFUSED, **full)

    assert {each.check for each in found} == {"stack", "Lambda concurrency", "shard limit"}
    assert not any(each.evaluated for each in found)


REFUSED = NotAnswered("ec2:DescribeSomething", "AccessDenied")
#: A fact, the parameters that make it relevant, and the checks that need it.
OPEN: dict[str, tuple[dict[str, str], set[str]]] = {
    "stack": ({}, {"stack", "interface endpoints", "gateway endpoints"}),
    "vpc": (
        {},
        {
            "VPC", "VPC owner", "endpoints of a shared VPC", "DNS support", "DNS host names", "VPC blocks",
            "gateway endpoints", "interface endpoints",
        },
    ),
    "dns_support": ({}, {"DNS support"}),
    "dns_host_names": ({}, {"DNS host names"}),
    "subnets": ({}, {"subnets", "zones", "endpoint subnets", "gateway endpoints"}),
    "route_tables": ({}, {"route tables"}),
    "endpoints": ({}, {"gateway endpoints", "interface endpoints"}),
    "prefix_lists": ({}, {"prefix lists"}),
    "concurrency": ({}, {"Lambda concurrency"}),
    "shards": ({}, {"shard limit"}),
    "artifact_bucket": ({}, {"artifact bucket"}),
    "key": ({"ExistingKeyArn": KEY}, {"existing key", "rotation of the key"}),
    "rotation": ({"ExistingKeyArn": KEY}, {"rotation of the key"}),
}  # fmt: skip


@pytest.mark.parametrize("fact", OPEN)
def test_a_call_that_is_refused_is_not_evaluated_and_no_pass(fact: str, template: dict[str, Any]) -> None:
    values, checks = OPEN[fact]
    # So that the stack's own endpoints must be distinguished from others.
    there = {"endpoints": (*GATEWAYS, SQS)} if fact == "stack" else {}
    found = [each for each in said(template, values, **{**there, fact: REFUSED}) if not each.evaluated]

    assert {each.check for each in found} == checks
    assert all("ec2:DescribeSomething" in each.what for each in found)


def test_a_name_that_cannot_be_looked_up_does_not_hide_one_that_is_taken(template: dict[str, Any]) -> None:
    found = said(template, {}, taken={BUCKET: REFUSED, LOGS: True})

    assert [(each.check, each.evaluated) for each in found] == [("names", True), ("names", False)]


@pytest.mark.parametrize(("missing", "waiting"), [({"vpc": None}, "VPC"), ({"subnets": {}}, "subnets")])
def test_what_depends_on_something_missing_is_not_called_well(
    missing: dict[str, Any], waiting: str, template: dict[str, Any]
) -> None:
    found = [each for each in said(template, {}, **missing) if not each.evaluated]

    assert len(found) > 2
    assert {each.what for each in found} == {f"depends on the check {waiting}"}


def test_what_an_owner_may_hide_from_a_participant_is_not_evaluated(template: dict[str, Any]) -> None:
    found = said(template, {**SHARED, "RouteTableIds": ""}, vpc=Vpc(OWNER, ("10.20.0.0/16",)), endpoints=())

    seen = {(each.check, each.evaluated) for each in found}
    assert seen == {("gateway endpoints", False), ("interface endpoints", False)}


def test_every_switch_of_the_template_is_known(template: dict[str, Any]) -> None:
    """Otherwise a new endpoint would be created without a check."""
    switches = {name for name in template["Parameters"] if name.startswith("Create") and name.endswith("Endpoint")}
    made = {
        body["Condition"].replace("Creates", "Create"): body["Properties"]["ServiceName"]["Fn::Sub"].rpartition(".")[2]
        for body in template["Resources"].values()
        if body["Type"] == "AWS::EC2::VPCEndpoint"
    }
    kinds = {name: body["Type"] for name, body in template["Resources"].items()}

    assert set(ENDPOINTS) == switches
    assert made == ENDPOINTS
    assert [kinds[each] for each in FUNCTIONS] == ["AWS::Lambda::Function"] * 2
    assert kinds[STREAM] == "AWS::Kinesis::Stream"
