"""docs/producing.md: its sample under its policy, on an encrypted stream that throttles."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.emulator.process import Emulator
from tests.integration.stacks import KEY, arn_of, deploy, role
from tests.producing import EXAMPLES, POLICY, sample


class Throttling:
    """The stream's client; of each request but the last ones, it puts every other record and throttles the rest."""

    def __init__(self, kinesis: Any, throttled: int) -> None:
        self._kinesis = kinesis
        self._throttled = throttled

    def put_records(self, *, StreamName: str, Records: list[Any]) -> Any:  # noqa: N803 - AWS's names
        if not self._throttled:
            return self._kinesis.put_records(StreamName=StreamName, Records=Records)
        self._throttled -= 1
        results: list[Any] = [{"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": ""}] * len(
            Records
        )
        results[::2] = self._kinesis.put_records(StreamName=StreamName, Records=Records[::2])["Records"]
        return {"FailedRecordCount": len(Records) // 2, "Records": results}


def test_the_sample_puts_every_record_once_with_no_more_than_the_policy(emulator: Emulator) -> None:
    put, encrypt = POLICY["Statement"]
    statements = [{**put, "Resource": arn_of("Stream")}, {**encrypt, "Resource": arn_of("Key")}]
    encryption = {"EncryptionType": "KMS", "KeyId": arn_of("Key")}
    stream = {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 2, "StreamEncryption": encryption}}
    ids = deploy(emulator, "producing", {**KEY, "Stream": stream, "Role": role(*statements)})
    kinesis = emulator.client("kinesis", emulator.role_credentials(ids["Role"]))
    messages = [json.dumps({**each, "sequence": n}).encode() for n in range(300) for each in EXAMPLES[:3]]

    sample("send")["send"](
        Throttling(kinesis, 3), ids["Stream"], ((f"XNYS:{n % 7}", message) for n, message in enumerate(messages))
    )

    assert sorted(stored(emulator, ids["Stream"])) == sorted(messages)
    with pytest.raises(ClientError, match=r"not authorized to perform: kinesis:DescribeStream"):
        kinesis.describe_stream(StreamName=ids["Stream"])


def stored(emulator: Emulator, stream: str) -> list[bytes]:
    """Every record on the stream."""
    kinesis = emulator.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        answer = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**start)["ShardIterator"])
        found += [record["Data"] for record in answer["Records"]]
    return found
