"""The stored lines: all other parts read records from them."""

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data import Reason
from market_data.envelope import (
    EnvelopeError,
    QuarantinedRecord,
    RawRecord,
    arrival_text,
    decode_quarantine_line,
    decode_raw_line,
    encode_quarantine_line,
    encode_raw_line,
    encode_validated_line,
    milliseconds,
    pack,
    unpack,
)

SHARD = "shardId-000000000003"
SEQ = "49650000000000000000000000000000000000000000000000000001"
ARRIVAL_MS = 1_795_385_086_123
HEAD = (SHARD, SEQ, "IBM", ARRIVAL_MS)


def test_a_raw_line_holds_the_bytes_as_they_are() -> None:
    """Spacing, escapes and digits are evidence; a re-encoded record is a different record."""
    data = b' {"price" : 1.10, "x":"\\u00e9\\/"}'

    assert encode_raw_line(*HEAD, data) == (
        b'{"v":1,"shard":"shardId-000000000003","seq":"' + SEQ.encode() + b'","key":"IBM",'
        b'"arrival":"2026-11-22T22:04:46.123Z","data":' + data + b"}\n"
    )
    assert decode_raw_line(encode_raw_line(*HEAD, data)) == RawRecord(*HEAD, data)


@pytest.mark.parametrize(
    "data", [b'{"a":1,"data":2}', b'{"x":"}","data":{"data":{},"data":[]}}', b" 1 ", b'","data":"']
)
def test_a_record_may_look_like_its_envelope(data: bytes) -> None:
    assert decode_raw_line(encode_raw_line(*HEAD, data)).data == data


@pytest.mark.parametrize("data", [b'{\n"a":1}', b"{}\r", b"\n1\n"])
def test_a_record_with_line_breaks_stays_on_one_line(data: bytes) -> None:
    line = encode_raw_line(*HEAD, data)

    assert line.count(b"\n") == 1
    assert "data" not in json.loads(line)
    assert decode_raw_line(line).data == data


@pytest.mark.parametrize("key", ['","data":1,"x":"', '\\","data":', "\u00e9\u2028\n", "", '"'])
def test_a_partition_key_cannot_pose_as_data(key: str) -> None:
    """Producers choose the partition key; it must not be able to change what is read back."""
    record = RawRecord(SHARD, SEQ, key, ARRIVAL_MS, b'{"a":1}')

    assert decode_raw_line(encode_raw_line(SHARD, SEQ, key, ARRIVAL_MS, b'{"a":1}')) == record
    assert decode_raw_line(encode_raw_line(SHARD, SEQ, key, ARRIVAL_MS, b'{"a":\n1}')).key == key


def test_a_quarantine_line_says_why_and_keeps_the_bytes() -> None:
    line = encode_quarantine_line(*HEAD, b"\xff\n", reason=Reason.NOT_UTF8, detail='byte "0"')

    assert json.loads(line).items() >= {"reason": "not_utf8", "detail": 'byte "0"', "data_base64": "/wo="}.items()
    assert decode_quarantine_line(line) == QuarantinedRecord(RawRecord(*HEAD, b"\xff\n"), "not_utf8", 'byte "0"')


def test_a_validated_line_carries_position_arrival_and_flags() -> None:
    line = encode_validated_line(SHARD, SEQ, ARRIVAL_MS, ["crossed_book"], b'{"type":"trade"}')

    assert json.loads(line) == {
        "v": 1, "shard": SHARD, "seq": SEQ, "arrival": "2026-11-22T22:04:46.123Z",
        "arrival_ns": ARRIVAL_MS * 1_000_000, "flags": ["crossed_book"], "record": {"type": "trade"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"not json",
        encode_raw_line(*HEAD, b"1").replace(b'"v":1', b'"v":2'),
        encode_raw_line(*HEAD, b"1").replace(b'"seq"', b'"sequence"'),
        encode_raw_line(*HEAD, b"1")[:-2],
        encode_raw_line(*HEAD, b"\n1").replace(b"Cj", b"C*"),
        encode_raw_line(*HEAD, b"1").replace(b"2026-11", b"2026-13"),
        pytest.param(
            b'{"v":1,"shard":"s-1","seq":"1","key":"k","arrival":"2026-11-22T22:04:46","reason":"r","detail":"",'
            b'"data_base64":""}',
            id="no zone",
        ),
        pytest.param(
            '{"v":1,"shard":"s-1","seq":"1","key":"k","arrival":"2026-11-22T22:04:46Z","reason":"r","detail":"",'
            '"data_base64":"\u00e9"}'.encode(),
            id="no ASCII",
        ),
        pytest.param(b'{"v":1,"shard":"\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="nested"),
    ],
)
def test_a_line_we_did_not_write_is_an_error_of_ours(line: bytes) -> None:
    """It must crash, not quarantine the record, which is not the cause."""
    with pytest.raises(EnvelopeError):
        decode_raw_line(line)
    with pytest.raises(EnvelopeError):
        decode_quarantine_line(line)


@given(st.integers(0, 253_402_300_799_999))
def test_kinesis_milliseconds_survive_the_float(arrival_ms: int) -> None:
    """The event carries seconds as a float; a millisecond lost there would move records between hours."""
    assert milliseconds(arrival_ms / 1000) == arrival_ms
    assert milliseconds(float(f"{arrival_ms // 1000}.{arrival_ms % 1000:03d}")) == arrival_ms


def test_arrival_is_written_to_the_millisecond() -> None:
    assert arrival_text(ARRIVAL_MS) == "2026-11-22T22:04:46.123Z"
    assert arrival_text(0) == "1970-01-01T00:00:00.000Z"


def test_objects_are_the_same_bytes_each_time() -> None:
    """A retried put of the same records must be the same object."""
    lines = [b'{"a":1}\n', b'{"a":2}\n']
    packed = pack(lines)

    assert packed == pack(iter(lines))
    assert packed[3:8] == bytes(5), "neither a name nor a time"
    assert gzip.decompress(packed) == b"".join(lines)
    assert list(unpack(io.BytesIO(packed))) == lines
