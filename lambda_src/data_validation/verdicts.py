"""Reads a raw object and decides which of its records are valid. No AWS, no clock: only this decides a verdict."""

from collections import Counter
from collections.abc import Sequence
from io import BytesIO

from msgspec import Struct

from market_data import Reason, RejectedRecord, canonical, flags, parse
from market_data.envelope import (
    Oversized,
    RawRecord,
    decode_position,
    decode_raw_line,
    encode_quarantine_line,
    encode_validated_line,
    pack,
    unpack,
)
from pipeline_store.errors import OversizedObject
from pipeline_store.keys import SequenceRange, parse_key
from pipeline_store.limits import MAX_RAW_BYTES, MAX_VERDICT_BYTES


class DamagedObject(Exception):
    """A raw object does not hold the records its key names. The pipeline wrote it, so this is a bug: crash."""


class Part(Struct, frozen=True):
    """Some of an object's records, as they will be stored."""

    sequence_range: SequenceRange
    body: bytes


class Verdict(Struct, frozen=True):
    """An object's records split into valid and rejected. A part without records is None."""

    valid: Part | None
    rejected: Part | None
    counts_by_reason: dict[str, int]

    @property
    def validated_count(self) -> int:
        """How many records are valid."""
        return self.valid.sequence_range.count if self.valid else 0

    @property
    def rejected_count(self) -> int:
        """How many records are rejected."""
        return self.rejected.sequence_range.count if self.rejected else 0


def read_records(key: str, body: bytes) -> list[RawRecord]:
    """The records of a raw object: exactly those its key names. Raises DamagedObject, and OversizedObject.

    Whatever the body is, no more is decompressed than the largest raw object has, and no more lines are read than the
    key names.
    """
    promised = parse_key(key).sequence_range
    records: list[RawRecord] = []
    try:
        for line in unpack(BytesIO(body), MAX_RAW_BYTES):
            records.append(decode_raw_line(line))
            if len(records) > promised.count:
                break
    except Oversized as error:
        raise OversizedObject(f"{key} {error}") from None
    shards = {record.shard for record in records}
    if shards != {promised.shard} or SequenceRange.of(promised.shard, (record.seq for record in records)) != promised:
        raise DamagedObject(f"{key} does not hold the records its key names")
    return records


def judge(records: Sequence[RawRecord], feed: str, allow_nonpositive: frozenset[str]) -> Verdict:
    """Validate each record of an object of this feed against the contract."""
    valid: list[tuple[str, bytes]] = []
    rejected: list[tuple[str, bytes]] = []
    reasons: Counter[str] = Counter()
    for raw in records:
        try:
            record = parse(raw.data, allow_nonpositive=allow_nonpositive)
            if record.__struct_config__.tag != feed:
                # The object waited while a release with a new feed was deployed. Its partition would be of no table.
                raise RejectedRecord(Reason.UNKNOWN_FEED, f"the feed was not known when it was stored under {feed}")
        except RejectedRecord as error:
            reasons[error.reason.value] += 1
            line = encode_quarantine_line(
                raw.shard, raw.seq, raw.key, raw.arrival_ms, raw.data, reason=error.reason, detail=error.detail
            )
            rejected.append((raw.seq, line))
        else:
            marks = flags(record, raw.arrival_ns)
            valid.append((raw.seq, encode_validated_line(raw.shard, raw.seq, raw.arrival_ms, marks, canonical(record))))
    shard = records[0].shard
    return Verdict(valid=_part(shard, valid), rejected=_part(shard, rejected), counts_by_reason=dict(reasons))


def sequences_in(body: bytes) -> set[str]:
    """The sequence numbers in a validated or rejected object."""
    return {decode_position(line)[1] for line in unpack(BytesIO(body), MAX_VERDICT_BYTES)}


def has_lines_of(body: bytes, part: Part) -> bool:
    """Whether the object has the lines of the part. Its bytes may differ: zlib's builds compress differently."""
    expected = list(unpack(BytesIO(part.body)))
    try:
        return list(unpack(BytesIO(body), sum(map(len, expected)))) == expected
    except Oversized:
        return False


def _part(shard: str, lines: Sequence[tuple[str, bytes]]) -> Part | None:
    if not lines:
        return None
    return Part(sequence_range=SequenceRange.of(shard, (seq for seq, _ in lines)), body=pack(line for _, line in lines))
