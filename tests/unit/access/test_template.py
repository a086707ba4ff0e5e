"""The pipeline's own policies: all of them are evaluated in every scenario, and decide as the design says."""

import pytest

from harness.access.evaluate import Decision, Request, decide
from harness.access.policies import Policies, read
from harness.access.principals import Principal
from harness.deploy.stack import TEMPLATE
from harness.render.scenarios import Scenarios
from harness.render.source import read as read_template

HERE, THERE = "123456789012", "210987654321"
RAW, PROCESSED = (f"arn:aws:s3:::financial-{each}-data-development-{HERE}" for each in ("raw", "processed"))
QUEUE = f"arn:aws:sqs:us-east-1:{HERE}:validation-queue-development"
TOPIC = f"arn:aws:sns:us-east-1:{HERE}:pipeline-alerts-development"
TLS = {"aws:securetransport": ("true",)}
S3, ALARMS = Principal(service="s3.amazonaws.com"), Principal(service="cloudwatch.amazonaws.com")
READER = Principal(f"arn:aws:iam::{THERE}:role/reader")
STRANGER = Principal("arn:aws:iam::999999999999:role/stranger")
ADMINISTRATOR = Principal(f"arn:aws:iam::{HERE}:user/administrator")


@pytest.fixture(scope="module")
def scenarios() -> Scenarios:
    return Scenarios(read_template(TEMPLATE).template)


@pytest.fixture(scope="module")
def policies(scenarios: Scenarios) -> Policies:
    values = scenarios.completed({"Environment": "development", "DataConsumerAccountId": THERE})
    assert values is not None
    return read(scenarios.rendering(values).stack())


def test_no_policy_is_refused_in_any_scenario(scenarios: Scenarios):
    for each in scenarios.all:
        found = read(each.rendering.stack())

        assert all(one.statements for one in found.identities.values()), each.name


def consumer(policies: Policies) -> Principal:
    (arn,) = (each for each in policies.identities if "kinesis" in each or "consumer" in each)
    return Principal(arn)


def ask(policies: Policies, who: Principal, action: str, on: str, **context: str) -> Decision:
    given = {key.replace("__", ":").replace("_", "-"): (value,) for key, value in context.items()}
    return decide(policies, Request(who, action, on, HERE, TLS | given))


def test_the_consumer_adds_records_over_tls_and_takes_none_away(policies: Policies):
    role, record = consumer(policies), f"{RAW}/market-data/feed=trade/x.json.gz"

    assert ask(policies, role, "s3:PutObject", record).allowed
    assert not ask(policies, role, "s3:PutObject", record, aws__securetransport="false").allowed
    assert not ask(policies, role, "s3:PutObject", record, s3__x_amz_server_side_encryption="AES256").allowed
    assert not ask(policies, role, "s3:DeleteObjectVersion", record).allowed


@pytest.mark.parametrize(
    ("who", "action", "on", "source", "allowed"),
    [
        (S3, "sqs:SendMessage", QUEUE, {"aws__sourcearn": RAW, "aws__sourceaccount": HERE}, True),
        (S3, "sqs:SendMessage", QUEUE, {"aws__sourcearn": "arn:aws:s3:::theirs", "aws__sourceaccount": HERE}, False),
        (S3, "sqs:SendMessage", QUEUE, {"aws__sourcearn": RAW, "aws__sourceaccount": THERE}, False),
        (ALARMS, "sns:Publish", TOPIC, {"aws__sourceaccount": HERE}, True),
        (ALARMS, "sns:Publish", TOPIC, {"aws__sourceaccount": THERE}, False),
        (READER, "s3:GetObject", f"{PROCESSED}/parquet/x", {}, True),
        (READER, "s3:GetObject", f"{PROCESSED}/parquet/x", {"aws__securetransport": "false"}, False),
        (READER, "s3:GetObject", f"{PROCESSED}/validated/x", {}, False),
        (READER, "s3:PutObject", f"{PROCESSED}/parquet/x", {}, False),
        (STRANGER, "s3:GetObject", f"{PROCESSED}/parquet/x", {}, False),
        (Principal(), "s3:GetObject", f"{PROCESSED}/parquet/x", {}, False),
        (ADMINISTRATOR, "s3:GetObject", f"{PROCESSED}/parquet/x", {}, True),
        (ADMINISTRATOR, "s3:DeleteObjectVersion", f"{RAW}/market-data/x", {}, False),
    ],
)
def test_others_get_what_is_meant_for_them(
    policies: Policies, who: Principal, action: str, on: str, source: dict[str, str], allowed: bool
):
    assert ask(policies, who, action, on, **source).allowed is allowed
