"""The outcome of a batch: every record in an object, in a constant number of calls."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from io import BytesIO

import pytest

from market_data.envelope import decode_quarantine_line, unpack
from pipeline_store.errors import RetryableFailure
from pipeline_store.keys import SequenceRange, parse_key
from pipeline_store.rows import JobKey
from pipeline_store.stages import Stage, Transformation
from tests.unit.kinesis_consumer.stream import (
    ARRIVAL_MS,
    HOUR_MS,
    KPL_AGGREGATE,
    MARKET_DEPTH,
    MULTILINE_TRADE,
    NO_JSON,
    NO_UTF8,
    NOW,
    ORDER_BOOK,
    SHARD,
    TRADE,
    UNKNOWN,
    Bench,
    message,
    raw_lines,
)
from tests.unit.pipeline_store.fakes import Killed, World


@pytest.fixture
def bench() -> Bench:
    """A consumer that has processed nothing yet."""
    return Bench()


def feeds_of(bench: Bench) -> list[str | None]:
    return sorted((parse_key(key).feed for key in bench.objects.kept), key=str)


def test_every_message_is_kept_as_it_arrived(bench: Bench) -> None:
    """Raw data is the record: later mistakes can be corrected from it, and a licence audit sees what was sent."""
    sent = [message(n, data) for n, data in enumerate([TRADE, MULTILINE_TRADE, TRADE + b" ", b"[1, 2]", b'"text"'])]
    failures = bench.deliver(sent)

    assert failures == []
    assert bench.stored() == {(record.shard, record.sequence): record.data for record in sent}


def test_a_line_says_where_and_when_its_record_arrived(bench: Bench) -> None:
    """Shard and sequence number identify a record; its arrival time decides its partition permanently."""
    bench.deliver([message(7)])
    ((body,),) = [list(bench.objects.kept.values())]
    (line,) = raw_lines(body)

    assert line.position == (SHARD, message(7).sequence)
    assert (line.key, line.arrival_ms) == ("key-7", ARRIVAL_MS)


def test_a_batch_is_split_by_feed(bench: Bench) -> None:
    """Each feed has a schema and a table of its own."""
    bench.deliver([message(n, data) for n, data in enumerate([TRADE, ORDER_BOOK, MARKET_DEPTH, UNKNOWN, TRADE])])

    assert feeds_of(bench) == ["market_depth", "order_book", "trade", "unknown"]
    assert [parse_key(key).sequence_range.count for key in bench.objects.kept if "feed=trade" in key] == [2]


def test_a_batch_is_split_by_arrival_hour(bench: Bench) -> None:
    """A Parquet partition is rebuilt from the objects of its hour: a record in another hour's object is missed."""
    end_of_hour = ARRIVAL_MS // HOUR_MS * HOUR_MS + HOUR_MS - 1
    bench.deliver([message(1, arrival_ms=end_of_hour), message(2, arrival_ms=end_of_hour + 1)])
    hours = [parse_key(key).hour.hour for key in bench.objects.kept]

    assert hours == [22, 23]


def test_the_clock_has_no_say_in_where_a_record_lands() -> None:
    """A retry days later must find the first try's objects, not write them again under another hour."""
    batch = [message(1), message(2, KPL_AGGREGATE)]
    today, later = Bench(), Bench(now=NOW + timedelta(days=9))
    today.deliver(batch)
    later.deliver(batch)

    assert later.objects.kept == today.objects.kept
    assert later.lineage.rows == today.lineage.rows


def test_shards_do_not_share_an_object(bench: Bench) -> None:
    """Sequence numbers are unique only within a shard."""
    bench.deliver([message(1), message(1, shard="shardId-000000000004")])

    assert len(bench.objects.kept) == 2


def test_lines_stand_in_the_order_of_the_stream(bench: Bench) -> None:
    """Sequence numbers are compared as numbers: as texts, 10 would come before 9."""
    bench.deliver([message(10), message(9), message(11)])
    ((body,),) = [list(bench.objects.kept.values())]

    assert [line.key for line in raw_lines(body)] == ["key-9", "key-10", "key-11"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(KPL_AGGREGATE, "kpl_aggregate", id="packed-by-the-producer-library"),
        pytest.param(NO_JSON, "not_json", id="no-json"),
        pytest.param(NO_UTF8, "not_utf8", id="no-utf8"),
        pytest.param(b"", "not_json", id="empty"),
        pytest.param(b"[" * 100_000, "nesting_too_deep", id="nesting-bomb"),
        pytest.param(b'"' + b"x" * 900_000 + b'"', "too_large", id="too-large"),
    ],
)
def test_one_bad_record_is_set_aside_while_the_rest_goes_through(bench: Bench, data: bytes, reason: str) -> None:
    """The original retried the whole batch three times and then dropped it."""
    failures = bench.deliver([message(1), message(2, data), message(3)])
    quarantine = [key for key in bench.objects.kept if key.startswith("quarantine/kinesis_consumer/year=")]
    (line,) = unpack(BytesIO(bench.objects.kept[quarantine[0]]))
    set_aside = decode_quarantine_line(line)

    assert failures == []
    assert set_aside.reason == reason
    assert set_aside.record.data == data
    assert set_aside.record.position == (SHARD, message(2).sequence)
    assert bench.stored().keys() == {(SHARD, message(n).sequence) for n in (1, 2, 3)}
    assert (bench.tally.ingested, bench.tally.undecodable) == (2, 1)


def test_an_object_has_a_job_row_and_a_lineage_row(bench: Bench) -> None:
    """The job finds objects by their job row; an auditor finds their source by their lineage row."""
    bench.deliver([message(1, arrival_ms=ARRIVAL_MS + 5), message(2), message(3, arrival_ms=ARRIVAL_MS + 9)])
    (key,) = bench.objects.kept
    ((job_key, (stage, job)),) = bench.jobs.rows.items()
    (lineage,) = bench.lineage.rows.values()
    sequences = SequenceRange.of(SHARD, [message(n).sequence for n in (1, 2, 3)])

    assert (job_key, stage) == (JobKey(key, ARRIVAL_MS), Stage.INGESTED)
    assert (job.feed, job.source_bucket, job.record_count) == ("trade", "raw", 3)
    assert job.ingested_at == "2026-11-22T22:04:50.000Z"
    assert (lineage.dataset, lineage.first_arrival_ms) == (f"s3://raw/{key}", ARRIVAL_MS)
    assert (lineage.source, lineage.transformation) == (f"kinesis://market/{SHARD}", Transformation.INGEST)
    assert (lineage.first_sequence, lineage.last_sequence) == (sequences.first, sequences.last)
    assert (lineage.record_count, lineage.digest) == (3, sequences.digest)


def test_what_is_set_aside_has_lineage_and_no_job(bench: Bench) -> None:
    """There is nothing to validate in it, but its origin must be traceable."""
    bench.deliver([message(1, KPL_AGGREGATE)])
    (lineage,) = bench.lineage.rows.values()

    assert bench.jobs.rows == {}
    assert lineage.transformation == Transformation.QUARANTINE


@pytest.mark.parametrize("size", [1, 2, 700])
def test_the_calls_for_a_batch_do_not_depend_on_its_size(bench: Bench, size: int) -> None:
    """At ten shards, one call per record would exceed the limits of S3 and DynamoDB, and cost more than the data."""
    batch = [message(2 * n) for n in range(size)] + [message(2 * n + 1, KPL_AGGREGATE) for n in range(size)]
    bench.deliver(batch)

    assert Counter(bench.world.calls) == {"put raw": 2, "job row": 1, "lineage row": 2}


def test_a_batch_delivered_twice_is_stored_once(bench: Bench) -> None:
    """Lambda delivers at least once. The fakes reject a different body for a key, and a different row for an object."""
    batch = [message(1), message(2, ORDER_BOOK), message(3, NO_JSON)]
    bench.deliver(batch)
    before, first = dict(bench.objects.kept), Counter(bench.world.counted)
    failures = bench.deliver(batch)

    assert failures == []
    assert bench.objects.kept == before
    assert first == {"RecordsIngested": 2, "RecordsUndecodable": 1, "ObjectsWritten": 3, "Redeliveries": 0}


@pytest.mark.parametrize("loses_answers", [False, True], ids=["call-refused", "answer-lost"])
@pytest.mark.parametrize("capacity", range(8))
def test_a_store_that_fails_has_the_batch_delivered_again(capacity: int, loses_answers: bool) -> None:
    """Wherever the store fails, the retry completes the rest: no row is missing at the end."""
    batch = [message(1, ORDER_BOOK), message(2), message(3, NO_JSON)]
    undisturbed = Bench()
    undisturbed.deliver(batch)
    bench = Bench(World(capacity=capacity, loses_answers=loses_answers))
    failures = bench.deliver(batch)
    reason, failed = bench.tally.redelivery, bench.tally.failed
    bench.world.capacity = None
    again = bench.deliver(batch)

    assert failures == [batch[0].sequence]
    assert "out of luck" in str(reason)
    assert failed == [SequenceRange.of(SHARD, [record.sequence for record in batch])]
    assert (again, bench.tally.failed) == ([], [])
    assert bench.objects.kept == undisturbed.objects.kept
    assert bench.jobs.rows == undisturbed.jobs.rows
    assert bench.lineage.rows == undisturbed.lineage.rows


def test_what_we_did_not_foresee_crashes() -> None:
    """Reporting a missing permission as a batch item failure would block the shard silently until records expire."""
    bench = Bench(World(capacity=1, failure=PermissionError))
    with pytest.raises(PermissionError):
        bench.deliver([message(1), message(2, ORDER_BOOK)])

    assert bench.tally.objects == 1
    # For whoever looks for the records: Lambda's own log does not say which they were.
    assert bench.tally.failed == [SequenceRange.of(SHARD, [message(n).sequence for n in (1, 2)])]


@pytest.mark.parametrize("failure", [RetryableFailure, PermissionError, Killed])
@pytest.mark.parametrize("after_the_call", [False, True])
@pytest.mark.parametrize("capacity", range(8))
def test_what_is_stored_is_counted(capacity: int, after_the_call: bool, failure: type[BaseException]) -> None:
    """Answers get lost, and processes are killed: the alarm may count a record twice then, and must not miss it."""
    batch = [message(1, NO_JSON), message(2), message(3, ORDER_BOOK)]
    bench = Bench(World(capacity=capacity, failure=failure, loses_answers=after_the_call))
    with suppress(PermissionError, Killed):
        bench.deliver(batch)
    undecodable = [key for key in bench.objects.kept if key.startswith("quarantine/")]
    counted_at_once = bench.world.counted["RecordsUndecodable"]
    bench.world.capacity = None
    # As Lambda does after an error.
    for half in (batch[:1], batch[1:]):
        bench.deliver(half)

    # Even without a retry: all tries can end like the first.
    assert counted_at_once >= len(undecodable)
    assert bench.world.counted["RecordsIngested"] >= 2
    assert bench.world.counted["RecordsUndecodable"] >= 1


def test_an_empty_batch_is_no_work(bench: Bench) -> None:
    assert bench.deliver([]) == []
    assert bench.world.calls == []
