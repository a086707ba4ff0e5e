"""Bad input: each record ends up complete in the right place, whatever else is in its batch."""

import json
from collections import Counter
from io import BytesIO

from hypothesis import example, given
from hypothesis import strategies as st

from data_validation.core import Stores as ValidatorStores
from data_validation.core import Tally as ValidatorTally
from data_validation.core import Validator
from data_validation.events import messages
from kinesis_consumer.core import Stores, Tally, process
from market_data import DEFAULT_NON_POSITIVE_EXCHANGES, Reason, canonical, parse
from market_data.envelope import decode_quarantine_line, unpack
from pipeline_store.stages import Stage
from tests.hostile import HOSTILE_BYTES
from tests.strategies import (
    hostile_aggregates,
    hostile_inputs,
    hostile_json,
    hostile_nestings,
    hostile_scalars,
    mixed_batches,
    raw_records,
)
from tests.unit.data_validation.notifications import created, sqs_event
from tests.unit.kinesis_consumer.stream import NOW, TRADE, message
from tests.unit.pipeline_store.fakes import FakeJobs, FakeLineage, FakeObjects, FakeRejectedQueue, World

Input = tuple[bytes, str | None]


class Functions:
    """Both functions' cores on the same fakes: a batch goes in, and everything stored can be read back."""

    def __init__(self) -> None:
        world = World()
        self.raw, self.processed = FakeObjects(world, "raw"), FakeObjects(world, "processed")
        self.jobs, self.lineage, self.rejected = FakeJobs(world), FakeLineage(world), FakeRejectedQueue(world)
        self.ingested, self.judged, self.counted = Tally(), ValidatorTally(), world.counted

    def deliver(self, inputs: list[Input]) -> None:
        """Process one batch; S3 notifies the validator of each object that the consumer stores."""
        records = [message(number, raw) for number, (raw, _) in enumerate(inputs)]
        stores = Stores(self.raw, self.jobs, self.lineage, "market", self.counted.update)
        assert process(records, stores, lambda: NOW, self.ingested) == {"batchItemFailures": []}
        stored = [key for key in self.raw.kept if key.startswith("market-data/")]
        validator = Validator(
            ValidatorStores(self.raw, self.processed, self.jobs, self.lineage, self.rejected, self.counted.update),
            lambda: NOW,
            DEFAULT_NON_POSITIVE_EXCHANGES,
            "0123456789abcdef",
        )
        answer = validator.process(messages(sqs_event(*map(created, stored))), self.judged)
        assert answer == {"batchItemFailures": []}
        for tally in (self.ingested, self.judged):
            self.counted.update(tally.as_metrics())

    def quarantined(self) -> list[tuple[str, bytes, str]]:
        """Sequence, bytes and reason of every quarantined record, of either function."""
        lines = [
            decode_quarantine_line(line)
            for key, body in self.raw.kept.items()
            if key.startswith("quarantine/")
            for line in unpack(BytesIO(body))
        ]
        return sorted((line.record.seq, line.record.data, line.reason) for line in lines)

    def validated(self) -> list[tuple[str, object]]:
        """Sequence and record of every line in the validated objects."""
        lines = [json.loads(line) for body in self.processed.kept.values() for line in unpack(BytesIO(body))]
        return sorted([(line["seq"], line["record"]) for line in lines], key=lambda pair: pair[0])


def sequence(number: int) -> str:
    return message(number).sequence


@given(mixed_batches)
@example([each for hostile in HOSTILE_BYTES for each in (hostile, (TRADE, None))])
def test_each_bad_record_is_quarantined_and_every_other_one_goes_through(inputs: list[Input]) -> None:
    """Quarantine has the bytes with their reason, the output has the records as sent, and there is nothing else."""
    functions = Functions()
    functions.deliver(inputs)

    assert functions.quarantined() == [
        (sequence(number), raw, reason) for number, (raw, reason) in enumerate(inputs) if reason is not None
    ]
    assert functions.validated() == [
        (sequence(number), json.loads(canonical(parse(raw))))
        for number, (raw, reason) in enumerate(inputs)
        if reason is None
    ]
    _the_counts_add_up(functions, inputs)


def _the_counts_add_up(functions: Functions, inputs: list[Input]) -> None:
    """The alarms depend on it: each record is counted once, by the function that decided."""
    counted = functions.counted
    bad = Counter(reason for _, reason in inputs if reason is not None)
    notified = sum((Counter(notice["counts_by_reason"]) for notice in functions.rejected.notices), Counter())

    assert counted["RecordsIngested"] + counted["RecordsUndecodable"] == len(inputs)
    assert counted["RecordsValidated"] + counted["ValidationFailures"] == counted["RecordsIngested"]
    assert counted["RecordsUndecodable"] + counted["ValidationFailures"] == bad.total()
    assert notified <= bad
    assert notified.total() == counted["ValidationFailures"]
    assert all(stage >= Stage.VALIDATED for stage, _ in functions.jobs.rows.values())


@given(st.lists(hostile_inputs, min_size=1, max_size=6), raw_records())
def test_a_good_record_does_not_depend_on_its_neighbours(bad: list[Input], good: bytes) -> None:
    """The stored line is the same alone and among the worst records."""
    alone, among = Functions(), Functions()
    alone.deliver([(good, None)])
    among.deliver([(good, None), *bad])

    assert among.validated() == alone.validated()


@given(st.one_of(hostile_json(), hostile_nestings(), hostile_aggregates, hostile_scalars))
def test_every_whole_of_a_record_can_be_bad_for_one_reason_only(hostile: Input) -> None:
    """Even if the truncated, nested or aggregated data contains something with another rejection reason."""
    functions = Functions()
    functions.deliver([hostile])

    assert [(raw, Reason(reason)) for _, raw, reason in functions.quarantined()] == [hostile]
    assert functions.processed.kept == {}
