"""The stream: shards that are split and merged, and records that expire."""

from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

#: The template's `RetentionPeriodHours`.
RETENTION_SECONDS = 7 * 86_400
#: Sequence numbers have 56 digits.
_FIRST_SEQUENCE = 49_650_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_003


class Position(NamedTuple):
    """Shard and sequence number, which identify a record."""

    shard: str
    seq: str


class StreamRecord(NamedTuple):
    """A record on the stream."""

    position: Position
    arrival_ms: int
    data: bytes

    @property
    def arrival(self) -> float:
        """In seconds."""
        return self.arrival_ms / 1000


@dataclass
class Shard:
    """A shard: what was put on it, and from where on it still has it."""

    shard_id: str
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[StreamRecord] = field(default_factory=list)
    #: Records before this one have expired.
    oldest: int = 0


class Stream:
    """Shards by id, in order of their creation."""

    def __init__(self, shards: int) -> None:
        self.shards: dict[str, Shard] = {}
        self._put = 0
        for _ in range(shards):
            self._open(())

    def put(self, random: Random, data: bytes, arrival_ms: int) -> StreamRecord:
        """PutRecord: on one of the open shards."""
        shard = random.choice([shard for shard in self.shards.values() if not shard.closed])
        # Sequence numbers rise, and are not consecutive.
        self._put += 1 + random.randrange(3)
        record = StreamRecord(Position(shard.shard_id, str(_FIRST_SEQUENCE + self._put)), arrival_ms, data)
        shard.records.append(record)
        return record

    def reshard(self, random: Random) -> None:
        """Split a shard, or merge two."""
        open_shards = [shard for shard in self.shards.values() if not shard.closed]
        parents = random.sample(
            open_shards, 2 if len(open_shards) > 2 or (len(open_shards) > 1 and random.random() < 0.3) else 1
        )
        for parent in parents:
            parent.closed = True
        for _ in range(3 - len(parents)):
            self._open(tuple(parent.shard_id for parent in parents))

    def expire(self, now: float) -> None:
        """Drop what is older than the retention period."""
        for shard in self.shards.values():
            while shard.oldest < len(shard.records) and shard.records[shard.oldest].arrival < now - RETENTION_SECONDS:
                shard.oldest += 1

    def _open(self, parents: tuple[str, ...]) -> None:
        shard_id = f"shardId-{len(self.shards):012}"
        self.shards[shard_id] = Shard(shard_id, parents)
