"""Lambda's pollers, by AWS's documented rules: of the stream, with retries and halves, and of the queue.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .aws.sqs import Message
from .deployed import CONSUMER, VALIDATOR
from .process import Process
from .stream import Position, Shard, StreamRecord
from .world import CRASHES, FAILED, VALIDATION, World

#: The template's `MaximumRecordAgeInSeconds`, and smaller numbers for what it has in thousands.
MAXIMUM_AGE_SECONDS = 432_000
MAXIMUM_RETRIES = 2
MAXIMUM_RECEIVES = 3
VISIBILITY_SECONDS = 720
TIMEOUT_SECONDS = 120
#: For the 6 MB of an invocation's payload.
PAYLOAD_BYTES = 6_000
POLLER = "poller"


class Outcome(NamedTuple):
    """How an invocation ended: with an answer, or with a function error."""

    answer: dict[str, Any] | None


#: Invokes a function in a process of its own, and then calls what is to be done with the outcome.
Invoke = Callable[[str, dict[str, Any], Callable[[Process, Outcome], None]], None]
#: Makes a call in a process of its own; False if it failed.
Try = Callable[[str, Callable[[], None]], bool]


@dataclass
class Batch:
    """Records that are delivered together."""

    records: list[StreamRecord]
    retries: int = 0
    #: Whether an invocation with its records has come to an end by itself.
    was_answered: bool = False


@dataclass
class Reader:
    """How far a mapping has read a shard."""

    shard: Shard
    next: int = 0
    waiting: list[Batch] = field(default_factory=list)
    busy: bool = False

    @property
    def drained(self) -> bool:
        """Whether it has nothing to deliver."""
        return not (self.busy or self.waiting) and self.next >= len(self.shard.records)


class StreamPoller:
    """The event source mapping of the stream."""

    def __init__(self, world: World, invoke: Invoke, attempt: Try) -> None:
        self._world, self._invoke, self._attempt = world, invoke, attempt
        self.readers: dict[str, Reader] = {}
        #: Batches whose on-failure record could not be written: the alarm DroppedEventCount.
        self.dropped: list[Batch] = []
        self._given_up = 0

    def ready(self) -> list[Reader]:
        """The shards that have something to deliver. A shard waits until its parents are read."""
        for shard_id, shard in self._world.stream.shards.items():
            self.readers.setdefault(shard_id, Reader(shard))
        return [
            reader
            for reader in self.readers.values()
            if not reader.busy
            and not reader.drained
            and all(self.readers[parent].drained for parent in reader.shard.parents)
        ]

    @property
    def drained(self) -> bool:
        """Whether everything has been delivered."""
        self.ready()
        return all(reader.drained for reader in self.readers.values())

    def restart(self) -> None:
        """The mapping is created again, and begins at the oldest record."""
        self.readers = {
            shard_id: Reader(shard, next=shard.oldest) for shard_id, shard in self._world.stream.shards.items()
        }

    def undelivered(self) -> set[Position]:
        """Records that it will still deliver, or that it has dropped and that the stream still has."""
        self.ready()
        found = {record.position for batch in self.dropped for record in batch.records}
        for reader in self.readers.values():
            for records in (reader.shard.records[reader.next :], *(batch.records for batch in reader.waiting)):
                found.update(record.position for record in records)
        return found

    def poll(self, reader: Reader, size: int, splits: bool) -> None:
        """Deliver the next batch of a shard."""
        if not reader.waiting:
            reader.next = max(reader.next, reader.shard.oldest)
            records = self._within_payload(reader.shard.records[reader.next : reader.next + size])
            if not records:
                return
            reader.next += len(records)
            reader.waiting.append(Batch(records))
        batch = reader.waiting[0]
        if batch.records[0].arrival < self._world.seconds - MAXIMUM_AGE_SECONDS:
            self._give_up(reader, batch, "RecordAgeExceeded")
            return
        reader.busy = True

        def then(process: Process, outcome: Outcome) -> None:
            reader.busy = False
            self._delivered(reader, batch, outcome, splits, process.dead)

        self._invoke(CONSUMER, kinesis_event(batch.records), then)

    def _within_payload(self, records: list[StreamRecord]) -> list[StreamRecord]:
        size = 0
        for number, record in enumerate(records):
            size += len(record.data)
            if size > PAYLOAD_BYTES and number:
                return records[:number]
        return records

    def _delivered(self, reader: Reader, batch: Batch, outcome: Outcome, splits: bool, died: bool) -> None:
        batch.was_answered |= not died
        failed = self._first_failed(batch, outcome)
        if failed == len(batch.records):
            reader.waiting.pop(0)
            return
        left = batch.records[failed:]
        # AWS does not say whether the rest after a partial answer counts as tried before: it may, or not.
        if len(left) > 1 and splits:
            # Splitting uses no retry.
            middle = len(left) // 2
            reader.waiting[:1] = [
                Batch(half, batch.retries, batch.was_answered) for half in (left[:middle], left[middle:])
            ]
            return
        again = Batch(left, batch.retries + 1, batch.was_answered)
        reader.waiting[0] = again
        if again.retries > MAXIMUM_RETRIES:
            self._give_up(reader, again, "RetryAttemptsExhausted")

    @staticmethod
    def _first_failed(batch: Batch, outcome: Outcome) -> int:
        """Lambda takes the lowest sequence number returned as the checkpoint."""
        if outcome.answer is None:
            return 0
        failures = {failure["itemIdentifier"] for failure in outcome.answer["batchItemFailures"]}
        numbers = [number for number, record in enumerate(batch.records) if record.position.seq in failures]
        # An unknown number fails the whole batch.
        return min(numbers) if numbers else (0 if failures else len(batch.records))

    def _give_up(self, reader: Reader, batch: Batch, condition: str) -> None:
        """Write the on-failure record, and go on."""
        reader.waiting.pop(0)
        self._given_up += 1
        key = f"aws/lambda/mapping/{reader.shard.shard_id}/2026/11/22/{self._given_up}"
        record = {
            "requestContext": {"condition": condition, "approximateInvokeCount": batch.retries},
            "KinesisBatchInfo": {
                "shardId": reader.shard.shard_id,
                "startSequenceNumber": batch.records[0].position.seq,
                "endSequenceNumber": batch.records[-1].position.seq,
                "batchSize": len(batch.records),
            },
            "payload": json.dumps(kinesis_event(batch.records)),
        }
        body = json.dumps(record).encode()
        if not self._attempt(POLLER, lambda: self._put(key, body)):
            self.dropped.append(batch)

    def _put(self, key: str, body: bytes) -> None:
        self._world.clients["s3"].put_object(Bucket=FAILED, Key=key, Body=body)


def kinesis_event(records: list[StreamRecord]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
    return {
        "Records": [
            {
                "kinesis": {
                    "partitionKey": "key",
                    "sequenceNumber": record.position.seq,
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrival_ms / 1000,
                },
                "eventSource": "aws:kinesis",
                "eventID": f"{record.position.shard}:{record.position.seq}",
            }
            for record in records
        ]
    }


class QueuePoller:
    """The event source mapping of the validation queue."""

    def __init__(self, world: World, invoke: Invoke, attempt: Try) -> None:
        self._world, self._invoke, self._attempt = world, invoke, attempt
        #: Messages that the function has answered for since the invariants were last judged.
        self.answered: list[Message] = []

    def poll(self, messages: list[Message]) -> None:
        """Deliver these messages."""
        sqs, now = self._world.sqs, self._world.seconds
        taken = []
        for message in messages:
            if message.receives >= MAXIMUM_RECEIVES:
                sqs.move(VALIDATION, CRASHES, message)
                continue
            message.receives += 1
            message.visible_at = now + VISIBILITY_SECONDS
            taken.append(message)
        if not taken:
            return

        def then(process: Process, outcome: Outcome) -> None:
            if outcome.answer is None:
                return
            failed = {failure["itemIdentifier"] for failure in outcome.answer["batchItemFailures"]}
            for message in taken:
                if message.message_id not in failed:
                    self.answered.append(message)
                    # If it fails, the message is delivered again.
                    self._attempt(POLLER, lambda message=message: self._delete(message))  # type: ignore[misc]

        self._invoke(VALIDATOR, sqs_event(taken), then)

    def _delete(self, message: Message) -> None:
        self._world.calls("sqs:delete_message", self._world.sqs.delete, VALIDATION, message)


def sqs_event(messages: list[Message]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {"Records": [{"messageId": message.message_id, "body": message.body} for message in messages]}
