"""The emulator as it runs: its life, what the overlay adds to it, what it enforces, and how denials come to light."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator import additions, overlay
from harness.emulator.denials import Findings, FunctionLogs
from harness.emulator.errors import EmulatorError
from harness.emulator.permissions import missing_grants
from harness.emulator.process import Emulator

ROOT = Path(overlay.__file__).resolve().parents[2]

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """What `condition` returns, once it is something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
    return found


def deploy(emulator: Emulator, name: str, resources: Resources, *, update: bool = False) -> dict[str, str]:
    """Create or update a stack; the physical id of each resource."""
    cloudformation = emulator.client("cloudformation")
    call = cloudformation.update_stack if update else cloudformation.create_stack
    call(StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_NAMED_IAM"])

    def finished() -> str | None:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return None if status.endswith("_IN_PROGRESS") else status

    status = until(finished)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        (e["LogicalResourceId"], e.get("ResourceStatusReason")) for e in events if "FAILED" in e["ResourceStatus"]
    ]
    assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), (status, failed)
    described = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def arn_of(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def role(*statements: dict[str, Any], service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policies = [{"PolicyName": "all", "PolicyDocument": {"Statement": list(statements)}}] if statements else []
    properties = {"AssumeRolePolicyDocument": {"Statement": [trust]}, "Policies": policies}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def allow(actions: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions.split(), "Resource": resource}


def function(code: str, role_id: str = "Role", **properties: Any) -> dict[str, Any]:
    basics = {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 10, "Code": {"ZipFile": code}}
    return {"Type": "AWS::Lambda::Function", "Properties": {**basics, "Role": arn_of(role_id), **properties}}


KEY: Resources = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            }
        },
    }
}


#: What a shell may carry that must reach neither the emulator, nor its functions, nor our own clients.
HOSTILE = {
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "lambda_src"))),
    "AWS_PROFILE": "no-such-profile",
    "AWS_ENDPOINT_URL_S3": "https://127.0.0.1:1",
    "AWS_CA_BUNDLE": "/no/such/bundle.pem",
    "REQUESTS_CA_BUNDLE": "/no/such/bundle.pem",
    "SSL_CERT_FILE": "/no/such/bundle.pem",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "PERSIST_STATE": "1",
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as shell:
        for name, value in HOSTILE.items():
            shell.setenv(name, value)
        with Emulator() as running:
            yield running


# ---------------------------------------------------------------------- life


def test_it_speaks_tls_as_a_bound_administrator_to_the_real_cli(emulator: Emulator) -> None:
    """Deployments go through the AWS CLI, so the CLI has to be led here by its environment alone."""
    command = [str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity", "--output", "json"]
    printed = subprocess.run(command, env=emulator.environment(), capture_output=True, text=True, check=True).stdout

    assert json.loads(printed)["Arn"] == f"arn:aws:iam::{emulator.account_id}:user/deployer"
    assert emulator.endpoint_url.startswith("https://")


def test_only_loopback_is_listened_on(emulator: Emulator) -> None:
    with socket.socket() as probe:
        # Any address of the loopback net but the one it is bound to.
        assert probe.connect_ex(("127.0.0.2", emulator.port)) != 0


def test_two_run_side_by_side_and_a_stopped_one_leaves_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """Tests run in parallel; MiniStack alone would have both ask for port 443."""
    log = tmp_path / "emulator.log"
    with Emulator(log_file=log) as other:
        folder = other.ca_bundle.parent.parent
        other.client("s3").create_bucket(Bucket="only-there")
        assert other.port != emulator.port
        assert "only-there" not in [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"]]

    assert not folder.exists()
    listening = [line for text in (emulator.log_tail(20_000), log.read_text()) for line in text.splitlines()]
    assert any(f"Running on {emulator.endpoint_url} " in line for line in listening)
    assert not any("127.0.0.1:443 " in line for line in listening)


def test_a_port_in_use_is_told_in_one_line(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match=rf"\Aport {emulator.port} is already in use\Z"):
        Emulator(port=emulator.port).start()


def test_a_chosen_port_is_used() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Emulator(port=port) as chosen:
        assert chosen.endpoint_url == f"https://127.0.0.1:{port}"


def test_one_that_cannot_start_says_why() -> None:
    """The cause is in its log, which is gone with it unless the error carries it."""
    broken = Emulator(settings={"GATEWAY_PORT": "not-a-port"})

    with pytest.raises(EmulatorError, match=r"(?s)ended while starting.*not-a-port"):
        broken.start()


def test_one_that_is_not_ready_in_time_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(EmulatorError, match=r"not ready after 0\.01 s"):
        Emulator(start_timeout=0.01).start()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_waiting_is_cleaned_up_by_the_one_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A test run goes on to its other fixtures after Ctrl-C; what was half started must not live on beside them."""

    def interrupted(*_arguments: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("harness.emulator.process._answers", interrupted)
    emulator = Emulator()
    with pytest.raises(KeyboardInterrupt):
        emulator.start()

    assert list(tmp_path.iterdir()) == []


OWNER = """
import signal, sys, time
# A job started in the background of a script ignores interrupts, and so does all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
from harness.emulator.process import Emulator
print("starting", flush=True)
with Emulator() as emulator:
    print(emulator.ca_bundle.parent.parent, emulator.port, flush=True)
    time.sleep(600)
"""


def owner(tmp_path: Path, program: str = OWNER) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    """CI ends a job that takes too long with SIGKILL, and the machine goes on to the next one."""
    with owner(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        folder, port = process.stdout.readline().split()
        assert Path(folder).exists()
        process.kill()

    until(lambda: not listens(int(port)) and list(tmp_path.iterdir()) == [])


@pytest.mark.parametrize("delay", [0.05, 0.4])
def test_an_interrupt_while_starting_leaves_nothing_behind(tmp_path: Path, delay: float) -> None:
    """Ctrl-C in the first second is when people notice that they meant something else."""
    with owner(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.wait(20)

    until(lambda: list(tmp_path.iterdir()) == [])


def test_one_that_is_left_running_ends_at_a_signal(tmp_path: Path) -> None:
    """KEEP=1: the person looks at what was built, and then needs one process id to be rid of it."""
    program = (
        "from harness.emulator.process import Emulator\n"
        "emulator = Emulator()\n"
        "emulator.start()\n"
        "print(emulator.port, emulator.detach())\n"
    )
    with owner(tmp_path, program) as process:
        assert process.stdout is not None
        port, pid = map(int, process.stdout.readline().split())
        assert process.wait(20) == 0
    assert listens(port)
    os.kill(pid, signal.SIGTERM)

    until(lambda: not listens(port) and list(tmp_path.iterdir()) == [])


# ----------------------------------------------------------------- additions

ADDED: Resources = {
    **KEY,
    "LogBucket": {"Type": "AWS::S3::Bucket"},
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        # Parameters arrive as text.
                        "BucketKeyEnabled": "true",
                        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
                        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn_of("Key")},
                    }
                ]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "ToGlacier",
                        "Status": "Enabled",
                        "Prefix": "raw/",
                        "ExpirationInDays": "2557",
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": "90"}],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}],
                    },
                    {
                        "Id": "AbortUploads",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    },
                ]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LoggingConfiguration": {"DestinationBucketName": {"Ref": "LogBucket"}, "LogFilePrefix": "raw/"},
            "Tags": [{"Key": "DataClass", "Value": "licensed"}],
        },
    },
    "Stream": {
        "Type": "AWS::Kinesis::Stream",
        "Properties": {"ShardCount": 1, "StreamEncryption": {"EncryptionType": "KMS", "KeyId": arn_of("Key")}},
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn_of("Key")},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
        },
    },
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": arn_of("Key")}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": role()["Properties"]["AssumeRolePolicyDocument"],
            "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        },
    },
    "Function": function(
        "def handler(event, context): return event",
        ReservedConcurrentExecutions="20",
        DeadLetterConfig={"TargetArn": arn_of("Queue")},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        KmsKeyArn=arn_of("Key"),
    ),
    "Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": arn_of("Queue"),
            "FunctionName": {"Ref": "Function"},
            "ScalingConfig": {"MaximumConcurrency": "2"},
        },
    },
    "Security": {
        "Type": "AWS::Glue::SecurityConfiguration",
        "Properties": {
            "Name": "encrypted",
            "EncryptionConfiguration": {
                "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": arn_of("Key")}],
                "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": arn_of("Key")},
            },
        },
    },
}

Read = Callable[[Emulator, dict[str, str]], Any]


def _bucket(operation: str, *path: str) -> Read:
    def read(emulator: Emulator, ids: dict[str, str]) -> Any:
        try:
            answer = getattr(emulator.client("s3"), operation)(Bucket=ids["Bucket"])
        except ClientError as error:
            return error.response["Error"]["Code"]
        for step in path:
            answer = answer.get(step)
        return answer

    return read


def _function(key: str) -> Read:
    def read(emulator: Emulator, ids: dict[str, str]) -> Any:
        return emulator.client("lambda").get_function_configuration(FunctionName=ids["Function"]).get(key)

    return read


#: How each addition is read back: by the service's own API, never from the overlay.
READ_BACK: dict[tuple[str, str], Read] = {
    ("AWS::S3::Bucket", "BucketEncryption"): _bucket(
        "get_bucket_encryption", "ServerSideEncryptionConfiguration", "Rules"
    ),
    ("AWS::S3::Bucket", "LifecycleConfiguration"): _bucket("get_bucket_lifecycle_configuration", "Rules"),
    ("AWS::S3::Bucket", "OwnershipControls"): _bucket("get_bucket_ownership_controls", "OwnershipControls", "Rules"),
    ("AWS::S3::Bucket", "LoggingConfiguration"): _bucket("get_bucket_logging", "LoggingEnabled"),
    ("AWS::S3::Bucket", "Tags"): _bucket("get_bucket_tagging", "TagSet"),
    ("AWS::Kinesis::Stream", "StreamEncryption"): lambda e, ids: {
        key: value
        for key, value in e.client("kinesis")
        .describe_stream_summary(StreamName=ids["Stream"])["StreamDescriptionSummary"]
        .items()
        if key in ("EncryptionType", "KeyId")
    },
    ("AWS::DynamoDB::Table", "SSESpecification"): lambda e, ids: (
        e.client("dynamodb").describe_table(TableName=ids["Table"])["Table"].get("SSEDescription")
    ),
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): lambda e, ids: e.client(
        "dynamodb"
    ).describe_continuous_backups(TableName=ids["Table"])["ContinuousBackupsDescription"][
        "PointInTimeRecoveryDescription"
    ]["PointInTimeRecoveryStatus"],
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): lambda e, ids: (
        e.client("lambda").get_function_concurrency(FunctionName=ids["Function"]).get("ReservedConcurrentExecutions")
    ),
    ("AWS::Lambda::Function", "DeadLetterConfig"): _function("DeadLetterConfig"),
    ("AWS::Lambda::Function", "VpcConfig"): _function("VpcConfig"),
    ("AWS::Lambda::Function", "KmsKeyArn"): _function("KMSKeyArn"),
    ("AWS::Lambda::EventSourceMapping", "ScalingConfig"): lambda e, ids: (
        e.client("lambda").get_event_source_mapping(UUID=ids["Mapping"]).get("ScalingConfig")
    ),
    ("AWS::SNS::Topic", "KmsMasterKeyId"): lambda e, ids: (
        e.client("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"].get("KmsMasterKeyId")
    ),
    ("AWS::IAM::Role", "PermissionsBoundary"): lambda e, ids: (
        e.client("iam")
        .get_role(RoleName=ids["Role"])["Role"]
        .get("PermissionsBoundary", {})
        .get("PermissionsBoundaryArn")
    ),
    ("AWS::Glue::SecurityConfiguration", "Name"): lambda e, ids: e.client("glue").get_security_configuration(
        Name=ids["Security"]
    )["SecurityConfiguration"]["EncryptionConfiguration"],
}


@pytest.fixture(scope="module")
def added(emulator: Emulator) -> dict[str, Any]:
    """What each addition reads back as, and under "key" and the logical ids what it may refer to."""
    ids = deploy(emulator, "added", ADDED)
    key = emulator.client("kms").describe_key(KeyId=ids["Key"])["KeyMetadata"]["Arn"]
    found: dict[Any, Any] = {place: read(emulator, ids) for place, read in READ_BACK.items()}
    return {
        **found,
        **ids,
        "key": key,
        "queue": f"arn:aws:sqs:us-east-1:{emulator.account_id}:{ids['Queue'].rsplit('/')[-1]}",
    }


def test_every_addition_is_read_back() -> None:
    """A row without a test is a claim."""
    rows = {(a.type, a.property) for a in additions.PROPERTIES} | {(a.type, a.name) for a in additions.TYPES}

    assert set(READ_BACK) == rows


EXPECTED: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
    ("AWS::S3::Bucket", "BucketEncryption"): lambda a: [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": a["key"]},
            "BucketKeyEnabled": True,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ],
    ("AWS::S3::Bucket", "LifecycleConfiguration"): lambda _: [
        {
            "ID": "ToGlacier",
            "Status": "Enabled",
            "Filter": {"Prefix": "raw/"},
            "Expiration": {"Days": 2557},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 3, "StorageClass": "GLACIER"}],
        },
        {
            "ID": "AbortUploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ],
    ("AWS::S3::Bucket", "OwnershipControls"): lambda _: [{"ObjectOwnership": "BucketOwnerEnforced"}],
    ("AWS::S3::Bucket", "LoggingConfiguration"): lambda a: {"TargetBucket": a["LogBucket"], "TargetPrefix": "raw/"},
    ("AWS::S3::Bucket", "Tags"): lambda _: [{"Key": "DataClass", "Value": "licensed"}],
    ("AWS::Kinesis::Stream", "StreamEncryption"): lambda a: {"EncryptionType": "KMS", "KeyId": a["key"]},
    ("AWS::DynamoDB::Table", "SSESpecification"): lambda a: {
        "Status": "ENABLED",
        "SSEType": "KMS",
        "KMSMasterKeyArn": a["key"],
    },
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): lambda _: "ENABLED",
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): lambda _: 20,
    ("AWS::Lambda::Function", "DeadLetterConfig"): lambda a: {"TargetArn": a["queue"]},
    ("AWS::Lambda::Function", "VpcConfig"): lambda _: {
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "VpcId": "",
    },
    ("AWS::Lambda::Function", "KmsKeyArn"): lambda a: a["key"],
    ("AWS::Lambda::EventSourceMapping", "ScalingConfig"): lambda _: {"MaximumConcurrency": 2},
    ("AWS::SNS::Topic", "KmsMasterKeyId"): lambda a: a["key"],
    ("AWS::IAM::Role", "PermissionsBoundary"): lambda _: "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ("AWS::Glue::SecurityConfiguration", "Name"): lambda a: {
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": a["key"]}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": a["key"]},
    },
}


@pytest.mark.parametrize("place", READ_BACK, ids=" ".join)
def test_an_addition_is_applied_by_a_deployment(added: dict[Any, Any], place: tuple[str, str]) -> None:
    assert added[place] == EXPECTED[place](added)


def test_an_update_that_drops_a_property_withdraws_it(emulator: Emulator, added: dict[Any, Any]) -> None:
    """Otherwise a template would go on passing for what an older one of it had set."""
    dropped = {(a.type, a.property) for a in additions.PROPERTIES}
    smaller = {
        name: {
            **resource,
            "Properties": {
                key: value
                for key, value in resource.get("Properties", {}).items()
                if (resource["Type"], key) not in dropped
            },
        }
        for name, resource in ADDED.items()
        if name != "Security"
    }
    ids = deploy(emulator, "added", smaller, update=True)
    kept = [place for place in sorted(dropped) if READ_BACK[place](emulator, ids) == added[place]]

    assert kept == []
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        READ_BACK["AWS::Glue::SecurityConfiguration", "Name"](emulator, {"Security": "encrypted"})


def test_a_property_that_cannot_be_applied_fails_the_stack(emulator: Emulator) -> None:
    """An addition that fails in silence would be one more dropped property; and nothing half made may stay."""
    bucket = {"BucketName": "half-made", "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Unheard": 1}]}}

    with pytest.raises(AssertionError, match="Unheard"):
        deploy(emulator, "broken", {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket}})
    assert "half-made" not in [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"]]


# ------------------------------------------------------------------- running

CALLS = """
import boto3, os

def handler(event, context):
    if event["call"] == "put":
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="a/b", Body=b"x")
    if event["call"] == "head":
        boto3.client("s3").head_object(Bucket=os.environ["BUCKET"], Key="a/b")
    if event["call"] == "update":
        boto3.client("dynamodb").update_item(TableName=os.environ["TABLE"], Key={"id": {"S": "1"}})
    if event["call"] == "send":
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="x")
    if event["call"] == "fail":
        raise ValueError("of all things")
    if event["call"] == "sleep":
        import time
        time.sleep(5)
    return {"path": __import__("sys").path, "variables": dict(os.environ)}
"""


@pytest.fixture(scope="module")
def calls(emulator: Emulator) -> dict[str, str]:
    """A function that calls what it is told to, with a role that allows it nothing."""
    variables = {"BUCKET": {"Ref": "Bucket"}, "TABLE": {"Ref": "Table"}, "QUEUE": {"Ref": "Queue"}}
    table = {**ADDED["Table"]["Properties"]}
    table.pop("SSESpecification")
    return deploy(
        emulator,
        "calls",
        {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "Role": role(),
            "Function": function(CALLS, Timeout=2, Environment={"Variables": variables}),
            "Broken": function("import a_module_that_is_not_there"),
        },
    )


def invoke(emulator: Emulator, name: str, call: str) -> Any:
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"call": call}))
    return json.loads(answer["Payload"].read())


def findings_of(emulator: Emulator) -> FunctionLogs:
    return FunctionLogs(emulator.client("logs"), emulator.client("lambda"))


def of_function(found: Findings, name: str) -> tuple[list[Any], list[Any]]:
    denials = [d for d in found.denials if d.function == name]
    return denials, [c for c in found.crashes if c.function == name]


@pytest.mark.parametrize(
    ("call", "action", "resource"),
    [
        ("put", "s3:PutObject", "arn:aws:s3:::{Bucket}/a/b"),
        ("head", "s3:GetObject", None),
        ("update", "dynamodb:UpdateItem", "arn:aws:dynamodb:us-east-1:000000000000:table/{Table}"),
        ("send", "sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:{Queue}"),
    ],
)
def test_a_refused_call_is_named_from_the_functions_log(
    emulator: Emulator, calls: dict[str, str], call: str, action: str, resource: str | None
) -> None:
    """Role and action are what the person has to bring together; MiniStack's own message lacks the resource."""
    logs = findings_of(emulator)
    logs.read()
    invoke(emulator, calls["Function"], call)
    denials, crashes = of_function(logs.read(), calls["Function"])
    names = {**calls, "Queue": calls["Queue"].rsplit("/")[-1]}

    assert [(d.role, d.action, d.resource) for d in denials] == [
        (calls["Role"], action, resource and resource.format(**names))
    ]
    assert crashes == []


@pytest.mark.parametrize(
    ("name", "call", "summary"),
    [
        ("Function", "fail", "of all things"),
        ("Function", "sleep", "Task timed out after 2.00 seconds"),
        ("Broken", "import", "a_module_that_is_not_there"),
    ],
)
def test_an_invocation_that_fails_is_found_in_its_log(
    emulator: Emulator, calls: dict[str, str], name: str, call: str, summary: str
) -> None:
    """MiniStack logs nothing for a function that cannot be imported, and polls on for ever."""
    logs = findings_of(emulator)
    logs.read()
    invoke(emulator, calls[name], call)
    denials, (crash,) = of_function(logs.read(), calls[name])

    assert summary in crash.summary
    assert denials == []


def test_a_function_is_lent_none_of_our_modules_and_settings(emulator: Emulator, calls: dict[str, str]) -> None:
    """What it finds here and not on AWS would hide that its package lacks it."""
    seen = invoke(emulator, calls["Function"], "nothing")

    assert {Path(entry) for entry in seen["path"]}.isdisjoint({ROOT, ROOT / "lambda_src", ROOT / "glue_src"})
    assert [name for name, value in HOSTILE.items() if seen["variables"].get(name) == value] == []


PARTIAL = """
import boto3, os
def handler(event, context):
    positions = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    s3 = boto3.client("s3")
    attempt = s3.list_objects_v2(Bucket=os.environ["BUCKET"])["KeyCount"]
    s3.put_object(Bucket=os.environ["BUCKET"], Key=str(attempt), Body="\\n".join(positions).encode())
    failures = [{"itemIdentifier": positions[0]}] if attempt == 0 else []
    return {"batchItemFailures": failures}
"""


def test_a_kinesis_batch_reported_as_failed_is_delivered_again(emulator: Emulator) -> None:
    """MiniStack alone moves on and loses it, which no test of ours could tell from success."""
    ids = deploy(
        emulator,
        "partial",
        {
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Role": role(allow("s3:PutObject s3:ListBucket")),
            "Function": function(PARTIAL, Environment={"Variables": {"BUCKET": {"Ref": "Bucket"}}}),
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "BatchSize": 100,
                    "EventSourceArn": arn_of("Stream"),
                    "FunctionName": {"Ref": "Function"},
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                    "StartingPosition": "TRIM_HORIZON",
                },
            },
        },
    )
    s3 = emulator.client("s3")
    put = emulator.client("kinesis").put_records(
        StreamName=ids["Stream"], Records=[{"Data": b"x", "PartitionKey": str(n)} for n in range(3)]
    )
    until(lambda: s3.list_objects_v2(Bucket=ids["Bucket"])["KeyCount"] == 2)
    delivered = [s3.get_object(Bucket=ids["Bucket"], Key=key)["Body"].read().decode().split() for key in ("0", "1")]

    sent = [record["SequenceNumber"] for record in put["Records"]]
    assert delivered == [sent, sent]


def test_a_role_is_held_to_its_policies_and_to_tls(emulator: Emulator) -> None:
    """Spark runs under the Glue role's session, although only Glue may assume that role."""
    ids = deploy(
        emulator,
        "glue-role",
        {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "Bucket"},
                    "PolicyDocument": {
                        "Statement": {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    },
                },
            },
            "Role": role(allow("s3:PutObject"), service="glue.amazonaws.com"),
        },
    )
    s3 = emulator.client("s3", emulator.role_credentials(ids["Role"]))
    s3.put_object(Bucket=ids["Bucket"], Key="a", Body=b"x")

    with pytest.raises(ClientError, match=f"assumed-role/{ids['Role']}/.* not authorized to perform: s3:GetObject"):
        s3.get_object(Bucket=ids["Bucket"], Key="a")


# ----------------------------------------------------------------- preflight


def pipeline(consumer: dict[str, Any], notifying_key: bool = True) -> Resources:
    """The encrypted half of a pipeline, the consumer's rights as given."""
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


GRANTS = (
    "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
    "kinesis:ListShards logs:CreateLogStream logs:PutLogEvents s3:PutObject s3:ListBucket kms:Decrypt "
    "kms:GenerateDataKey"
)


def test_the_preflight_names_what_the_services_will_miss() -> None:
    """The emulator itself feeds the function all the same: on AWS it would never see a record."""
    with Emulator() as fresh:
        deploy(fresh, "pipeline", pipeline(role(allow(GRANTS))))
        complete = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)
        taken = {"kinesis:GetShardIterator", "logs:PutLogEvents", "kms:GenerateDataKey"}
        rest = " ".join(action for action in GRANTS.split() if action not in taken)
        ids = deploy(fresh, "pipeline", pipeline(role(allow(rest)), notifying_key=False), update=True)
        found = missing_grants(fresh.client, region=fresh.region, account=fresh.account_id)

    assert complete == []
    assert {(grant.role, grant.action) for grant in found} == {
        *((ids["Role"], action) for action in taken),
        ("s3.amazonaws.com", "kms:GenerateDataKey"),
        ("s3.amazonaws.com", "kms:Decrypt"),
    }


def test_clients_may_be_used_by_several_threads(emulator: Emulator) -> None:
    """The producer puts records from more than one."""
    client = emulator.client("sts")
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(client.get_caller_identity()["Arn"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 8
