"""Objects that the consumer did not write: whatever they are, they cost no more than the largest that it can write."""

import json
import time
import tracemalloc
import zlib
from io import BytesIO

import pytest

from data_validation.core import UnrepeatableVerdict
from data_validation.verdicts import DamagedObject, judge, read_records
from kinesis_consumer.core import batch_objects
from kinesis_consumer.events import StreamRecord
from market_data.envelope import EnvelopeError, unpack
from pipeline_store.errors import OversizedObject
from pipeline_store.limits import MAX_RAW_BYTES, MAX_RECORDS, MAX_VERDICT_BYTES
from tests.unit.data_validation.notifications import created, raw_object
from tests.unit.data_validation.test_validation_core import Bench
from tests.unit.kinesis_consumer.stream import ARRIVAL_MS, SHARD, TRADE, kinesis_event, message

EVENT_BYTES = 6 * 2**20
KEY, LEGAL = raw_object([message(1, TRADE)])
LINE = next(unpack(BytesIO(LEGAL)))


def bomb(content: bytes, times: int) -> bytes:
    """A gzipped object that holds the content as often, made without ever expanding it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    # After a full flush nothing refers back, so the same bytes again are the same block again.
    first, again = (packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (times - 1) + b"\x03\x00" + bytes(8)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b" " * 2**20, OversizedObject, id="a-line-without-end"),
        pytest.param(b"\n" * 2**20, EnvelopeError, id="lines-of-nothing"),
        pytest.param((LINE * 2**13)[: 2**20 // len(LINE) * len(LINE)], DamagedObject, id="one-record-again-and-again"),
    ],
)
def test_memory_does_not_grow_with_what_an_object_expands_to(content: bytes, error: type[Exception]) -> None:
    """A gigabyte of spaces is a megabyte in S3; it would kill the function twenty times, and say nothing."""
    peaks, seconds = [], []
    for size in (100 * 2**20, 2**30):
        bench, body = Bench(), bomb(content, size // len(content))
        bench.raw.kept[KEY] = body
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(error):
            bench.deliver(created(KEY))
        seconds.append(time.process_time() - began)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] <= 1.2 * peaks[0]
    assert peaks[1] < 5 * MAX_RAW_BYTES
    assert seconds[1] < 5


def test_an_object_that_does_not_compress_is_not_read() -> None:
    bench = Bench()
    bench.raw.kept[KEY] = bytes(MAX_RAW_BYTES + 1)
    with pytest.raises(OversizedObject):
        bench.deliver(created(KEY))


def test_a_key_that_names_more_than_a_batch_is_not_read() -> None:
    """The lines are counted against the key, so the key must not promise any number."""
    bench = Bench()
    with pytest.raises(OversizedObject, match="10,000"):
        bench.deliver(created(KEY.replace("-1-", f"-{MAX_RECORDS + 1}-")))

    assert bench.world.calls == []


def test_a_verdict_that_was_blown_up_is_not_taken_for_ours() -> None:
    bench = Bench()
    key = bench.ingest(TRADE)
    bench.deliver(created(key))
    ((verdict, body),) = bench.processed.kept.items()
    bench.jobs.rows.clear()
    bench.processed.kept[verdict] = bomb(next(unpack(BytesIO(body))) * 2**12, 2**8)
    with pytest.raises(UnrepeatableVerdict):
        bench.deliver(created(key))


# ------------------------------------------------------------------------ and the largest that it can write ----


def test_no_batch_makes_an_object_that_the_validator_refuses() -> None:
    """Nothing but a partition key takes more room in a line than in the event, and none more than this one."""
    key = "\N{GRINNING FACE}" * 256
    record = StreamRecord(SHARD, message(0).sequence, key, ARRIVAL_MS, b"1")
    size = len(json.dumps(kinesis_event([record]), ensure_ascii=False).encode())
    batch = [StreamRecord(SHARD, message(n).sequence, key, ARRIVAL_MS, b"1") for n in range(EVENT_BYTES // size)]
    (batch_object,) = batch_objects(batch)
    lines = list(unpack(BytesIO(batch_object.body)))

    assert EVENT_BYTES < sum(map(len, lines)) < MAX_RAW_BYTES
    assert len(read_records(batch_object.key, batch_object.body)) == len(batch)


@pytest.mark.parametrize("verdict_on", ["numbers", "reason"])
def test_no_record_makes_a_verdict_that_nobody_reads(verdict_on: str) -> None:
    """The shortest numbers that become the longest without an exponent, and the longest reason for a rejection."""
    level = b'{"price":1e-30,"volume":1e-30}'
    book = (
        b'{"type":"order_book","symbol":"S","exchange":"X","timestamp":"2026-11-22T22:04:46Z","book":"L2",'
        b'"event":"update","bids":[' + b",".join([level] * 1_000) + b'],"asks":[]}'
    )
    unknown = '{"type":"trade","😀":1}'.replace("😀", "😀" * 64).encode()
    key, body = raw_object([message(1, book if verdict_on == "numbers" else unknown)])
    feed = "order_book" if verdict_on == "numbers" else "trade"
    verdict = judge(read_records(key, body), feed, frozenset())
    part = verdict.valid if verdict_on == "numbers" else verdict.rejected

    assert part
    expanded = [sum(map(len, unpack(BytesIO(each)))) for each in (body, part.body)]
    assert 2 < expanded[1] / expanded[0] < MAX_VERDICT_BYTES / MAX_RAW_BYTES
