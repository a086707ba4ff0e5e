"""Putting records on a stream and tracking them, with a stream that fails as Kinesis does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from harness.replay.errors import ReplayError
from harness.replay.generator import generate
from harness.replay.ledger import Ledger, digest_of
from harness.replay.producer import ATTEMPTS, MAX_RECORD_BYTES, MAX_RECORDS, MAX_REQUEST_BYTES, Producer, partition_key
from harness.replay.source_records import Source, SourceRecord
from market_data import Reason

SOURCE = Source(0, "feed.json")
FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898


class FakeStream:
    """Puts records into shards by key; `refusals` lists, per request, the records to reject."""

    def __init__(self, refusals: list[set[int]] | None = None, errors: list[Exception] | None = None) -> None:
        self.refusals = refusals or []
        self.errors = errors or []
        self.requests: list[list[dict[str, Any]]] = []
        self.taken: list[tuple[str, str, dict[str, Any]]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert StreamName == "market-data"
        if self.errors:
            raise self.errors.pop(0)
        assert 1 <= len(Records) <= MAX_RECORDS
        sizes = [len(record["Data"]) + len(record["PartitionKey"].encode()) for record in Records]
        assert max(sizes) <= MAX_RECORD_BYTES
        assert sum(sizes) <= MAX_REQUEST_BYTES
        assert all(1 <= len(record["PartitionKey"]) <= 256 for record in Records)
        self.requests.append(Records)
        refused = self.refusals.pop(0) if self.refusals else set()
        return {"Records": [self._result(record, place in refused) for place, record in enumerate(Records)]}

    def _result(self, record: dict[str, Any], is_refused: bool) -> dict[str, str]:
        if is_refused:
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
        shard = f"shardId-{sum(record['PartitionKey'].encode()) % 4:012d}"
        sequence = str(FIRST_SEQUENCE + len(self.taken))
        self.taken.append((shard, sequence, record))
        return {"ShardId": shard, "SequenceNumber": sequence}


def item(raw: bytes, line: int = 1, expected_reason: str | None = None) -> SourceRecord:
    return SourceRecord(raw, SOURCE, line, expected_reason)


def trade(symbol: str = "IBM", price: int = 1) -> bytes:
    rest = '"volume":1,"timestamp":"2024-01-02T03:04:05Z","exchange":"XNYS"'
    return f'{{"symbol":"{symbol}","price":{price},{rest}}}'.encode()


def items(count: int) -> list[SourceRecord]:
    return [item(trade(f"S{number % 7}", number), number) for number in range(1, count + 1)]


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "role/producer may not kinesis:PutRecords"}}, "PutRecords")


def producer(stream: FakeStream, waits: list[float] | None = None) -> Producer:
    return Producer(stream, "market-data", sleep=(waits if waits is not None else []).append)


def test_every_record_is_in_the_account_where_the_stream_put_it() -> None:
    stream = FakeStream()
    feed = [
        SourceRecord(made.raw, SOURCE, line, made.expected_reason)
        for line, made in enumerate(generate(1_500, seed=3, bad_per_mille=200), 1)
    ]

    ledger = producer(stream).send(iter(feed))

    account = [(e.position.shard, e.position.sequence, e.digest, e.line, e.expected_reason) for e in ledger]
    taken = [(shard, sequence, digest_of(record["Data"])) for shard, sequence, record in stream.taken]
    assert [entry[:3] for entry in account] == taken
    assert [entry[3:] for entry in account] == [(given.line, given.expected_reason) for given in feed]
    assert list(ledger.positions()) == [entry.position for entry in ledger]
    assert ledger.index().keys() == set(ledger.positions())
    assert ledger.records_in == len(ledger) == 1_500
    assert sum(ledger.records_by_feed.values()) == 1_500
    assert ledger.bytes == sum(len(given.raw) for given in feed)
    assert sum(ledger.expected_reasons.values()) == sum(given.expected_reason is not None for given in feed)


def test_feeds_are_counted_as_the_consumer_will_file_them() -> None:
    raws = [trade(), b'{"type":"order_book"}', b'{"type":"market_depth"}', b"5", b"not json"]

    ledger = producer(FakeStream()).send(map(item, raws))

    assert ledger.records_by_feed == {"trade": 1, "order_book": 1, "market_depth": 1, "unknown": 2}


def test_requests_are_as_full_as_they_may_be() -> None:
    stream = FakeStream()

    ledger = producer(stream).send(items(1_201))

    assert [len(request) for request in stream.requests] == [500, 500, 201]
    assert ledger.batches == 3


def test_a_request_is_never_larger_than_the_stream_takes() -> None:
    stream = FakeStream()
    large = [item(b'"' + b"x" * 800_000 + b'"', line) for line in range(1, 20)]

    producer(stream).send(large)

    assert [len(request) for request in stream.requests] == [6, 6, 6, 1]


def test_the_largest_record_is_put_and_a_larger_one_is_named() -> None:
    """With its key it must fit into 1 MiB; with one more byte Kinesis rejects the whole request."""
    largest = b"x" * (MAX_RECORD_BYTES - len(partition_key(b"x")))
    stream = FakeStream()

    producer(stream).send([item(largest)])

    assert len(stream.taken) == 1
    with pytest.raises(ReplayError, match=r"feed\.json, line 9: 1,048,545 bytes"):
        producer(stream).send([item(largest + b"x", 9)])


def test_an_empty_record_is_named() -> None:
    with pytest.raises(ReplayError, match=r"feed\.json, line 9: an empty record"):
        producer(FakeStream()).send([item(b"", 9)])


def test_only_refused_records_are_put_again_and_before_anything_else() -> None:
    """Resending all would duplicate accepted records; sending later ones first would reorder a book's history."""
    stream = FakeStream(refusals=[{1, 3}, {0}])
    waits: list[float] = []
    feed = items(502)

    ledger = producer(stream, waits).send(feed)

    assert [record["Data"] for record in stream.requests[1]] == [feed[1].raw, feed[3].raw]
    assert [record["Data"] for record in stream.requests[2]] == [feed[1].raw]
    assert [record["Data"] for record in stream.requests[3]] == [feed[500].raw, feed[501].raw]
    assert sorted(entry.line for entry in ledger) == list(range(1, 503))
    assert (ledger.retried, ledger.batches, len(waits)) == (3, 2, 2)
    assert waits == sorted(waits)


def test_a_stream_that_keeps_refusing_is_an_error_that_says_why() -> None:
    stream = FakeStream(refusals=[{0}] * ATTEMPTS)
    waits: list[float] = []

    with pytest.raises(ReplayError, match=r"line 1: the stream market-data rejected 1 records 12 times; Pr.*Rate exce"):
        producer(stream, waits).send(items(1))
    assert len(stream.requests) == ATTEMPTS
    assert 20 < sum(waits) < 60


def test_a_request_refused_as_a_whole_for_now_is_put_again() -> None:
    stream = FakeStream(errors=[client_error("KMSThrottlingException"), client_error("ThrottlingException")])

    ledger = producer(stream).send(items(5))

    assert (len(ledger), ledger.retried) == (5, 10)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "KMSDisabledException"])
def test_a_request_refused_for_good_is_an_error_in_the_words_of_aws(code: str) -> None:
    stream = FakeStream(errors=[client_error(code)])

    with pytest.raises(ReplayError, match=f"market-data accepts no records: .*{code}.*role/producer"):
        producer(stream).send(items(5))


def test_a_request_whose_answer_is_lost_is_not_put_again() -> None:
    """It may have been accepted: sent again, it would be on the stream twice, at a position that nobody tracks."""
    stream = FakeStream(errors=[EndpointConnectionError(endpoint_url="https://localhost")])

    with pytest.raises(ReplayError, match="cannot be reached"):
        producer(stream).send(items(5))
    assert not stream.taken


def test_an_answer_that_does_not_match_the_request_is_an_error() -> None:
    class Forgetful(FakeStream):
        def put_records(self, **request: Any) -> dict[str, Any]:
            return {"Records": super().put_records(**request)["Records"][1:]}

    with pytest.raises(ReplayError, match="5 records put, but 4 results"):
        producer(Forgetful()).send(items(5))


def test_progress_is_reported_after_each_batch() -> None:
    seen: list[int] = []

    producer(FakeStream()).send(items(1_200), on_progress=lambda ledger: seen.append(len(ledger)))

    assert seen == [500, 1_000, 1_200]


def test_one_position_given_twice_counts_once() -> None:
    """A stream that does so has lost a record; counting both would hide it."""
    ledger = Ledger()
    ledger.add(item(trade()), "trade", "shardId-000000000000", "5")
    ledger.add(item(trade()), "trade", "shardId-000000000000", "5")
    ledger.add(item(trade()), "trade", "shardId-000000000001", "5")

    assert (len(ledger), ledger.records_in, ledger.records_by_feed) == (3, 2, {"trade": 2})


def test_an_empty_feed_is_an_empty_account() -> None:
    ledger = producer(FakeStream()).send([])

    assert (ledger.records_in, ledger.batches, list(ledger)) == (0, 0, [])


def test_an_instruments_records_share_a_key() -> None:
    book = b'{"exchange":"XNYS","type":"order_book","bids":[{"price":1}],"symbol":"BRK B"}'

    assert partition_key(book) == partition_key(trade("BRK B")) == "XNYS:BRK B"
    assert partition_key(trade("IBM")) != partition_key(trade("BRK B"))


@pytest.mark.parametrize(
    "raw",
    [
        b"x",
        b"{}",
        b'{"symbol":5,"exchange":"A"}',
        b'{"symbol":"","exchange":"A"}',
        b'{"symbol":"\xff","exchange":"A"}',
        '{"symbol":"\u0410","exchange":"A"}'.encode(),
        b"\xf3\x89\x9a\xc2",
        b"[" * 100_000,
        trade("X" * 65),
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_what_has_no_instrument_gets_a_key_of_its_own(raw: bytes) -> None:
    assert partition_key(raw) == digest_of(raw).hex()


@given(st.binary(max_size=200))
def test_every_record_has_a_key_that_kinesis_takes(raw: bytes) -> None:
    assert 1 <= len(partition_key(raw)) <= 256
    assert partition_key(raw) == partition_key(raw)


@given(st.lists(st.sets(st.integers(0, 40), max_size=30), max_size=ATTEMPTS - 1), st.integers(1, 40))
def test_nothing_is_lost_or_doubled_whatever_the_stream_refuses(refusals: list[set[int]], count: int) -> None:
    stream = FakeStream(refusals=refusals)
    feed = items(count)

    ledger = producer(stream).send(feed)

    assert sorted(record["Data"] for _, _, record in stream.taken) == sorted(given.raw for given in feed)
    assert sorted(entry.line for entry in ledger) == [given.line for given in feed]


def test_bad_records_are_put_like_good_ones() -> None:
    """Validation is the pipeline's job; it cannot quarantine what it never gets."""
    ledger = producer(FakeStream()).send([item(b"\xff", 1, Reason.NOT_UTF8.value)])

    assert [(entry.feed, entry.expected_reason) for entry in ledger] == [("unknown", "not_utf8")]


def test_a_sequence_number_keeps_its_leading_zeros() -> None:
    """A position is text: without its zeros it would count as lost and as foreign."""
    ledger = Ledger()
    ledger.add(item(trade()), "trade", "shardId-000000000000", "000123")

    assert [position.sequence for position in ledger.positions()] == ["000123"]
