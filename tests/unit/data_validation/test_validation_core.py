"""The outcome of a raw object: each record in one of two objects, then one job row, written last."""

import copy
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_validation.core import FailedObject, Stores, Tally, UnrepeatableVerdict, Validator, VerdictNotReplaceable
from data_validation.events import messages
from data_validation.verdicts import DamagedObject
from kinesis_consumer.events import StreamRecord
from market_data import DEFAULT_NON_POSITIVE_EXCHANGES
from market_data.envelope import EnvelopeError, decode_quarantine_line, pack, unpack
from pipeline_store.errors import RetryableFailure, UnexpectedEvent
from pipeline_store.keys import parse_key, rejected_key, validated_key
from pipeline_store.rows import JobKey, ValidatedJob
from pipeline_store.stages import Stage, Transformation
from tests.unit.data_validation.notifications import TEST_EVENT, created, raw_object, sqs_event
from tests.unit.kinesis_consumer.stream import ARRIVAL_MS, MULTILINE_TRADE, NOW, SHARD, TRADE, UNKNOWN, message
from tests.unit.kinesis_consumer.stream import Bench as Consumer
from tests.unit.pipeline_store.fakes import FakeJobs, FakeLineage, FakeObjects, FakeRejectedQueue, Killed, World

FREE = TRADE.replace(b"154.10", b"0")  # price_not_positive
BOOLEAN = TRADE.replace(b"154.10", b"true")  # wrong_type
LOCAL = TRADE.replace(b"46Z", b"46")  # no_time_zone
REFUSED = [FREE, BOOLEAN, LOCAL]
RULES, OTHER_RULES = "00000000000000aa", "00000000000000bb"


class Bench:
    """The validator's core between fakes."""

    def __init__(self, allow_nonpositive: frozenset[str] = DEFAULT_NON_POSITIVE_EXCHANGES) -> None:
        self.rules, self.stream = RULES, ""
        self.world = World()
        self.raw = FakeObjects(self.world, "raw")
        self.processed = FakeObjects(self.world, "processed")
        self.jobs = FakeJobs(self.world)
        self.lineage = FakeLineage(self.world)
        self.rejected = FakeRejectedQueue(self.world)
        self.tally = Tally()
        self.allow = allow_nonpositive

    def ingest(self, *data: bytes, first: int = 0) -> str:
        """Store a raw object as the consumer would; return its key."""
        return self.put(message(first + number, each) for number, each in enumerate(data))

    def put(self, records: Iterable[StreamRecord]) -> str:
        key, body = raw_object(records)
        self.raw.kept[key] = body
        return key

    def deliver(self, *bodies: str, days_later: int = 0) -> list[str]:
        """Process one batch of messages; return the ids of those to redeliver."""
        self.tally = Tally()
        counted = self.world.counted
        stores = Stores(self.raw, self.processed, self.jobs, self.lineage, self.rejected, counted.update, self.stream)
        validator = Validator(stores, lambda: NOW + timedelta(days=days_later), self.allow, self.rules)
        try:
            answer = validator.process(messages(sqs_event(*bodies)), self.tally)
        except Exception:
            counted.update(self.tally.as_metrics())
            raise
        counted.update(self.tally.as_metrics())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def valid(self, key: str) -> list[dict[str, Any]]:
        """The validated lines of a raw object."""
        body = self.processed.kept.get(validated_key(key, self.rules))
        return [] if body is None else [json.loads(line) for line in unpack(BytesIO(body))]

    def refused(self, key: str) -> list[tuple[str, str, bytes]]:
        """Sequence, reason and bytes of the quarantined lines of a raw object."""
        body = self.raw.kept.get(rejected_key(key, self.rules))
        lines = [] if body is None else [decode_quarantine_line(line) for line in unpack(BytesIO(body))]
        return [(line.record.seq, line.reason, line.record.data) for line in lines]

    def state(self) -> tuple[Any, ...]:
        """Everything that is stored."""
        return self.raw.kept, self.processed.kept, self.jobs.rows, self.lineage.rows


@pytest.fixture
def bench() -> Bench:
    """A validator that has processed nothing yet."""
    return Bench()


def sequences(*numbers: int) -> list[str]:
    return [message(number).sequence for number in numbers]


def test_valid_records_go_on_with_their_position(bench: Bench) -> None:
    """Spark identifies a record by shard and sequence number, and takes the exact price text from here."""
    key = bench.ingest(TRADE, MULTILINE_TRADE)
    failures = bench.deliver(created(key))
    first, second = bench.valid(key)

    assert failures == []
    assert [first["seq"], second["seq"]] == sequences(0, 1)
    assert (first["shard"], first["arrival_ns"]) == (SHARD, ARRIVAL_MS * 1_000_000)
    assert first["record"]["price"] == "154.10"
    assert first["record"]["type"] == "trade"
    assert bench.refused(key) == []
    assert bench.rejected.notices == []


def test_oddities_are_flagged_and_kept(bench: Bench) -> None:
    key = bench.ingest(TRADE.replace(b"2026", b"2027"))
    bench.deliver(created(key))

    assert [line["flags"] for line in bench.valid(key)] == [["event_after_arrival"]]


def test_refused_records_are_kept_with_their_reason_and_bytes(bench: Bench) -> None:
    """The original sent only the error text to the dead-letter queue: neither the record nor its location."""
    key = bench.ingest(TRADE, FREE, TRADE, BOOLEAN, LOCAL, FREE)
    bench.deliver(created(key))
    refused = bench.refused(key)

    assert [line["seq"] for line in bench.valid(key)] == sequences(0, 2)
    assert [seq for seq, _, _ in refused] == sequences(1, 3, 4, 5)
    assert [data for _, _, data in refused] == [FREE, BOOLEAN, LOCAL, FREE]
    assert bench.rejected.notices == [
        {
            "version": 1, "bucket": "raw", "raw_key": key, "quarantine_key": rejected_key(key, RULES), "rejected": 4,
            "counts_by_reason": {"price_not_positive": 2, "wrong_type": 1, "no_time_zone": 1},
            "first_position": {"shard": SHARD, "seq": message(1).sequence},
        }
    ]  # fmt: skip
    assert (bench.tally.objects, bench.tally.validated, bench.tally.rejected) == (1, 2, 4)


def test_the_job_row_says_what_there_is_to_transform(bench: Bench) -> None:
    key = bench.ingest(TRADE, FREE, TRADE)
    bench.deliver(created(key))
    stage, job = bench.jobs.rows[JobKey(key, ARRIVAL_MS)]

    assert stage == Stage.VALIDATED
    assert (job.feed, job.source_bucket) == ("trade", "raw")
    assert (job.record_count, job.validated_count, job.rejected_count) == (3, 2, 1)
    assert (job.validated_key, job.quarantine_key) == (validated_key(key, RULES), rejected_key(key, RULES))
    assert (job.ingested_at, job.validated_at) == ("2026-11-22T22:04:47.000Z", "2026-11-22T22:04:50.000Z")


def test_an_object_of_an_unknown_feed_leaves_nothing_to_transform(bench: Bench) -> None:
    """Its row must not be listed for the job, which would look for a validated object that does not exist."""
    key = bench.ingest(UNKNOWN, b"[1]")
    bench.deliver(created(key))
    stage, job = bench.jobs.rows[JobKey(key, ARRIVAL_MS)]

    assert stage == Stage.TRANSFORMED
    assert job.validated_key is None
    assert bench.processed.kept == {}
    assert [reason for _, reason, _ in bench.refused(key)] == ["unknown_feed", "not_an_object"]


def test_a_record_whose_feed_the_consumer_did_not_know_yet_does_not_wait_for_ever(bench: Bench) -> None:
    """A new feed is deployed while its objects wait. The job has no partition of the feed `unknown`."""
    known = bench.ingest(TRADE)
    key = known.replace("feed=trade", "feed=unknown")
    bench.raw.kept[key] = bench.raw.kept.pop(known)
    bench.deliver(created(key))

    stage, _ = bench.jobs.rows[JobKey(key, ARRIVAL_MS)]
    assert stage == Stage.TRANSFORMED
    assert [reason for _, reason, _ in bench.refused(key)] == ["unknown_feed"]


def test_lineage_goes_from_each_object_to_the_raw_one(bench: Bench) -> None:
    key = bench.ingest(TRADE, FREE, TRADE)
    bench.deliver(created(key))
    rows = {row.dataset: row for row in bench.lineage.rows.values()}
    valid, refused = rows[f"s3://processed/{validated_key(key, RULES)}"], rows[f"s3://raw/{rejected_key(key, RULES)}"]

    assert len(rows) == 2
    assert {valid.source, refused.source} == {f"s3://raw/{key}"}
    assert (valid.transformation, refused.transformation) == (Transformation.VALIDATE, Transformation.QUARANTINE)
    assert [valid.first_sequence, valid.last_sequence] == sequences(0, 2)
    assert [refused.first_sequence, refused.last_sequence] == sequences(1, 1)
    assert (valid.record_count, refused.record_count) == (2, 1)


def test_exchanges_that_trade_at_zero_or_below_are_a_setting() -> None:
    """Spreads, power and crude oil really do."""
    permissive, strict = Bench(frozenset({"XNYS"})), Bench(frozenset())
    for bench in (permissive, strict):
        bench.deliver(created(bench.ingest(FREE)))

    assert (permissive.tally.validated, strict.tally.rejected) == (1, 1)


def test_several_objects_in_one_message_are_all_validated(bench: Bench) -> None:
    """S3 may put several records into one notification."""
    keys = [bench.ingest(TRADE, first=1), bench.ingest(TRADE, first=2)]
    bench.deliver(created(*keys))

    assert set(bench.processed.kept) == {validated_key(key, RULES) for key in keys}


def test_two_messages_for_one_object_count_and_tell_once(bench: Bench) -> None:
    """S3 notifies at least once. A second message would make somebody investigate the same loss twice."""
    key = bench.ingest(TRADE, FREE)
    failures = bench.deliver(created(key), created(key))
    before, calls = copy.deepcopy(bench.state()), len(bench.world.calls)
    bench.deliver(created(key), days_later=1)

    assert failures == []
    counted = {"ObjectsValidated": 1, "RecordsValidated": 1, "ValidationFailures": 1, "Redeliveries": 0}
    assert bench.world.counted == counted
    assert len(bench.rejected.notices) == 1
    assert bench.state() == before
    # Read the object and its row, and see that both objects that it names are there.
    assert bench.world.calls[calls:] == ["get raw", "read job row", "put processed", "put raw"]


def test_s3s_test_message_is_no_work(bench: Bench) -> None:
    """S3 sends a test event for every new notification; crashing on it would raise an alarm at every deployment."""
    failures = bench.deliver(TEST_EVENT)

    assert failures == []
    assert bench.world.calls == []
    assert bench.tally.ignored == ["message m0 names no new object"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(created("quarantine/data_validation/x.json.gz"), id="our-own-output"),
        pytest.param(created("market-data/x", event="ObjectRemoved:Delete"), id="a-removal"),
    ],
)
def test_other_notifications_are_left_alone_but_not_in_silence(bench: Bench, body: str) -> None:
    """Without the notification's filter, the validator would process its own quarantine."""
    failures = bench.deliver(body)

    assert failures == []
    assert bench.world.calls == []
    assert len(bench.tally.ignored) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("no json", id="no-json"),
        pytest.param("{}", id="no-records"),
        pytest.param('{"Records": [{"kinesis": {}}]}', id="not-s3s"),
        pytest.param(created("market-data/x", bucket="processed"), id="another-bucket"),
    ],
)
def test_a_message_that_should_not_be_there_crashes(bench: Bench, body: str) -> None:
    """The queue moves it to the dead-letter queue, where somebody sees it."""
    with pytest.raises(UnexpectedEvent):
        bench.deliver(body)


@pytest.mark.parametrize("loses_answers", [False, True], ids=["call-refused", "answer-lost"])
@pytest.mark.parametrize("capacity", range(8))
def test_a_retry_completes_what_the_first_try_left_open(capacity: int, loses_answers: bool) -> None:
    """Whichever call fails, the message is redelivered, and then everything is stored exactly once."""
    undisturbed, bench = Bench(), Bench()
    for each in (undisturbed, bench):
        each.ingest(TRADE, FREE)
    (key,) = bench.raw.kept
    undisturbed.deliver(created(key))
    bench.world.capacity, bench.world.loses_answers = capacity, loses_answers
    failures, failed = bench.deliver(created(key)), bench.tally.failed
    bench.world.capacity = None
    again = bench.deliver(created(key))

    assert len(undisturbed.world.calls) == 8
    assert (failures, again) == (["m0"], [])
    assert bench.state() == undisturbed.state()
    # Sent at least once: a crash between the message and the row sends it again; losing it would be worse.
    assert 1 <= len(bench.rejected.notices) <= 2
    assert failed == [FailedObject(f"s3://raw/{key}", parse_key(key).sequence_range)]
    # Counted right before the row: again only if the row could not be written.
    assert bench.world.counted["RecordsValidated"] == (2 if capacity == 7 and not loses_answers else 1)


@pytest.mark.parametrize("capacity", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("now_allowed", [{"XNAS"}, {"XNAS", "XNYS"}, {"XNYS"}, set()])
def test_a_retry_under_other_rules_leaves_one_verdict(capacity: int, now_allowed: set[str]) -> None:
    """New rules may be deployed between two tries. What the first try left is named by no row, so nobody reads it."""
    bench = Bench(frozenset({"XNAS"}))
    key = bench.ingest(FREE, FREE.replace(b"XNYS", b"XNAS"))
    bench.world.capacity = capacity
    bench.deliver(created(key))
    bench.world.capacity = None
    bench.rules, bench.allow = OTHER_RULES, frozenset(now_allowed)
    failures = bench.deliver(created(key))
    ((_, job),) = bench.jobs.rows.values()
    valid, refused = [line["seq"] for line in bench.valid(key)], [seq for seq, _, _ in bench.refused(key)]

    assert failures == []
    assert isinstance(job, ValidatedJob)
    assert job.rules == OTHER_RULES
    assert job.validated_key == (validated_key(key, OTHER_RULES) if valid else None)
    assert job.quarantine_key == (rejected_key(key, OTHER_RULES) if refused else None)
    assert sorted(valid + refused) == sequences(0, 1)


def test_a_verdict_that_the_same_rules_do_not_give_again_crashes(bench: Bench) -> None:
    """Only a bug or a person can have written it; to go on would lose or double a record."""
    key = bench.ingest(TRADE, FREE)
    bench.processed.kept[validated_key(key, RULES)] = pack([b"{}\n"])
    with pytest.raises(UnrepeatableVerdict, match=r"s3://processed/validated/market-data/"):
        bench.deliver(created(key))

    assert bench.jobs.rows == {}


@pytest.mark.parametrize("failure", [RetryableFailure, PermissionError, Killed])
@pytest.mark.parametrize("after_the_call", [False, True])
@pytest.mark.parametrize("capacity", range(9))
def test_what_a_row_names_is_counted(
    bench: Bench, capacity: int, after_the_call: bool, failure: type[BaseException]
) -> None:
    """Answers get lost, and processes are killed: the alarm may count a record twice then, and must not miss it."""
    key = bench.ingest(TRADE, FREE)
    bench.world.capacity, bench.world.failure, bench.world.loses_answers = capacity, failure, after_the_call
    with suppress(PermissionError, Killed):
        bench.deliver(created(key))
    # Even without a retry: this may have been the last.
    named = [job for _, job in bench.jobs.rows.values()]

    assert bench.world.counted["ValidationFailures"] >= len(named)
    assert bench.world.counted["RecordsValidated"] >= len(named)


# ------------------------------------------------------------------------------------ a verdict that is lost ----


@pytest.mark.parametrize("lost", ["validated", "quarantined", "both"])
@pytest.mark.parametrize("stage", [Stage.VALIDATED, Stage.TRANSFORMED])
def test_a_verdict_that_is_lost_is_made_again(bench: Bench, lost: str, stage: Stage) -> None:
    """The job reads what the row names, and cannot go on without it."""
    key = bench.ingest(TRADE, FREE)
    bench.deliver(created(key))
    ((job_key, (_, job)),) = bench.jobs.rows.items()
    bench.jobs.rows[job_key] = (stage, job)
    before = copy.deepcopy(bench.state())
    if lost != "quarantined":
        del bench.processed.kept[validated_key(key, RULES)]
    if lost != "validated":
        del bench.raw.kept[rejected_key(key, RULES)]
    failures = bench.deliver(created(key), days_later=1)

    assert failures == []
    assert bench.state() == before
    assert len(bench.tally.restored) == (2 if lost == "both" else 1)
    assert bench.world.counted["RecordsValidated"] == 1


def test_a_row_that_names_another_verdict_than_its_rules_give_crashes(bench: Bench) -> None:
    """To make the object again would add records that no row names."""
    key = bench.ingest(TRADE, FREE)
    bench.deliver(created(key))
    ((job_key, (stage, job)),) = bench.jobs.rows.items()
    bench.jobs.rows[job_key] = (stage, msgspec.structs.replace(job, quarantine_key=None))
    with pytest.raises(UnrepeatableVerdict, match="job row"):
        bench.deliver(created(key))


#: What the exchanges XNYS, XNAS and XASE sold for nothing: rejected, unless the exchange is allowed to.
ELSEWHERE = [FREE.replace(b"XNYS", exchange) for exchange in (b"XNYS", b"XNAS", b"XASE")]


def changed_rules(bench: Bench, *lost: str) -> str:
    """An object validated while XNAS was allowed, what is lost of it, and new rules; its key."""
    bench.allow = frozenset({"XNAS"})
    key = bench.ingest(*ELSEWHERE)
    bench.deliver(created(key))
    for each in lost:
        del (bench.processed if each == "validated" else bench.raw).kept[
            (validated_key if each == "validated" else rejected_key)(key, RULES)
        ]
    bench.rules = OTHER_RULES
    return key


@pytest.mark.parametrize(
    ("lost", "now_allowed"),
    [
        pytest.param(["validated"], {"XNAS"}, id="the-same-are-valid"),
        pytest.param(["validated"], {"XNAS", "XNYS"}, id="more-are-valid"),
        pytest.param(["quarantined"], {"XNAS", "XASE"}, id="only-quarantine-was-lost"),
        pytest.param(["validated", "quarantined"], {"XNAS", "XNYS", "XASE"}, id="all-are-valid-so-the-first-were"),
    ],
)
def test_a_lost_verdict_is_replaced_if_the_rules_have_changed(
    bench: Bench, lost: list[str], now_allowed: set[str]
) -> None:
    """Nobody can make the old one again. What it accepted may be in Parquet, and stays valid; the job rebuilds."""
    key = changed_rules(bench, *lost)
    job_key = JobKey(key, ARRIVAL_MS)
    bench.jobs.rows[job_key] = (Stage.TRANSFORMED, bench.jobs.rows[job_key][1])
    bench.allow = frozenset(now_allowed)
    failures = bench.deliver(created(key))
    stage, job = bench.jobs.rows[job_key]
    valid, refused = [line["seq"] for line in bench.valid(key)], [seq for seq, _, _ in bench.refused(key)]

    assert failures == []
    assert isinstance(job, ValidatedJob)
    assert (stage, job.rules, job.validated_key) == (Stage.VALIDATED, OTHER_RULES, validated_key(key, OTHER_RULES))
    assert job.quarantine_key == (rejected_key(key, OTHER_RULES) if refused else None)
    assert valid == sequences(*(n for n, each in enumerate(("XNYS", "XNAS", "XASE")) if each in now_allowed))
    assert sorted(valid + refused) == sequences(0, 1, 2)
    assert bench.tally.restored == [f"s3://raw/{key}"]


def test_a_lost_verdict_of_a_release_that_did_not_name_its_rules_is_replaced(bench: Bench) -> None:
    key = changed_rules(bench, "validated")
    ((job_key, (stage, job)),) = bench.jobs.rows.items()
    bench.jobs.rows[job_key] = (stage, msgspec.structs.replace(job, rules=None))
    bench.deliver(created(key))
    ((_, (_, now)),) = bench.jobs.rows.items()

    assert (now.rules, now.validated_key) == (OTHER_RULES, validated_key(key, OTHER_RULES))


@pytest.mark.parametrize(
    ("lost", "now_allowed"),
    [
        pytest.param(["validated"], {"XNYS"}, id="a-valid-one-is-rejected-now"),
        pytest.param(["quarantined"], set(), id="all-are-rejected-now"),
        pytest.param(["validated", "quarantined"], {"XNAS", "XNYS"}, id="nobody-knows-what-was-valid"),
    ],
)
def test_a_lost_verdict_is_not_replaced_by_one_that_takes_back(
    bench: Bench, lost: list[str], now_allowed: set[str]
) -> None:
    """A record in Parquet would then be in quarantine too, and the job would refuse its partition for ever."""
    key = changed_rules(bench, *lost)
    bench.allow = frozenset(now_allowed)
    before = copy.deepcopy(bench.state())
    with pytest.raises(VerdictNotReplaceable, match=OTHER_RULES):
        bench.deliver(created(key))

    assert bench.state() == before


def test_a_verdict_that_is_there_stays_when_the_rules_change(bench: Bench) -> None:
    """A notification that comes twice is no order to judge again."""
    key = changed_rules(bench)
    bench.allow = frozenset()
    before, calls = copy.deepcopy(bench.state()), len(bench.world.calls)
    bench.deliver(created(key))

    assert bench.state() == before
    assert bench.world.calls[calls:] == ["get raw", "read job row", "find processed", "find raw"]


@pytest.mark.parametrize("capacity", range(8))
def test_a_replacement_that_fails_is_completed(bench: Bench, capacity: int) -> None:
    """Whichever call fails: until the row names the new verdict, it names the old one."""
    key = changed_rules(bench, "validated")
    ((_, old),) = bench.jobs.rows.values()
    bench.world.capacity = capacity
    bench.deliver(created(key))
    ((_, job),) = bench.jobs.rows.values()
    bench.world.capacity = None
    again = bench.deliver(created(key))
    ((_, new),) = bench.jobs.rows.values()

    assert job == old
    assert again == []
    assert isinstance(new, ValidatedJob)
    assert new.rules == OTHER_RULES


# ----------------------------------------------------------------------------------- what the consumer left ----


@pytest.mark.parametrize("ingested", [False, True])
def test_the_lineage_of_a_raw_object_is_completed(bench: Bench, ingested: bool) -> None:
    """A consumer that is killed after the put leaves no rows, and the retry may group the records otherwise."""
    consumer, crashing = Consumer(), Consumer(World(capacity=1))
    for each in (consumer, crashing):
        each.deliver([message(1), message(2)])
    (key,) = crashing.objects.kept
    bench.raw, bench.jobs, bench.lineage = crashing.objects, crashing.jobs, crashing.lineage
    if ingested:
        bench.jobs, bench.lineage = consumer.jobs, consumer.lineage
    for fake in (bench.raw, bench.jobs, bench.lineage):
        fake.world = bench.world
    bench.stream = "market"
    bench.deliver(created(key))
    ((_, job),) = bench.jobs.rows.values()

    assert consumer.lineage.rows.items() <= bench.lineage.rows.items()
    assert bench.world.calls.count("lineage row") == (1 if ingested else 2)
    assert isinstance(job, ValidatedJob)
    assert (job.feed, job.source_bucket, job.record_count) == ("trade", "raw", 2)


def test_only_the_message_that_failed_comes_again(bench: Bench) -> None:
    """The other messages are done; redelivering them would waste work."""
    keys = [bench.ingest(TRADE, first=n) for n in (1, 2, 3)]
    bench.world.capacity = 5  # get, read row, put, lineage, row: enough for one
    failures = bench.deliver(*map(created, keys))

    assert failures == ["m1", "m2"]
    assert set(bench.processed.kept) == {validated_key(keys[0], RULES)}
    assert (bench.world.counted["Redeliveries"], bench.world.counted["ObjectsValidated"]) == (2, 1)


def test_a_crash_over_one_message_does_not_keep_its_neighbours(bench: Bench) -> None:
    """They would reach the dead-letter queue with it, without having been tried."""
    keys = [bench.ingest(TRADE, first=n) for n in (1, 2)]
    with pytest.raises(UnexpectedEvent):
        bench.deliver(created(keys[0]), "no json", created(keys[1]))

    assert set(bench.processed.kept) == {validated_key(key, RULES) for key in keys}
    assert bench.tally.objects == 2


@pytest.mark.parametrize("failure", [RetryableFailure, PermissionError])
def test_a_crash_hides_no_redelivery(bench: Bench, failure: type[Exception]) -> None:
    """After a crash, all messages of the batch are redelivered, including any that failed."""
    bench.world.capacity, bench.world.failure = 0, failure
    with pytest.raises((UnexpectedEvent, PermissionError)):
        bench.deliver(created(bench.ingest(TRADE)), "no json")


def damaged_objects() -> Iterable[Any]:
    key, body = raw_object([message(1), message(2)])
    lines = list(unpack(BytesIO(body)))
    _, other = raw_object([message(1), message(3)])
    yield pytest.param(key, pack(lines[:1]), DamagedObject, id="a-record-is-missing")
    yield pytest.param(key, other, DamagedObject, id="another-record")
    yield pytest.param(key, pack([lines[0], lines[0]]), DamagedObject, id="one-record-twice")
    _, elsewhere = raw_object([message(n, shard="shardId-000000000004") for n in (1, 2)])
    yield pytest.param(key, elsewhere, DamagedObject, id="another-shard")
    yield pytest.param(key, pack([]), DamagedObject, id="empty")
    yield pytest.param(key, body[:-12], EOFError, id="cut-short")
    yield pytest.param(key, pack([b'{"v":1}\n']), EnvelopeError, id="no-line-of-ours")
    yield pytest.param("market-data/notes.txt", b"", ValueError, id="no-key-of-ours")


@pytest.mark.parametrize(("key", "body", "error"), list(damaged_objects()))
def test_a_raw_object_that_we_did_not_write_so_crashes(
    bench: Bench, key: str, body: bytes, error: type[Exception]
) -> None:
    """It is our bug, or tampering: neither quarantine nor a retry would help."""
    bench.raw.kept[key] = body
    with pytest.raises(error):
        bench.deliver(created(key))

    assert bench.jobs.rows == {}
    assert bench.processed.kept == {}


@pytest.mark.parametrize("size", [1, 3, 500])
def test_the_calls_for_an_object_do_not_depend_on_its_size(bench: Bench, size: int) -> None:
    """At ten shards, one call per record would exceed the limits of S3 and DynamoDB."""
    bench.deliver(created(bench.ingest(*[TRADE, FREE] * size)))

    assert Counter(bench.world.calls) == {
        "get raw": 1, "read job row": 1, "put processed": 1, "put raw": 1, "lineage row": 2, "send notice": 1,
        "job row": 1,
    }  # fmt: skip


@given(st.lists(st.sampled_from([TRADE, MULTILINE_TRADE, FREE, BOOLEAN, LOCAL]), min_size=1, max_size=20))
def test_each_record_ends_in_exactly_one_of_two_objects(data: list[bytes]) -> None:
    """The invariant to reconcile in production: ingested = validated + quarantined."""
    bench = Bench()
    key = bench.ingest(*data)
    bench.deliver(created(key))
    valid, refused = [line["seq"] for line in bench.valid(key)], [seq for seq, _, _ in bench.refused(key)]

    assert sorted(valid + refused) == sequences(*range(len(data)))
    assert refused == [message(n).sequence for n, each in enumerate(data) if each in REFUSED]
