"""The permission check, on a small stack and on the whole template, both deployed."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from harness.emulator.deployment import Deployment
from harness.emulator.permissions import judge, missing_grants
from harness.emulator.process import Emulator
from harness.emulator.service_calls import all_calls
from tests.integration.grants_taken import EVALUATED, GRANTS, LISTED, left
from tests.integration.stacks import (
    ADDED,
    EVERYTHING,
    KEY,
    DeployedStack,
    Resources,
    allow,
    arn_of,
    deploy,
    function,
    role,
)


def pipeline(consumer: dict[str, Any], notifying_key: bool = True) -> Resources:
    """A part of a pipeline with encryption, with the given permissions for the consumer."""
    key = json.loads(json.dumps(KEY["Key"]))
    if notifying_key:
        key["Properties"]["KeyPolicy"]["Statement"].append(
            {**allow("kms:GenerateDataKey kms:Decrypt"), "Principal": {"Service": "s3.amazonaws.com"}}
        )
    bucket = {
        "BucketEncryption": ADDED["Bucket"]["Properties"]["BucketEncryption"],
        "NotificationConfiguration": {
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn_of("Queue")}]
        },
    }
    notify = {**allow("sqs:SendMessage", arn_of("Queue")), "Principal": {"Service": "s3.amazonaws.com"}}
    return {
        "Key": key,
        "Stream": ADDED["Stream"],
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": arn_of("Key")}},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [notify]}},
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "QueuePolicy", "Properties": bucket},
        "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/consumer"}},
        "Role": consumer,
        "Function": function("def handler(event, context): pass", FunctionName="consumer"),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "DestinationConfig": {"OnFailure": {"Destination": arn_of("Bucket")}},
                "EventSourceArn": arn_of("Stream"),
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "TRIM_HORIZON",
            },
        },
    }


NEEDED = (
    "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
    "kinesis:ListShards logs:CreateLogStream logs:PutLogEvents s3:PutObject s3:ListBucket kms:Decrypt "
    "kms:GenerateDataKey"
)


def test_the_permission_check_names_what_the_services_will_miss(fresh: Emulator) -> None:
    """The emulator invokes the function anyway; on AWS it would never get a record."""
    deploy(fresh, "pipeline", pipeline(role(allow(NEEDED))))
    complete = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)
    taken = {"kinesis:GetShardIterator", "logs:PutLogEvents", "kms:GenerateDataKey"}
    rest = " ".join(action for action in NEEDED.split() if action not in taken)
    ids = deploy(fresh, "pipeline", pipeline(role(allow(rest)), notifying_key=False), update=True)
    found = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)

    assert complete == []
    assert {(grant.role, grant.action) for grant in found} == {
        *((ids["Role"], action) for action in taken),
        ("s3.amazonaws.com", "kms:GenerateDataKey"),
        ("s3.amazonaws.com", "kms:Decrypt"),
    }


Edit = Callable[[Any], list[Any]]


def nothing_more(service: str) -> Any:
    raise AssertionError(f"{service} is asked again")


@dataclass(frozen=True)
class Whole:
    """The permission check's input for the deployed template, cached, and physical ids."""

    read: Deployment
    resources: dict[str, str]

    def missing(self, policy: str = "", edit: Edit | None = None) -> set[tuple[str, str]]:
        """The missing permissions in a copy where `edit` has replaced each statement of one policy."""
        changed = deepcopy(self.read)
        if edit is not None:
            for document in self._documents(changed, policy):
                document["Statement"] = [new for old in document["Statement"] for new in edit(old)]
        return {(grant.role, grant.action) for grant in judge(all_calls(changed))}

    def _documents(self, deployment: Deployment, policy: str) -> list[Any]:
        physical = self.resources[policy.removesuffix("Policy")]
        if policy.endswith("Role"):
            # The role's own; others may be attached.
            return [deployment.role(physical).documents[0]]
        if policy.endswith("Policy"):
            name = physical.replace(":", "/").rpartition("/")[2]
            (found,) = (store.policy for store in deployment.stores.values() if store.name == name)
            return [found]
        keys = {id(key): key for key in deployment._keys.values() if key and key.arn.endswith(physical)}
        return [key.policy for key in keys.values()]


@pytest.fixture(scope="session")
def whole(everything: DeployedStack) -> Whole:
    emulator = everything.emulator
    deployment = Deployment(emulator.client, emulator.region, emulator.account_id)
    # To its end, so that all is read.
    list(all_calls(deployment))
    deployment.clients = nothing_more
    return Whole(deployment, everything.resources)


@pytest.mark.stack
def test_the_template_grants_what_the_services_need(whole: Whole) -> None:
    assert whole.missing() == set()


@pytest.mark.stack
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in EVALUATED])
def test_a_grant_taken_from_a_role_of_the_template_is_named(whole: Whole, name: str) -> None:
    grant = GRANTS[name]

    assert whole.missing(grant.role, partial(left, grant=grant)) == {(whole.resources[grant.role], grant.action)}


@pytest.mark.stack
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LISTED])
def test_what_is_shown_in_another_way_is_out_of_its_reach(whole: Whole, name: str) -> None:
    assert whole.missing(GRANTS[name].role, partial(left, grant=GRANTS[name])) == set()


KEYED = {"kms:Decrypt", "kms:GenerateDataKey"}


@pytest.mark.stack
@pytest.mark.parametrize(
    ("policy", "sid", "who", "actions"),
    [
        ("ValidationQueuePolicy", "LetRawBucketNotify", "s3.amazonaws.com", {"sqs:SendMessage"}),
        ("ReplicationFailureQueuePolicy", "LetReplicatedBucketsNotify", "s3.amazonaws.com", {"sqs:SendMessage"}),
        ("AccessLogBucketPolicy", "LetS3DeliverTheBucketsLogs", "logging.s3.amazonaws.com", {"s3:PutObject"}),
        ("DataEventBucketPolicy", "LetTrailFindTheBucket", "cloudtrail.amazonaws.com", {"s3:GetBucketAcl"}),
        ("DataEventBucketPolicy", "LetTrailDeliver", "cloudtrail.amazonaws.com", {"s3:PutObject"}),
        ("PipelineAlertTopicPolicy", "LetAlarmsPublish", "cloudwatch.amazonaws.com", {"sns:Publish"}),
        ("DataQualityAlertTopicPolicy", "LetAlarmsPublish", "cloudwatch.amazonaws.com", {"sns:Publish"}),
        ("PipelineAlertTopicPolicy", "LetEventRulesPublish", "events.amazonaws.com", {"sns:Publish"}),
        ("DataEncryptionKey", "LetS3NotifyQueues", "s3.amazonaws.com", KEYED),
        ("DataEncryptionKey", "LetAlarmsPublish", "cloudwatch.amazonaws.com", KEYED),
        ("DataEncryptionKey", "LetEventRulesPublish", "events.amazonaws.com", KEYED),
        (
            "DataEncryptionKey",
            "LetTrailEncryptItsFiles",
            "cloudtrail.amazonaws.com",
            {"kms:DescribeKey", "kms:GenerateDataKey"},
        ),
        (
            "DataEncryptionKey",
            "LetLogsEncryptThisAccountsLogGroups",
            "logs.us-east-1.amazonaws.com",
            {*KEYED, "kms:Encrypt"},
        ),
        (
            "DataEncryptionKey",
            "LetDataConsumerDecryptParquet",
            f"account {EVERYTHING['DataConsumerAccountId']}",
            {"kms:Decrypt"},
        ),
    ],
)
def test_a_statement_taken_from_a_policy_of_the_template_is_named(
    whole: Whole, policy: str, sid: str, who: str, actions: set[str]
) -> None:
    taken = []

    def without(statement: Any) -> list[Any]:
        taken.extend([statement] if statement["Sid"] == sid else [])
        return [] if statement["Sid"] == sid else [statement]

    assert whole.missing(policy, without) == {(who, action) for action in actions}
    assert len(taken) == 1
