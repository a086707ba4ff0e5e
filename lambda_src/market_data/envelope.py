"""The lines of the stored objects, and the objects: what surrounds a record's bytes, which stay as they are."""

import binascii
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, BinaryIO, Final

import msgspec

VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: In the head every quote of a value is escaped, so this cannot stand in it: the first one is the real one.
_DATA: Final = b',"data":'


class EnvelopeError(ValueError):
    """A line that we wrote ourselves cannot be read: a defect of ours, not of the record's."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it arrived. (shard, seq) is its position, and all that identifies it."""

    shard: str
    seq: str
    key: str
    arrival_ms: int
    data: bytes

    @property
    def position(self) -> tuple[str, str]:
        """What identifies the record, whatever its content."""
        return self.shard, self.seq

    @property
    def arrival_ns(self) -> int:
        """Arrival time in nanoseconds since the epoch; Kinesis knows it to the millisecond."""
        return self.arrival_ms * 1_000_000


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A refused record: its bytes as they arrived, the reason's code, and the detail for a person."""

    record: RawRecord
    reason: str
    detail: str


class _Head(msgspec.Struct, gc=False):
    v: int
    shard: str
    seq: str
    key: str
    arrival: str


class _Encoded(_Head, gc=False):
    data_base64: str


class _Quarantined(_Encoded, gc=False):
    reason: str
    detail: str


_HEAD: Final = msgspec.json.Decoder(_Head)
_ENCODED: Final = msgspec.json.Decoder(_Encoded)
_QUARANTINED: Final = msgspec.json.Decoder(_Quarantined)


def milliseconds(arrival_timestamp: float) -> int:
    """Turn Kinesis' `approximateArrivalTimestamp` into whole milliseconds.

    It comes as a float of seconds that holds three decimals. Rounding once, here, gives back exactly those: a double
    has room for milliseconds until long after the year 9999.
    """
    return round(arrival_timestamp * 1000)


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def arrival_text(arrival_ms: int) -> str:
    """An arrival time as it is written in every line: 2026-11-22T22:04:46.123Z."""
    seconds, rest = divmod(arrival_ms, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


def _arrival_ms(text: str) -> int:
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, TypeError) as error:  # TypeError: a time without a zone
        raise EnvelopeError(f"arrival {text!r}: {error}") from None


def _head(shard: str, seq: str, key: str, arrival_ms: int) -> bytes:
    arrival = arrival_text(arrival_ms)
    return f'{{"v":1,"shard":{quoted(shard)},"seq":{quoted(seq)},"key":{quoted(key)},"arrival":"{arrival}"'.encode()


def encode_raw_line(shard: str, seq: str, key: str, arrival_ms: int, data: bytes) -> bytes:
    r"""One line of a raw object, newline included. `data` has passed `feed_of`, and is spliced in, never re-encoded.

    Where it holds a line break (JSON allows them between tokens) it is stored as base64, so that a line stays a line.
    """
    head = _head(shard, seq, key, arrival_ms)
    if b"\n" in data or b"\r" in data:
        return head + b',"data_base64":"' + binascii.b2a_base64(data, newline=False) + b'"}\n'
    return head + _DATA + data + b"}\n"


def decode_raw_line(line: bytes) -> RawRecord:
    """Read a line of a raw object back, its data byte for byte; EnvelopeError if we did not write it."""
    line = line.removesuffix(b"\n")
    head, found, rest = line.partition(_DATA)
    if found and rest.endswith(b"}"):
        # Cut out, not parsed: whatever the bytes are, they come back as they went in.
        fields, data = _decoded(_HEAD, head + b"}"), rest[:-1]
    else:
        fields = _decoded(_ENCODED, line)
        data = _from_base64(fields.data_base64)
    return RawRecord(fields.shard, fields.seq, fields.key, _arrival_ms(fields.arrival), data)


def encode_quarantine_line(
    shard: str, seq: str, key: str, arrival_ms: int, data: bytes, *, reason: str, detail: str
) -> bytes:
    """One line of a quarantine object, newline included. The bytes may be anything, so they are always base64."""
    why = f',"reason":{quoted(str(reason))},"detail":{quoted(detail)},"data_base64":"'.encode()
    return _head(shard, seq, key, arrival_ms) + why + binascii.b2a_base64(data, newline=False) + b'"}\n'


def decode_quarantine_line(line: bytes) -> QuarantinedRecord:
    """Read a line of a quarantine object back; EnvelopeError if we did not write it."""
    fields = _decoded(_QUARANTINED, line)
    data = _from_base64(fields.data_base64)
    record = RawRecord(fields.shard, fields.seq, fields.key, _arrival_ms(fields.arrival), data)
    return QuarantinedRecord(record, fields.reason, fields.detail)


def encode_validated_line(shard: str, seq: str, arrival_ms: int, flags: Iterable[str], record: bytes) -> bytes:
    """One line of a validated object, newline included. `record` is what `canonical` wrote."""
    marks = ",".join(map(quoted, flags))
    head = (
        f'{{"v":1,"shard":{quoted(shard)},"seq":{quoted(seq)},"arrival":"{arrival_text(arrival_ms)}",'
        f'"arrival_ns":{arrival_ms * 1_000_000},"flags":[{marks}],"record":'
    )
    return head.encode() + record + b"}\n"


def pack(lines: Iterable[bytes]) -> bytes:
    """Gzip lines into an object: level 1, because level 6 would be three quarters of all CPU; no time, no name."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*map(packer.compress, lines), packer.flush()])


def unpack(stream: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a gzipped object one by one, without holding them all."""
    with gzip.open(stream) as lines:
        yield from lines


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        fields = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnvelopeError(f"{error}: {line[:200]!r}") from None
    if fields.v != VERSION:
        raise EnvelopeError(f"version {fields.v}, not {VERSION}")
    return fields


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error is one; so is what says that a text is not ASCII
        raise EnvelopeError(str(error)) from None
