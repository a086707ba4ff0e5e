"""The format of stored objects: gzipped lines of JSON around a record's unchanged bytes."""

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
#: Quotes in the head's values are escaped, so the first occurrence ends the head.
_DATA: Final = b',"data":'


class EnvelopeError(ValueError):
    """A stored line cannot be read: a bug of the pipeline, not a bad record."""


class Oversized(EnvelopeError):
    """An object expands to more than any that the pipeline writes."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it arrived. Only its position, (shard, seq), identifies it."""

    shard: str
    seq: str
    key: str
    arrival_ms: int
    data: bytes

    @property
    def position(self) -> tuple[str, str]:
        """Shard and sequence number, which identify the record."""
        return self.shard, self.seq

    @property
    def arrival_ns(self) -> int:
        """Arrival time in nanoseconds since the epoch, exact to the millisecond."""
        return self.arrival_ms * 1_000_000


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A rejected record: its bytes as they arrived, the reason code, and a detail for people."""

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


class _Position(msgspec.Struct, gc=False):
    v: int
    shard: str
    seq: str


_POSITION: Final = msgspec.json.Decoder(_Position)
_HEAD: Final = msgspec.json.Decoder(_Head)
_ENCODED: Final = msgspec.json.Decoder(_Encoded)
_QUARANTINED: Final = msgspec.json.Decoder(_Quarantined)


def milliseconds(arrival_timestamp: float) -> int:
    """Convert Kinesis's `approximateArrivalTimestamp`, a float of seconds, to whole milliseconds.

    It has three decimals, and a double holds milliseconds exactly until long after the year 9999.
    """
    return round(arrival_timestamp * 1000)


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def arrival_text(arrival_ms: int) -> str:
    """An arrival time as written in every line: 2026-11-22T22:04:46.123Z."""
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
    r"""One line of a raw object, newline included. `data` has passed `feed_of` and is inserted unchanged.

    Data with line breaks, which JSON allows between tokens, is stored as base64.
    """
    head = _head(shard, seq, key, arrival_ms)
    if b"\n" in data or b"\r" in data:
        return head + b',"data_base64":"' + binascii.b2a_base64(data, newline=False) + b'"}\n'
    return head + _DATA + data + b"}\n"


def decode_raw_line(line: bytes) -> RawRecord:
    """Read a line of a raw object, its data byte for byte. Raises EnvelopeError for other lines."""
    line = line.removesuffix(b"\n")
    head, found, rest = line.partition(_DATA)
    if found and rest.endswith(b"}"):
        # Sliced, not parsed, so the bytes are unchanged.
        fields, data = _decoded(_HEAD, head + b"}"), rest[:-1]
    else:
        fields = _decoded(_ENCODED, line)
        data = _from_base64(fields.data_base64)
    return RawRecord(fields.shard, fields.seq, fields.key, _arrival_ms(fields.arrival), data)


def encode_quarantine_line(
    shard: str, seq: str, key: str, arrival_ms: int, data: bytes, *, reason: str, detail: str
) -> bytes:
    """One line of a quarantine object, newline included. The data can be any bytes, so it is always base64."""
    why = f',"reason":{quoted(str(reason))},"detail":{quoted(detail)},"data_base64":"'.encode()
    return _head(shard, seq, key, arrival_ms) + why + binascii.b2a_base64(data, newline=False) + b'"}\n'


def decode_quarantine_line(line: bytes) -> QuarantinedRecord:
    """Read a line of a quarantine object. Raises EnvelopeError for other lines."""
    fields = _decoded(_QUARANTINED, line)
    data = _from_base64(fields.data_base64)
    record = RawRecord(fields.shard, fields.seq, fields.key, _arrival_ms(fields.arrival), data)
    return QuarantinedRecord(record, fields.reason, fields.detail)


def encode_validated_line(shard: str, seq: str, arrival_ms: int, flags: Iterable[str], record: bytes) -> bytes:
    """One line of a validated object, newline included. `record` is the output of `canonical`."""
    marks = ",".join(map(quoted, flags))
    head = (
        f'{{"v":1,"shard":{quoted(shard)},"seq":{quoted(seq)},"arrival":"{arrival_text(arrival_ms)}",'
        f'"arrival_ns":{arrival_ms * 1_000_000},"flags":[{marks}],"record":'
    )
    return head.encode() + record + b"}\n"


def decode_position(line: bytes) -> tuple[str, str]:
    """Shard and sequence number of a line of any object. Raises EnvelopeError for other lines."""
    fields = _decoded(_POSITION, line)
    return fields.shard, fields.seq


def pack(lines: Iterable[bytes]) -> bytes:
    """Gzip lines into an object. Level 1: level 6 would take three quarters of all CPU time. No time, no file name."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*map(packer.compress, lines), packer.flush()])


def unpack(stream: BinaryIO, limit: int | None = None) -> Iterator[bytes]:
    """Yield the lines of a gzipped object without holding all of them in memory.

    Raises Oversized as soon as they are longer than `limit` together, so that neither many lines nor an endless one can
    use up the memory.
    """
    with gzip.open(stream) as lines:
        if limit is None:
            yield from lines
            return
        remaining = limit
        while line := lines.readline(remaining + 1):
            remaining -= len(line)
            if remaining < 0:
                raise Oversized(f"expands to more than {limit:,} bytes")
            yield line


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        fields = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnvelopeError(f"{error}: {line[:200]!r}") from None
    if fields.v != VERSION:
        raise EnvelopeError(f"version {fields.v} is not {VERSION}")
    return fields


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # includes binascii.Error, and non-ASCII text
        raise EnvelopeError(str(error)) from None
