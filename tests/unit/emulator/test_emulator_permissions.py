"""The preflight, on a deployment made by hand: everything granted, then each grant taken away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.emulator.deployment import Key, Store
from harness.emulator.needs import all_needs
from harness.emulator.permissions import MissingGrant, judge
from harness.emulator.policies import Request, Role, patterns_for, role_may

REGION, ACCOUNT = "us-east-1", "000000000000"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/ticks"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:validation"
REJECTED = f"arn:aws:sqs:{REGION}:{ACCOUNT}:rejected"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/jobs"
RAW = "arn:aws:s3:::raw"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda"
VIA = {
    s: {"StringEquals": {"kms:ViaService": f"{s}.{REGION}.amazonaws.com"}} for s in ("s3", "kinesis", "sqs", "dynamodb")
}

Statement = dict[str, Any]


def allow(actions: str, resource: str, condition: Statement | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": actions.split(), "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}


def trust(service: str) -> Statement:
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}


def role(name: str, service: str, *statements: Statement) -> Role:
    return Role(name, f"arn:aws:iam::{ACCOUNT}:role/{name}", trust(service), ({"Statement": list(statements)},))


KEY_POLICY: Statement = {
    "Statement": [
        {**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {
            **allow("kms:GenerateDataKey kms:Decrypt", "*", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            "Principal": {"Service": "s3.amazonaws.com"},
        },
        {
            **allow(
                "kms:Encrypt kms:Decrypt kms:GenerateDataKey",
                "*",
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{LOGS}/*"}},
            ),
            "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        },
    ]
}

CONSUMER = role(
    "consumer-role",
    "lambda.amazonaws.com",
    allow(
        "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
        "kinesis:ListShards",
        STREAM,
    ),
    allow("logs:CreateLogStream logs:PutLogEvents", f"{LOGS}/consumer:*"),
    allow("s3:PutObject", f"{RAW}/market-data/*"),
    allow("s3:PutObject", f"{RAW}/aws/lambda/*"),
    allow("s3:ListBucket", RAW),
    allow("dynamodb:UpdateItem", TABLE),
    allow("kms:Decrypt", KEY, VIA["kinesis"]),
    allow("kms:GenerateDataKey", KEY, VIA["s3"]),
    allow("kms:Decrypt", KEY, VIA["dynamodb"]),
)
VALIDATOR = role(
    "validator-role",
    "lambda.amazonaws.com",
    allow("sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", QUEUE),
    allow("logs:CreateLogStream logs:PutLogEvents", f"{LOGS}/validator:*"),
    allow("s3:GetObject", f"{RAW}/market-data/*"),
    allow("sqs:SendMessage", REJECTED),
    allow("kms:Decrypt", KEY, VIA["s3"]),
    allow("kms:Decrypt kms:GenerateDataKey", KEY, VIA["sqs"]),
)
JOB = role(
    "job-role",
    "glue.amazonaws.com",
    allow("s3:GetObject", "arn:aws:s3:::artifacts/*"),
    allow(
        "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-glue/*",
    ),
    allow("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": "Glue"}}),
)


@dataclass
class Deployed:
    """The read-back deployment, without a service behind it."""

    roles: dict[str, Role] = field(default_factory=lambda: {r.name: r for r in (CONSUMER, VALIDATOR, JOB)})
    key_policy: Statement = field(default_factory=lambda: KEY_POLICY)
    region: str = REGION
    account: str = ACCOUNT

    def key(self, identifier: str | None) -> Key | None:
        return Key(KEY, self.key_policy) if identifier else None

    def role(self, arn: str) -> Role:
        return self.roles[arn]

    @property
    def functions(self) -> list[dict[str, Any]]:
        return [
            {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
                "Role": f"{name}-role",
                "LoggingConfig": {"LogGroup": f"/aws/lambda/{name}"},
            }
            for name in ("consumer", "validator")
        ]

    @property
    def mappings(self) -> list[dict[str, Any]]:
        functions = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
        failed = {"OnFailure": {"Destination": RAW}}
        return [
            {"EventSourceArn": STREAM, "FunctionArn": f"{functions}:consumer", "DestinationConfig": failed},
            {"EventSourceArn": QUEUE, "FunctionArn": f"{functions}:validator"},
        ]

    @property
    def jobs(self) -> list[dict[str, Any]]:
        command = {"ScriptLocation": "s3://artifacts/x/job.py"}
        arguments = {"--enable-metrics": "true"}
        return [{"Name": "to_parquet", "Role": "job-role", "Command": command, "DefaultArguments": arguments}]

    @property
    def log_groups(self) -> dict[str, Key | None]:
        return {f"/aws/lambda/{name}": self.key("1") for name in ("consumer", "validator")}

    @property
    def stores(self) -> dict[str, Store]:
        key = self.key("1")
        stores = (
            Store("kinesis", "ticks", STREAM, key),
            Store("sqs", "validation", QUEUE, key),
            Store("sqs", "rejected", REJECTED, key),
            Store("dynamodb", "jobs", TABLE, key),
            Store("s3", "raw", RAW, key, bucket_key=True),
            Store("s3", "artifacts", "arn:aws:s3:::artifacts", None),
        )
        return {store.arn: store for store in stores}

    @property
    def notified_queues(self) -> list[tuple[str, str]]:
        return [(RAW, QUEUE)]


def missing(deployed: Deployed) -> list[MissingGrant]:
    return judge(all_needs(deployed))  # type: ignore[arg-type]


def without(taken: Role, index: int, action: str) -> Deployed:
    """The deployment whose role lacks one action of one statement."""
    statements = [dict(s) for s in taken.documents[0]["Statement"]]
    statements[index]["Action"] = [a for a in statements[index]["Action"] if a != action]
    if not statements[index]["Action"]:
        del statements[index]
    deployed = Deployed()
    deployed.roles[taken.name] = replace(taken, documents=({"Statement": statements},))
    return deployed


def test_nothing_is_missing_where_everything_is_granted() -> None:
    """The table must not ask for more than AWS does: every row beyond it would widen a role for nothing."""
    assert missing(Deployed()) == []


#: What the function's own calls use; the emulator refuses them by itself when they are not granted.
CALLED_BY_THE_CODE = {"dynamodb:UpdateItem", "sqs:SendMessage"}
GRANTED = [
    pytest.param(granted, index, action, id=f"{granted.name} {action} #{index}")
    for granted in (CONSUMER, VALIDATOR, JOB)
    for index, statement in enumerate(granted.documents[0]["Statement"])
    for action in statement["Action"]
    if action not in CALLED_BY_THE_CODE and not (action.startswith("s3:") and "market-data" in statement["Resource"])
]


@pytest.mark.parametrize(("granted", "index", "action"), GRANTED)
def test_each_grant_taken_away_is_named(granted: Role, index: int, action: str) -> None:
    """Role and action: what the person has to put into the template."""
    found = missing(without(granted, index, action))

    assert {(grant.role, grant.action) for grant in found} == {(granted.name, action)}


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("s3.amazonaws.com", {"kms:GenerateDataKey", "kms:Decrypt"}),
        (f"logs.{REGION}.amazonaws.com", {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"}),
    ],
)
def test_a_service_that_the_key_does_not_know_is_named(service: str, actions: set[str]) -> None:
    """S3 would drop every notification to an encrypted queue, and Logs every line, without an error anywhere."""
    kept = [s for s in KEY_POLICY["Statement"] if s["Principal"].get("Service") != service]
    found = missing(Deployed(key_policy={"Statement": kept}))

    assert {(grant.role, grant.action) for grant in found} == {(service, action) for action in actions}


def test_a_key_policy_that_excludes_a_role_is_noticed() -> None:
    """The emulator's stores never ask their key."""
    denied = {**allow("kms:Decrypt", "*"), "Effect": "Deny", "Principal": {"AWS": CONSUMER.arn}}
    found = missing(Deployed(key_policy={"Statement": [*KEY_POLICY["Statement"], denied]}))

    assert {(grant.role, grant.action) for grant in found} == {("consumer-role", "kms:Decrypt")}


def test_a_key_that_leaves_its_account_out_allows_no_role_of_it() -> None:
    """With keys, and with nothing else here, the role's own policy is not enough."""
    services_only = [s for s in KEY_POLICY["Statement"] if "Service" in s["Principal"]]
    found = missing(Deployed(key_policy={"Statement": services_only}))

    assert {grant.role for grant in found} == {"consumer-role", "validator-role"}
    assert {grant.action.split(":")[0] for grant in found} == {"kms"}


def test_a_grant_through_another_service_does_not_count() -> None:
    """`kms:ViaService` is what keeps a role from decrypting whatever it finds."""
    request = Request("kms:Decrypt", KEY, REGION, {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"})

    assert not role_may(VALIDATOR, request, KEY_POLICY, required=True)
    assert role_may(CONSUMER, request, KEY_POLICY, required=True)


def test_a_role_that_its_service_may_not_assume_is_named() -> None:
    """MiniStack runs a function with any role at all."""
    deployed = Deployed()
    deployed.roles["consumer-role"] = replace(CONSUMER, trust=trust("glue.amazonaws.com"))
    (grant,) = missing(deployed)

    assert (grant.role, grant.action, grant.resource) == ("lambda.amazonaws.com", "sts:AssumeRole", CONSUMER.arn)


def test_a_permissions_boundary_limits_the_role() -> None:
    deployed = Deployed()
    boundary = {"Statement": [allow("logs:* s3:* kms:*", "*")]}
    deployed.roles["validator-role"] = replace(VALIDATOR, boundary=boundary)

    assert {grant.action for grant in missing(deployed)} == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    }


@pytest.mark.parametrize(
    ("pattern", "counts"),
    [
        (RAW, True),
        (f"{RAW}/market-data/*", True),
        (f"{RAW}/one-object", True),
        ("arn:aws:s3:::ra*", True),
        ("*", True),
        ("arn:aws:s3:::raw-other/*", False),
        ("arn:aws:s3:::other", False),
    ],
)
def test_a_right_to_part_of_a_store_is_a_right_to_the_store(pattern: str, counts: bool) -> None:
    """Roles are granted prefixes; the key is the whole bucket's."""
    reader = role("reader", "lambda.amazonaws.com", allow("s3:Get*", pattern))

    assert bool(patterns_for(reader, "s3:GetObject", RAW)) is counts


def test_a_missing_grant_reads_as_a_sentence() -> None:
    grant = MissingGrant("consumer-role", "kinesis:GetRecords", STREAM, "Lambda polls stream/ticks for consumer")

    assert str(grant) == (
        f"consumer-role may not kinesis:GetRecords on {STREAM} (Lambda polls stream/ticks for consumer)"
    )
