"""A shard, a failing store, and the guarantee that nothing is lost, however batches are cut and retried."""

from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kinesis_consumer.events import StreamRecord
from market_data import UNKNOWN as UNKNOWN_FEED
from market_data import RejectedRecord, feed_of
from pipeline_store.errors import RetryableFailure
from pipeline_store.keys import SequenceRange, hour_of, parse_key
from tests.unit.kinesis_consumer.stream import (
    ARRIVAL_MS,
    HOUR_MS,
    KPL_AGGREGATE,
    MARKET_DEPTH,
    MULTILINE_TRADE,
    NO_JSON,
    NO_UTF8,
    ORDER_BOOK,
    TRADE,
    UNKNOWN,
    Bench,
    message,
    records_in,
)

#: Records of every kind, and arbitrary bytes.
payloads = st.one_of(
    st.sampled_from([TRADE, MULTILINE_TRADE, ORDER_BOOK, MARKET_DEPTH, UNKNOWN, KPL_AGGREGATE, NO_JSON, NO_UTF8]),
    st.binary(max_size=40),
)
#: Milliseconds between two arrivals; sometimes enough to reach another hour.
pauses = st.one_of(st.integers(0, 10), st.integers(HOUR_MS // 3, 2 * HOUR_MS))


@st.composite
def shards(draw: st.DrawFn, *, min_size: int = 0) -> list[StreamRecord]:
    """The records of a shard: numbered, in order of arrival."""
    arrivals = list(accumulate(draw(st.lists(pauses, min_size=min_size, max_size=20)), initial=ARRIVAL_MS))[1:]
    return [message(n, draw(payloads), arrival_ms=arrival) for n, arrival in enumerate(arrivals)]


@st.composite
def groupings(draw: st.DrawFn, records: list[StreamRecord]) -> list[list[StreamRecord]]:
    """The same records in batches, cut anywhere."""
    cuts = draw(st.sets(st.integers(1, max(1, len(records) - 1))))
    edges = sorted({0, len(records)} | {cut for cut in cuts if cut < len(records)})
    return [records[start:end] for start, end in pairwise(edges)]


def sent_by(records: list[StreamRecord]) -> dict[tuple[str, str], bytes]:
    return {(record.shard, record.sequence): record.data for record in records}


def feed_or_none(data: bytes) -> str | None:
    try:
        return feed_of(data)
    except RejectedRecord:
        return None


@given(st.data(), shards())
def test_any_grouping_of_a_shard_stores_the_same_records(data: st.DataObject, shard: list[StreamRecord]) -> None:
    """Lambda cuts batches by size, time and failure; the stored records must not depend on it."""
    bench = Bench()
    for batch in data.draw(groupings(shard)):
        assert bench.deliver(batch) == []

    assert bench.stored() == sent_by(shard)


@given(st.data(), shards())
def test_overlapping_groupings_add_no_position(data: st.DataObject, shard: list[StreamRecord]) -> None:
    """A bisected or restarted batch writes overlapping objects; a record is identified by its position."""
    bench = Bench()
    for _ in range(2):
        for batch in data.draw(groupings(shard)):
            bench.deliver(batch)

    assert bench.stored() == sent_by(shard)


@given(shards(min_size=1))
def test_twice_equals_once(shard: list[StreamRecord]) -> None:
    """The same keys, bytes and rows (the fakes check the latter two). The second delivery is counted, too."""
    bench = Bench()
    bench.deliver(shard)
    once = dict(bench.objects.kept)
    counted = bench.counted()
    bench.deliver(shard)

    assert bench.objects.kept == once
    assert (counted, bench.counted()) == (len(shard), 2 * len(shard))


@given(shards())
def test_the_order_of_delivery_does_not_matter(shard: list[StreamRecord]) -> None:
    """The bytes of an object depend on its records alone."""
    forwards, backwards = Bench(), Bench()
    forwards.deliver(shard)
    backwards.deliver(list(reversed(shard)))

    assert forwards.objects.kept == backwards.objects.kept


@given(shards())
def test_every_object_holds_what_its_key_says(shard: list[StreamRecord]) -> None:
    """Feed, arrival hour, first, last, count and digest: the validator and the job trust the key."""
    bench = Bench()
    bench.deliver(shard)
    for name, body in bench.objects.kept.items():
        key, records = parse_key(name), records_in(name, body)

        assert {feed_or_none(record.data) for record in records} == {key.feed}
        assert {hour_of(record.arrival_ms) for record in records} == {key.hour}
        assert SequenceRange.of(key.sequence_range.shard, [record.seq for record in records]) == key.sequence_range


class ShardConsumer(RuleBasedStateMachine):
    """Lambda's documented behaviour for the consumer: at-least-once delivery, resume, bisection, retries exhausted."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.sent: list[StreamRecord] = []
        self.read = 0  # up to here the mapping has taken records off the shard
        self.retries: list[list[StreamRecord]] = []
        self.done: list[StreamRecord] = []
        self.on_failure: list[StreamRecord] = []
        self.now = ARRIVAL_MS

    # Hypothesis leaves some rules out of each example: records to begin with make one without `publish` worth while.
    @initialize(records=st.lists(st.tuples(payloads, pauses), min_size=4, max_size=16))
    def begin(self, records: list[tuple[bytes, int]]) -> None:
        self.publish(records)

    @rule(records=st.lists(st.tuples(payloads, pauses), min_size=1, max_size=6))
    def publish(self, records: list[tuple[bytes, int]]) -> None:
        for data, pause in records:
            self.now += pause
            self.sent.append(message(len(self.sent), data, arrival_ms=self.now))

    @precondition(lambda self: self.waits)
    @rule(size=st.integers(1, 10))
    def deliver(self, size: int) -> None:
        self.bench.world.capacity = None
        self._deliver(size, bisect=False)

    @precondition(lambda self: self.waits)
    @rule(
        size=st.integers(2, 10),
        calls=st.integers(0, 8),
        failure=st.sampled_from([RetryableFailure, PermissionError]),
        loses_answers=st.booleans(),
        bisect=st.booleans(),
    )
    def deliver_to_a_store_that_fails(
        self, size: int, calls: int, failure: type[Exception], loses_answers: bool, bisect: bool
    ) -> None:
        """After some calls; with a transient or an unexpected error; before the call, or with a lost response."""
        world = self.bench.world
        world.capacity, world.failure, world.loses_answers = calls, failure, loses_answers
        self._deliver(size, bisect=bisect)

    @property
    def waits(self) -> bool:
        """Whether there is anything to deliver."""
        return bool(self.retries) or self.read < len(self.sent)

    def _deliver(self, size: int, *, bisect: bool) -> None:
        batch = self.retries.pop(0) if self.retries else self.sent[self.read : self.read + size]
        self.read = max(self.read, int(batch[-1].partition_key.removeprefix("key-")) + 1)
        try:
            failures = self.bench.deliver(batch)
        except PermissionError:
            failures = [batch[0].sequence]
        resume = next((n for n, record in enumerate(batch) if record.sequence in failures), len(batch))
        assert bool(failures) == (resume < len(batch))
        self.done += batch[:resume]
        middle = (resume + len(batch)) // 2 if bisect else resume
        self.retries[:0] = [part for part in (batch[resume:middle], batch[middle:]) if part]

    @precondition(lambda self: self.retries)
    @rule()
    def give_up(self) -> None:
        self.on_failure += self.retries.pop(0)

    @precondition(lambda self: self.read)
    @rule(back=st.integers(1, 10))
    def restart(self, back: int) -> None:
        """The mapping was recreated, or its checkpoint was lost: it reads processed records again."""
        self.read = max(0, self.read - back)

    @invariant()
    def nothing_is_lost(self) -> None:
        stored = self.bench.stored()
        waiting = [*self.sent[self.read :], *(record for batch in self.retries for record in batch)]
        kept = stored.keys() | sent_by(waiting).keys() | sent_by(self.on_failure).keys()

        assert sent_by(self.done).keys() <= stored.keys()
        assert kept == sent_by(self.sent).keys()

    @invariant()
    def nothing_is_changed(self) -> None:
        assert self.bench.stored().items() <= sent_by(self.sent).items()

    def teardown(self) -> None:
        """Once the store is well, everything that was not given up is stored, in an object that has its rows.

        An object whose batch crashed right after it may have none; when the batch comes again in halves, theirs have.
        A record that was given up may be stored uncounted, where the put's answer was lost: its redrive counts it.
        """
        self.bench.world.capacity = None
        for batch in [*self.retries, self.sent[self.read :]]:
            assert self.bench.deliver(batch) == []
        given_up = sent_by(self.on_failure).keys()
        wanted = sent_by(self.sent).keys() - given_up
        with_lineage = {dataset.removeprefix("s3://raw/") for dataset, _ in self.bench.lineage.rows}
        with_job = {job.raw_key for job in self.bench.jobs.rows}
        set_aside = {key for key in with_lineage if parse_key(key).feed is None}

        assert self.bench.counted() >= len(self.bench.stored().keys() - given_up)
        assert with_lineage | with_job <= self.bench.objects.kept.keys()
        assert wanted <= self.bench.stored_in(with_lineage)
        assert wanted <= self.bench.stored_in(with_job | set_aside)


TestShardConsumer = ShardConsumer.TestCase
TestShardConsumer.settings = settings(stateful_step_count=25)


def test_the_payloads_reach_every_feed() -> None:
    """A state machine that only saw trades would prove too little."""
    samples = [TRADE, MULTILINE_TRADE, ORDER_BOOK, MARKET_DEPTH, UNKNOWN, KPL_AGGREGATE]

    assert {feed_or_none(sample) for sample in samples} == {"trade", "order_book", "market_depth", UNKNOWN_FEED, None}
