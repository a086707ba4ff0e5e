"""The permission check, on a synthetic deployment: everything granted, then each grant removed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.emulator.permissions import MissingGrant, judge
from harness.emulator.policies import Request, Role, patterns_for, role_may
from harness.emulator.service_calls import all_calls
from harness.emulator.stores import Key, Store

REGION, ACCOUNT = "us-east-1", "000000000000"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/ticks"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:validation"
REJECTED = f"arn:aws:sqs:{REGION}:{ACCOUNT}:rejected"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/jobs"
RAW, ARCHIVE, PARQUET, ACCESSES, EVENTS = (
    f"arn:aws:s3:::{name}" for name in ("raw", "archive", "parquet", "accesses", "events")
)
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/events"
CLOUDTRAIL = "cloudtrail.amazonaws.com"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
READER, ORGANIZATION = "111122223333", "o-a1b2c3d4e5"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
LOGS = f"{LOG_GROUP}/aws/lambda"
CATALOG = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
VIA = {
    s: {"StringEquals": {"kms:ViaService": f"{s}.{REGION}.amazonaws.com"}}
    for s in ("s3", "kinesis", "sqs", "dynamodb", "lambda")
}

Statement = dict[str, Any]


def allow(actions: str, resource: str, condition: Statement | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": actions.split(), "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}


def let(service: str, actions: str, resource: str = "*", condition: Statement | None = None) -> Statement:
    return {**allow(actions, resource, condition), "Principal": {"Service": service}}


def through(service: str, bucket: str) -> Statement:
    """A grant to use the key through one service, only for a bucket with bucket keys."""
    return {"StringEquals": {**VIA[service]["StringEquals"], "kms:EncryptionContext:aws:s3:arn": bucket}}


def trust(service: str) -> Statement:
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}


def role(name: str, service: str, *statements: Statement) -> Role:
    return Role(name, f"arn:aws:iam::{ACCOUNT}:role/{name}", trust(service), ({"Statement": list(statements)},))


FROM_HERE: Statement = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
FROM_RAW: Statement = {**FROM_HERE, "ArnEquals": {"aws:SourceArn": RAW}}
FROM_TRAIL: Statement = {"StringEquals": {"aws:SourceArn": TRAIL}}

KEY_POLICY: Statement = {
    "Statement": [
        {**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {**allow("kms:Decrypt", "*", through("s3", PARQUET)), "Principal": {"AWS": f"arn:aws:iam::{READER}:root"}},
        let("s3.amazonaws.com", "kms:GenerateDataKey kms:Decrypt", condition=FROM_HERE),
        let("cloudwatch.amazonaws.com", "kms:GenerateDataKey kms:Decrypt", condition=FROM_HERE),
        let("events.amazonaws.com", "kms:GenerateDataKey kms:Decrypt"),
        let(CLOUDTRAIL, "kms:DescribeKey kms:GenerateDataKey", condition=FROM_TRAIL),
        let(
            f"logs.{REGION}.amazonaws.com",
            "kms:Encrypt kms:Decrypt kms:GenerateDataKey",
            condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{LOGS}/*"}},
        ),
    ]
}
#: By the ARN of whose policy it is.
POLICIES: dict[str, Statement] = {
    QUEUE: {"Statement": [let("s3.amazonaws.com", "sqs:SendMessage", QUEUE, FROM_RAW)]},
    ACCESSES: {"Statement": [let("logging.s3.amazonaws.com", "s3:PutObject", f"{ACCESSES}/*", FROM_RAW)]},
    EVENTS: {
        "Statement": [
            let(CLOUDTRAIL, "s3:GetBucketAcl", EVENTS, FROM_TRAIL),
            let(
                CLOUDTRAIL,
                "s3:PutObject",
                f"{EVENTS}/AWSLogs/{ACCOUNT}/*",
                {"StringEquals": {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
            {
                **allow("s3:PutObject", f"{EVENTS}/*", {"StringNotEquals": {"aws:PrincipalServiceName": CLOUDTRAIL}}),
                "Effect": "Deny",
                "Principal": "*",
            },
        ]
    },
    TOPIC: {
        "Statement": [
            let("cloudwatch.amazonaws.com", "sns:Publish", TOPIC, FROM_HERE),
            let("events.amazonaws.com", "sns:Publish", TOPIC),
        ]
    },
    ARCHIVE: {
        "Statement": [
            {
                **allow(
                    "s3:PutObject s3:ReplicateObject",
                    f"{ARCHIVE}/*",
                    {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/replication-role"}},
                ),
                "Effect": "Deny",
                "Principal": "*",
            }
        ]
    },
    PARQUET: {
        "Statement": [
            {**allow("s3:GetObject", f"{PARQUET}/parquet/*"), "Principal": {"AWS": f"arn:aws:iam::{READER}:root"}},
            {
                **allow("s3:*", f"{PARQUET}/*", {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}),
                "Effect": "Deny",
                "Principal": {"AWS": READER},
            },
        ]
    },
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
    allow("kms:Decrypt kms:GenerateDataKey", KEY, VIA["s3"]),
    allow("kms:Decrypt", KEY, VIA["dynamodb"]),
    allow("kms:Decrypt", KEY, VIA["lambda"]),
    allow("ec2:DescribeNetworkInterfaces ec2:DescribeSubnets", "*"),
    allow(
        "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses "
        "ec2:UnassignPrivateIpAddresses",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:*/*",
    ),
)
VALIDATOR = role(
    "validator-role",
    "lambda.amazonaws.com",
    allow("sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", QUEUE),
    allow("logs:CreateLogStream logs:PutLogEvents", f"{LOGS}/validator:*"),
    allow("s3:GetObject", f"{RAW}/market-data/*"),
    # Its dead-letter queue, which Lambda itself sends to.
    allow("sqs:SendMessage", REJECTED),
    allow("kms:Decrypt", KEY, VIA["s3"]),
    allow("kms:Decrypt kms:GenerateDataKey", KEY, VIA["sqs"]),
)
JOB = role(
    "job-role",
    "glue.amazonaws.com",
    allow("s3:GetObject", "arn:aws:s3:::artifacts/*"),
    allow(
        "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents logs:AssociateKmsKey",
        f"{LOG_GROUP}/aws-glue/jobs/encrypted-role/job-role/*",
    ),
    allow("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": "Glue"}}),
    allow("glue:GetTable glue:CreatePartition glue:GetPartition glue:BatchUpdatePartition", f"{CATALOG}*"),
)
CRAWLER = role(
    "crawler-role",
    "glue.amazonaws.com",
    allow("s3:GetBucketLocation", PARQUET),
    allow("s3:GetObject", f"{PARQUET}/parquet/*"),
    allow("s3:ListBucket", PARQUET, {"StringLike": {"s3:prefix": "parquet/*"}}),
    allow(
        "glue:BatchCreatePartition glue:BatchGetPartition glue:CreatePartition glue:GetDatabase glue:GetPartition "
        "glue:GetPartitions glue:GetTable glue:GetTables glue:UpdateTable",
        f"{CATALOG}*",
    ),
    allow("kms:Decrypt", KEY, VIA["s3"]),
    allow(
        "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents logs:AssociateKmsKey",
        f"{LOG_GROUP}/aws-glue/crawlers-role/crawler-role-encrypted*",
    ),
)
REPLICATION = role(
    "replication-role",
    "s3.amazonaws.com",
    allow("s3:GetReplicationConfiguration s3:ListBucket", RAW),
    allow(
        "s3:GetObjectVersionForReplication s3:GetObjectVersionAcl s3:GetObjectVersionTagging", f"{RAW}/market-data/*"
    ),
    allow("s3:GetObjectVersionForReplication s3:GetObjectVersionAcl s3:GetObjectVersionTagging", f"{RAW}/aws/lambda/*"),
    allow("s3:ReplicateObject s3:ReplicateTags", f"{ARCHIVE}/*"),
    allow("kms:Decrypt", KEY, through("s3", RAW)),
    allow("kms:Decrypt kms:Encrypt", KEY, through("s3", ARCHIVE)),
)
ROLES = (CONSUMER, VALIDATOR, JOB, CRAWLER, REPLICATION)


@dataclass
class Deployed:
    """The read-back deployment, without a service behind it."""

    roles: dict[str, Role] = field(default_factory=lambda: {r.name: r for r in ROLES})
    key_policy: Statement = field(default_factory=lambda: KEY_POLICY)
    policies: dict[str, Statement] = field(default_factory=lambda: dict(POLICIES))
    dead_letters: list[tuple[str, str, str]] = field(default_factory=list)
    region: str = REGION
    account: str = ACCOUNT

    def key(self, identifier: str | None) -> Key | None:
        return Key(KEY, self.key_policy) if identifier else None

    def role(self, arn: str) -> Role:
        return self.roles[arn]

    @property
    def functions(self) -> list[dict[str, Any]]:
        network = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
        special = {
            "consumer": {"VpcConfig": network, "KMSKeyArn": KEY},
            "validator": {"DeadLetterConfig": {"TargetArn": REJECTED}},
        }
        return [
            {
                "FunctionName": name,
                "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
                "Role": f"{name}-role",
                "LoggingConfig": {"LogGroup": f"/aws/lambda/{name}"},
                **more,
            }
            for name, more in special.items()
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
        arguments = {
            "--enable-metrics": "true",
            "--database": "market",
            "--processed_bucket": "parquet",
            "--target_prefix": "parquet/",
        }
        job = {"Name": "to_parquet", "Role": "job-role", "Command": command, "DefaultArguments": arguments}
        return [{**job, "SecurityConfiguration": "encrypted"}]

    @property
    def crawlers(self) -> list[dict[str, Any]]:
        targets = {"CatalogTargets": [{"DatabaseName": "market", "Tables": ["trade"]}]}
        crawler = {"Name": "partitions", "Role": "crawler-role", "Targets": targets}
        return [{**crawler, "CrawlerSecurityConfiguration": "encrypted"}]

    @property
    def log_keys(self) -> dict[str, Key | None]:
        return {"encrypted": self.key("1")}

    @property
    def table_locations(self) -> dict[tuple[str, str], str]:
        return {("market", "trade"): "s3://parquet/parquet/feed=trade/"}

    @property
    def replications(self) -> list[tuple[str, dict[str, Any]]]:
        destination = {"Bucket": ARCHIVE, "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY}}
        rules = [
            {"Status": "Enabled", "Filter": {"Prefix": prefix}, "Destination": destination}
            for prefix in ("market-data/", "aws/lambda/")
        ]
        return [(RAW, {"Role": "replication-role", "Rules": rules})]

    @property
    def access_logs(self) -> list[tuple[str, dict[str, Any]]]:
        return [(RAW, {"TargetBucket": "accesses", "TargetPrefix": "raw/"})]

    @property
    def trails(self) -> list[dict[str, Any]]:
        return [{"Name": "events", "TrailARN": TRAIL, "S3BucketName": "events", "KmsKeyId": KEY}]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:behind"
        others: dict[str, list[str]] = {"OKActions": [], "InsufficientDataActions": []}
        return [{"AlarmName": "behind", "AlarmArn": arn, "AlarmActions": [TOPIC], **others}]

    @property
    def rule_targets(self) -> list[tuple[str, str]]:
        return [("failures", TOPIC)]

    @property
    def rule_dead_letters(self) -> list[tuple[str, str, str]]:
        return self.dead_letters

    @property
    def log_groups(self) -> dict[str, Key | None]:
        return {f"/aws/lambda/{name}": self.key("1") for name in ("consumer", "validator")}

    @property
    def stores(self) -> dict[str, Store]:
        key = self.key("1")
        stores = (
            Store("kinesis", "ticks", STREAM, key),
            Store("sqs", "validation", QUEUE, key, self.policies.get(QUEUE)),
            Store("sqs", "rejected", REJECTED, key),
            Store("dynamodb", "jobs", TABLE, key),
            Store("sns", "alerts", TOPIC, key, self.policies.get(TOPIC)),
            Store("s3", "raw", RAW, key, bucket_key=True),
            Store("s3", "archive", ARCHIVE, key, self.policies.get(ARCHIVE), bucket_key=True),
            Store("s3", "parquet", PARQUET, key, self.policies.get(PARQUET), bucket_key=True),
            Store("s3", "accesses", ACCESSES, None, self.policies.get(ACCESSES)),
            Store("s3", "events", EVENTS, None, self.policies.get(EVENTS)),
            Store("s3", "artifacts", "arn:aws:s3:::artifacts", None),
        )
        return {store.arn: store for store in stores}

    @property
    def notified_queues(self) -> list[tuple[str, str]]:
        return [(RAW, QUEUE)]


def missing(deployed: Deployed) -> list[MissingGrant]:
    return judge(all_calls(deployed))  # type: ignore[arg-type]


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
    """The list must not require more than AWS does: each extra call would widen a role for nothing."""
    assert missing(Deployed()) == []


#: Used by the function's own calls; the emulator itself denies them if they are not granted.
CALLED_BY_THE_CODE = {"dynamodb:UpdateItem"}
GRANTED = [
    pytest.param(granted, index, action, id=f"{granted.name} {action} #{index}")
    for granted in ROLES
    for index, statement in enumerate(granted.documents[0]["Statement"])
    for action in statement["Action"]
    if action not in CALLED_BY_THE_CODE
    and not (granted in (CONSUMER, VALIDATOR) and action.startswith("s3:") and "market-data" in statement["Resource"])
]


@pytest.mark.parametrize(("granted", "index", "action"), GRANTED)
def test_each_grant_taken_away_is_named(granted: Role, index: int, action: str) -> None:
    """Role and action: what the user must add to the template."""
    found = missing(without(granted, index, action))

    assert {(grant.role, grant.action) for grant in found} == {(granted.name, action)}


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("s3.amazonaws.com", {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("cloudwatch.amazonaws.com", {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("events.amazonaws.com", {"kms:GenerateDataKey", "kms:Decrypt"}),
        (CLOUDTRAIL, {"kms:DescribeKey", "kms:GenerateDataKey"}),
        (f"logs.{REGION}.amazonaws.com", {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"}),
    ],
)
def test_a_service_that_the_key_does_not_know_is_named(service: str, actions: set[str]) -> None:
    """S3 would drop every notification, Logs every line and CloudWatch every alarm, without any error."""
    kept = [s for s in KEY_POLICY["Statement"] if s["Principal"].get("Service") != service]
    found = missing(Deployed(key_policy={"Statement": kept}))

    assert {(grant.role, grant.action) for grant in found} == {(service, action) for action in actions}


def edited(arn: str, change: Callable[[Statement], list[Statement]]) -> Deployed:
    """The deployment with each statement of one policy replaced or removed."""
    statements = [new for statement in POLICIES[arn]["Statement"] for new in change(statement)]
    return Deployed(policies={**POLICIES, arn: {"Statement": statements}})


@pytest.mark.parametrize(
    ("arn", "service", "action"),
    [
        (QUEUE, "s3.amazonaws.com", "sqs:SendMessage"),
        (ACCESSES, "logging.s3.amazonaws.com", "s3:PutObject"),
        (TOPIC, "cloudwatch.amazonaws.com", "sns:Publish"),
        (TOPIC, "events.amazonaws.com", "sns:Publish"),
    ],
)
def test_a_service_that_a_store_does_not_know_is_named(arn: str, service: str, action: str) -> None:
    found = missing(edited(arn, lambda s: [] if s["Principal"] == {"Service": service} else [s]))

    assert {(grant.role, grant.action) for grant in found} == {(service, action)}


def test_an_event_rule_brings_no_source_along() -> None:
    """A condition that works for alarms makes EventBridge drop every notification."""
    found = missing(edited(TOPIC, lambda s: [{**s, "Condition": FROM_HERE}]))

    assert {(grant.role, grant.action) for grant in found} == {("events.amazonaws.com", "sns:Publish")}


def test_a_trail_that_its_bucket_does_not_know_is_named() -> None:
    found = missing(edited(EVENTS, lambda s: [] if s["Principal"] == {"Service": CLOUDTRAIL} else [s]))

    assert {(grant.role, grant.action) for grant in found} == {
        (CLOUDTRAIL, action) for action in ("s3:GetBucketAcl", "s3:PutObject")
    }


def test_a_trail_that_is_kept_out_with_all_others_is_noticed() -> None:
    """One condition on one service name must keep everybody else out."""
    other = {"StringNotEquals": {"aws:PrincipalServiceName": "config.amazonaws.com"}}
    found = missing(edited(EVENTS, lambda s: [{**s, "Condition": other}] if s["Effect"] == "Deny" else [s]))

    assert {(grant.role, grant.action) for grant in found} == {(CLOUDTRAIL, "s3:PutObject")}


@pytest.mark.parametrize(("source", "lost"), [("failures", 0), ("others", 1), (None, 1)])
def test_a_rules_dead_letters_need_the_queues_policy(source: str | None, lost: int) -> None:
    """Without it, or with another rule's ARN, EventBridge drops the undelivered events."""
    rules = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
    named = {"ArnEquals": {"aws:SourceArn": f"{rules}/{source}"}}
    sends = [let("events.amazonaws.com", "sqs:SendMessage", QUEUE, named)] if source else []
    deployed = edited(QUEUE, lambda s: [s, *sends])
    deployed.dead_letters = [("failures", f"{rules}/failures", QUEUE)]

    found = [(grant.role, grant.action) for grant in missing(deployed)]

    assert found == [("events.amazonaws.com", "sqs:SendMessage")] * lost


@pytest.mark.parametrize("arn", [QUEUE, ACCESSES])
def test_another_bucket_that_a_policy_waits_for_is_noticed(arn: str) -> None:
    """Bucket names in policies are literal, because the bucket depends on the policy."""
    other = {"ArnEquals": {"aws:SourceArn": f"{RAW}-other"}}

    assert len(missing(edited(arn, lambda s: [{**s, "Condition": other}]))) == 1


def test_an_archive_that_keeps_its_own_replication_out_is_noticed() -> None:
    """One condition on one name must keep everybody else out."""
    other = {"ArnNotEquals": {"aws:PrincipalArn": CONSUMER.arn}}
    found = missing(edited(ARCHIVE, lambda s: [{**s, "Condition": other}]))

    assert {(grant.role, grant.action) for grant in found} == {("replication-role", "s3:ReplicateObject")}


@pytest.mark.parametrize("condition", [FROM_HERE, FROM_RAW, {"ArnLike": {"aws:SourceArn": f"{RAW}-other"}}])
def test_a_replication_role_whose_trust_has_a_condition_is_noticed(condition: Statement) -> None:
    """No page says that S3 sends aws:SourceArn for replication; if it does not, nothing would be archived."""
    deployed = Deployed()
    (statement,) = trust("s3.amazonaws.com")["Statement"]
    deployed.roles["replication-role"] = replace(
        REPLICATION, trust={"Statement": [{**statement, "Condition": condition}]}
    )

    assert [(grant.role, grant.action) for grant in missing(deployed)] == [("s3.amazonaws.com", "sts:AssumeRole")]


def test_a_reader_that_another_statement_refuses_is_named() -> None:
    """The original granted an account access under a condition that no read can meet."""
    never = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    refusal = {**allow("s3:GetObject", f"{PARQUET}/*", never), "Effect": "Deny", "Principal": {"AWS": READER}}
    policy = {"Statement": [*POLICIES[PARQUET]["Statement"], refusal]}
    found = missing(Deployed(policies={**POLICIES, PARQUET: policy}))

    assert {(grant.role, grant.action) for grant in found} == {(f"account {READER}", "s3:GetObject")}


def test_a_reader_that_the_key_does_not_know_is_named() -> None:
    kept = [s for s in KEY_POLICY["Statement"] if READER not in str(s["Principal"])]
    found = missing(Deployed(key_policy={"Statement": kept}))

    assert {(grant.role, grant.action) for grant in found} == {(f"account {READER}", "kms:Decrypt")}


def test_a_key_policy_that_excludes_a_role_is_noticed() -> None:
    """The emulator's stores do not enforce key policies."""
    denied = {**allow("kms:Decrypt", "*"), "Effect": "Deny", "Principal": {"AWS": CONSUMER.arn}}
    found = missing(Deployed(key_policy={"Statement": [*KEY_POLICY["Statement"], denied]}))

    assert {(grant.role, grant.action) for grant in found} == {("consumer-role", "kms:Decrypt")}


def test_a_key_that_leaves_its_account_out_allows_no_role_of_it() -> None:
    """For keys only, the role's own policy is not enough."""
    services_only = [s for s in KEY_POLICY["Statement"] if "Service" in s["Principal"]]
    found = missing(Deployed(key_policy={"Statement": services_only}))

    named = {"consumer-role", "validator-role", "crawler-role", "replication-role", f"account {READER}"}
    assert {grant.role for grant in found} == named
    assert {grant.action.split(":")[0] for grant in found} == {"kms"}


def test_a_grant_through_another_service_does_not_count() -> None:
    """`kms:ViaService` keeps a role from decrypting arbitrary data."""
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
        "sqs:SendMessage",
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
    """Roles get access to prefixes; the key is for the whole bucket."""
    reader = role("reader", "lambda.amazonaws.com", allow("s3:Get*", pattern))

    assert bool(patterns_for(reader, "s3:GetObject", RAW)) is counts


def test_a_missing_grant_reads_as_a_sentence() -> None:
    grant = MissingGrant("consumer-role", "kinesis:GetRecords", STREAM, "Lambda polls stream/ticks for consumer")

    assert str(grant) == (
        f"consumer-role may not kinesis:GetRecords on {STREAM} (Lambda polls stream/ticks for consumer)"
    )
