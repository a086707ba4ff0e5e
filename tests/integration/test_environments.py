"""The whole pipeline with the parameters of the other environments, with and without optional resources."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.deploy.stack import DEVELOPMENT_PARAMETERS
from harness.emulator.credentials import Credentials
from harness.emulator.policies import Request, Role, role_may
from harness.pipeline.run import Run
from tests.integration.runs import Outcome

pytestmark = pytest.mark.stack

CONSUMER = "111122223333"
#: An account's own number as access key is its root, for the emulated AWS.
READER = Credentials(CONSUMER, "irrelevant")
STRANGER = Credentials("999900001111", "irrelevant")
ENDPOINTS = ("S3", "DynamoDB", "SQS", "Kinesis", "Glue", "KMS", "Logs", "SNS", "STS")


def parameters(folder: Path, environment: str, **changes: str) -> Path:
    base = DEVELOPMENT_PARAMETERS.with_name(f"{environment}.json")
    values = dict(entry.split("=", 1) for entry in json.loads(base.read_text())) | changes
    path = folder / f"{environment}.json"
    path.write_text(json.dumps([f"{name}={value}" for name, value in values.items()]))
    return path


#: How long records wait for others to be stored with: nothing that these tests look at, and up to a minute.
AT_ONCE = {"BatchingWindowSeconds": "1"}


def switched(on: bool) -> dict[str, str]:
    return {f"Create{service}Endpoint": "true" if on else "false" for service in ENDPOINTS}


@pytest.mark.nightly
def test_production_with_every_endpoint_and_no_consumer(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def look(run: Run) -> None:
        endpoints = run.emulator.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        seen["endpoints"] = {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints}
        with pytest.raises(ClientError, match="AccessDenied"):
            run.emulator.client("s3", READER).list_objects_v2(
                Bucket=run.resources["ProcessedDataBucket"], Prefix="parquet/"
            )
        seen["refused"] = True

    given = parameters(tmp_path, "production", **AT_ONCE, **switched(True))
    outcome = Outcome(tmp_path / "run", {"account": look}, parameters=given, count=500)

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert outcome.summary["lost"] == outcome.summary["doubled"] == 0
    assert len(seen["endpoints"]) == len(ENDPOINTS)
    assert seen["refused"]


def staging_with_a_consumer(folder: Path, **changes: str) -> Path:
    """No endpoints, nor what they would need, and somebody who may read the Parquet."""
    reader = {"DataConsumerAccountId": CONSUMER, "RouteTableIds": ""}
    return parameters(folder, "staging", **AT_ONCE, **reader, **switched(False), **changes)


@pytest.mark.nightly
def test_staging_without_endpoints_and_with_a_consumer_who_reads_the_parquet_and_nothing_else(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def look(run: Run) -> None:
        seen["endpoints"] = run.emulator.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        consumer_reads_parquet_only(run)
        seen["read"] = True

    given = staging_with_a_consumer(tmp_path)
    outcome = Outcome(tmp_path / "run", {"account": look}, parameters=given, count=500)

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert outcome.summary["lost"] == outcome.summary["doubled"] == 0
    assert seen["endpoints"] == []
    assert seen["read"]


def consumer_reads_parquet_only(run: Run) -> None:
    reader, owner = run.emulator.client("s3", READER), run.emulator.client("s3")
    processed, raw, archive = (
        run.resources[name] for name in ("ProcessedDataBucket", "RawDataBucket", "ArchivedDataBucket")
    )

    listed = [entry["Key"] for entry in reader.list_objects_v2(Bucket=processed, Prefix="parquet/")["Contents"]]
    assert listed
    for key in listed:
        body = reader.get_object(Bucket=processed, Key=key)["Body"].read()
        assert body == owner.get_object(Bucket=processed, Key=key)["Body"].read()

    others = [
        (bucket, entry["Key"])
        for bucket, prefix in ((processed, "validated/"), (raw, "market-data/"), (raw, "quarantine/"), (archive, ""))
        for entry in owner.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"][:2]
    ]
    assert len(others) == 8
    for bucket, key in others:
        _refused(reader.get_object, Bucket=bucket, Key=key)
    for bucket, prefix in ((processed, ""), (processed, "validated/"), (raw, ""), (archive, "")):
        _refused(reader.list_objects_v2, Bucket=bucket, Prefix=prefix)
    _refused(reader.put_object, Bucket=processed, Key="parquet/x", Body=b"")
    _refused(reader.delete_object, Bucket=processed, Key=listed[0])
    _refused(run.emulator.client("s3", STRANGER).get_object, Bucket=processed, Key=listed[0])
    _only_over_tls(json.loads(owner.get_bucket_policy(Bucket=processed)["Policy"]), processed, listed[0], run)


def _refused(call: Any, **arguments: Any) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        call(**arguments)


def _only_over_tls(policy: dict[str, Any], bucket: str, key: str, run: Run) -> None:
    """The emulated AWS supports TLS only, so its policy engine is called."""
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    role = Role("analyst", f"arn:aws:iam::{CONSUMER}:role/analyst", {}, (document,))
    request = Request("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", run.emulator.region, {})

    assert role_may(role, request, policy)
    assert not role_may(role, replace(request, tls=False), policy)
