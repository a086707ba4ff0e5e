"""What people do: the runbook's remedies, and what the runbook is for."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random

from . import lines
from .deployed import CONSUMER
from .pollers import Invoke, Outcome, StreamPoller, kinesis_event
from .process import Process
from .state import rows
from .world import CRASHES, FAILED, PROCESSED, VALIDATION, Rules, World


class People:
    """Operators."""

    def __init__(self, world: World, invoke: Invoke, poller: StreamPoller, digest: Callable[[Rules], str]) -> None:
        self._world, self._invoke, self._poller, self._digest = world, invoke, poller, digest
        #: Validated objects that were deleted or damaged and are not made again yet.
        self.damaged: set[str] = set()
        #: Remedies that had something to remedy.
        self.remedies: Counter[str] = Counter()

    def redrive_failed(self) -> None:
        """Invoke the consumer with the payload of an on-failure object; delete the object when that has succeeded."""
        for key, body in list(self._world.s3.under(FAILED, "aws/lambda/"))[:1]:
            event = json.loads(json.loads(body)["payload"])
            self.remedies["a failed batch is redriven"] += 1
            self._invoke(CONSUMER, event, self._if_stored(lambda key=key: self._world.s3.remove(FAILED, key)))  # type: ignore[misc]

    def read_dropped(self) -> None:
        """Read records whose on-failure record was lost from the stream, by their numbers, and invoke the consumer."""
        if self._poller.dropped:
            batch = self._poller.dropped[0]
            self.remedies["a dropped batch is read from the stream"] += 1
            done = self._if_stored(lambda: self._poller.dropped.remove(batch))
            self._invoke(CONSUMER, kinesis_event(batch.records), done)

    @staticmethod
    def _if_stored(do: Callable[[], object]) -> Callable[[Process, Outcome], None]:
        def then(process: Process, outcome: Outcome) -> None:
            if outcome.answer is not None and not outcome.answer["batchItemFailures"]:
                do()

        return then

    def redrive_dead_letters(self) -> None:
        """Start a message move task."""
        for message in list(self._world.sqs.queues.get(CRASHES, ())):
            self._world.sqs.move(CRASHES, VALIDATION, message)
            self.remedies["a dead letter is redriven"] += 1

    def validate_again(self) -> None:
        """Send the event of each raw object whose row still waits for the validator; and of each whose verdict is gone.

        A lost event leaves such a row.
        """
        named = {json.loads(message.body)["Records"][0]["s3"]["object"]["key"] for message in self._messages()}
        for row in rows(self._world):
            raw_key = row["JobId"]["S"]
            if raw_key in named:
                continue
            wanted = row.get("ValidatedKey", {}).get("S")
            if row.get("Status", {}).get("S") == "INGESTED" or (
                wanted is not None and self._world.s3.body(PROCESSED, wanted) is None
            ):
                self._world.notify(raw_key)
                self.remedies["an object is validated again"] += 1

    def deploy_the_rules_of_what_is_missing(self) -> None:
        """A verdict that accepted more than today's rules do can only be made again under its own."""
        for row in rows(self._world):
            wanted = row.get("ValidatedKey", {}).get("S")
            if wanted is not None and self._world.s3.body(PROCESSED, wanted) is None:
                found = [each for each in self._world.deployed if self._digest(each) == row["Rules"]["S"]]
                self._world.rules = found[0]
                self.remedies["the rules of a lost verdict are deployed"] += 1
                return

    def _messages(self) -> list:  # type: ignore[type-arg]
        return self._world.sqs.queues.get(VALIDATION, [])

    def delete_validated(self, random: Random) -> None:
        """Somebody deletes a validated object."""
        if keys := self._named():
            key = random.choice(keys)
            self._world.s3.remove(PROCESSED, key)
            self.damaged.add(key)

    def damage_validated(self, random: Random) -> None:
        """A validated object cannot be read any more."""
        if keys := self._named():
            key = random.choice(keys)
            body = self._world.s3.body(PROCESSED, key) or b""
            self._world.s3.write(PROCESSED, key, random.choice([body[: len(body) // 2], b"", b"no gzip"]))
            self.damaged.add(key)

    def delete_damaged(self) -> None:
        """Delete what cannot be read, so that it can be made again."""
        named = self._named()
        for key in sorted(self.damaged):
            body = self._world.s3.body(PROCESSED, key)
            if key not in named or lines.positions(body) is not None:
                self.damaged.remove(key)
            elif body is not None:
                self._world.s3.remove(PROCESSED, key)
                self.remedies["an unreadable object is deleted"] += 1

    def _named(self) -> list[str]:
        return sorted(row["ValidatedKey"]["S"] for row in rows(self._world) if "ValidatedKey" in row)


def folder_marker(world: World, random: Random) -> None:
    """The console's "create folder" leaves an empty object."""
    keys = sorted(key for key, _ in world.s3.under(PROCESSED, "validated/"))
    if keys:
        world.s3.write(PROCESSED, random.choice(keys).rpartition("/")[0] + "/", b"")
