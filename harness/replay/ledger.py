"""The producer's ledger of records put on the stream, independent of the pipeline."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from harness.replay.errors import ReplayError
from harness.replay.source_records import Source, SourceRecord

DIGEST_BYTES = 16


class Position(NamedTuple):
    """A record's stream position, which identifies it."""

    shard: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as put: its position, its source, and the expected outcome."""

    position: Position
    feed: str
    expected_reason: str | None
    source: Source
    line: int
    digest: bytes


def digest_of(raw: bytes) -> bytes:
    """A 16-byte digest of a record."""
    return blake2b(raw, digest_size=DIGEST_BYTES).digest()


class Ledger:
    """Every record the stream has accepted, in order, stored by column: a million take about 100 MB."""

    def __init__(self) -> None:
        self.batches = 0
        self.bytes = 0
        self.retried = 0
        # A number needs half the memory of a string. Its length is stored too, to keep leading zeros.
        self._sequences: list[int] = []
        self._lengths = array("B")
        self._shards = _Names()
        self._feeds = _Names()
        self._reasons = _Names()
        self._sources: dict[int, Source] = {}
        self._source = array("I")
        self._line = array("Q")
        self._digests = bytearray()
        self._distinct: dict[str, int] | None = None

    def add(self, item: SourceRecord, feed: str, shard: str, sequence: str) -> None:
        """Record that the stream has accepted `item` at this position."""
        self._distinct = None
        self._sequences.append(int(sequence))
        self._lengths.append(len(sequence))
        self._shards.append(shard)
        self._feeds.append(feed)
        self._reasons.append(item.expected_reason)
        self._sources[item.source.index] = item.source
        self._source.append(item.source.index)
        self._line.append(item.line)
        self._digests += digest_of(item.raw)
        self.bytes += len(item.raw)

    def __len__(self) -> int:
        """Number of records the stream has accepted; `records_in` counts positions."""
        return len(self._sequences)

    def __iter__(self) -> Iterator[Entry]:
        return map(self._entry, range(len(self)))

    @property
    def records_in(self) -> int:
        """Number of distinct positions, which the pipeline must account for."""
        return sum(self.records_by_feed.values())

    @property
    def records_by_feed(self) -> dict[str, int]:
        """Distinct positions by feed. If a stream returns a position twice, it has kept only one of the records."""
        if self._distinct is None:
            seen: dict[int, set[int]] = {}
            counts: Counter[str] = Counter()
            for row, (shard, sequence) in enumerate(zip(self._shards.codes, self._sequences, strict=True)):
                taken = seen.setdefault(shard, set())
                if sequence not in taken:
                    taken.add(sequence)
                    counts[self._feeds[row] or ""] += 1
            self._distinct = dict(counts)
        return dict(self._distinct)

    @property
    def expected_reasons(self) -> Counter[str]:
        """Expected rejections by reason, as far as the generator knows."""
        return Counter({reason: count for reason, count in self._reasons.counts().items() if reason is not None})

    def positions(self) -> Iterator[Position]:
        """The position of every record, in the order put."""
        return map(self._position, range(len(self)))

    def index(self) -> dict[Position, Entry]:
        """Every entry by its position. Ten times the ledger's size, so only for feeds of ordinary length."""
        return {entry.position: entry for entry in self}

    def _position(self, row: int) -> Position:
        return Position(self._shards[row] or "", str(self._sequences[row]).zfill(self._lengths[row]))

    def _entry(self, row: int) -> Entry:
        start = row * DIGEST_BYTES
        return Entry(
            position=self._position(row),
            feed=self._feeds[row] or "",
            expected_reason=self._reasons[row],
            source=self._sources[self._source[row]],
            line=self._line[row],
            digest=bytes(self._digests[start : start + DIGEST_BYTES]),
        )


class _Names:
    """A column of few distinct values: one or two bytes per row."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.codes = array("H")
        self._code_of: dict[str | None, int] = {}

    def append(self, name: str | None) -> None:
        code = self._code_of.get(name)
        if code is None:
            if len(self.names) == 2**16:
                raise ReplayError("more than 65,536 shards")
            code = self._code_of[name] = len(self.names)
            self.names.append(name)
        self.codes.append(code)

    def __getitem__(self, row: int) -> str | None:
        return self.names[self.codes[row]]

    def counts(self) -> dict[str | None, int]:
        return {self.names[code]: count for code, count in Counter(self.codes).items()}
