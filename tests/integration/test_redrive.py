"""Batches that the consumer gave up are redriven by the runbook's own commands: none is lost or gets a new position.

So objects may overlap, and the job, which knows records by position, writes each once (tests/glue).
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.emulator.process import Emulator
from kinesis_consumer.events import StreamRecord
from tests.integration.runbook import Shell, one
from tests.integration.runs import raw_records
from tests.integration.stacks import DeployedStack, deploy_template
from tests.unit.kinesis_consumer.stream import TRADE, kinesis_event

pytestmark = pytest.mark.stack

REDRIVE = one("Alarms", "lambda invoke", "s3 rm")
CRASHES = "aws/lambda/mapping/a-crash"


@pytest.fixture
def stack(emulator: Emulator) -> DeployedStack:
    """A pipeline whose mapping reads nothing, with thirty records on the stream."""
    deployed = DeployedStack(emulator, deploy_template(emulator).resources, [])
    emulator.client("lambda").update_event_source_mapping(
        UUID=deployed.resources["KinesisEventSourceMapping"], Enabled=False
    )
    records = [{"Data": TRADE.replace(b"{", b'{"n":%d,' % n, 1), "PartitionKey": f"ключ {n}"} for n in range(30)]
    emulator.client("kinesis").put_records(StreamName=deployed.resources["MarketDataStream"], Records=records)
    return deployed


def on_the_stream(stack: DeployedStack) -> list[StreamRecord]:
    kinesis, name = stack.emulator.client("kinesis"), stack.resources["MarketDataStream"]
    found = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        start = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamName=name, **start)["ShardIterator"]
        found += [
            StreamRecord(
                shard["ShardId"],
                each["SequenceNumber"],
                each["PartitionKey"],
                int(each["ApproximateArrivalTimestamp"].timestamp() * 1000),
                each["Data"],
            )
            for each in kinesis.get_records(ShardIterator=iterator)["Records"]
        ]
    return found


def invoke(stack: DeployedStack, records: Sequence[StreamRecord]) -> None:
    answer = stack.emulator.client("lambda").invoke(
        FunctionName=stack.resources["KinesisConsumerFunction"], Payload=json.dumps(kinesis_event(records))
    )
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}


def give_up(stack: DeployedStack, key: str, payload: str) -> None:
    """What Lambda puts into the on-failure bucket, which MiniStack does not: metadata, and the invocation as text.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html#kinesis-on-failure-destination-example-sns-sqs-s3
    """
    body = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "version": "1.0", "payload": payload}
    bucket = stack.resources["FailedBatchesBucket"]
    stack.emulator.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(body))


def left(stack: DeployedStack) -> list[str]:
    listed = stack.emulator.client("s3").list_objects_v2(Bucket=stack.resources["FailedBatchesBucket"])
    return [each["Key"] for each in listed.get("Contents", [])]


def test_a_redrive_keeps_positions_whatever_was_stored_before(stack: DeployedStack, tmp_path: Path) -> None:
    records = on_the_stream(stack)
    assert len(records) == 30
    by_shard: dict[str, list[StreamRecord]] = {}
    for each in records:
        by_shard.setdefault(each.shard, []).append(each)
    for shard, batch in by_shard.items():
        third = len(batch) // 3
        # Never stored; stored whole before it was given up; stored in part.
        for number, start in enumerate((0, third, 2 * third)):
            part = batch[start : start + third] if number < 2 else batch[start:]
            payload = json.dumps(kinesis_event(part), ensure_ascii=False)
            give_up(stack, f"aws/lambda/mapping/{shard}/2026/12/03/{number}", payload)
            if number:
                invoke(stack, part if number == 1 else part[: len(part) // 2])
    give_up(stack, CRASHES, '{"Records": [{}]}')
    shell = Shell(stack.emulator, tmp_path / "shell")

    told = shell.run(REDRIVE, FAILED=stack.resources["FailedBatchesBucket"])

    assert f"not redriven: {CRASHES}" in told
    assert raw_records(stack) == {(each.shard, each.sequence): each.data for each in records}
    assert left(stack) == [CRASHES]
