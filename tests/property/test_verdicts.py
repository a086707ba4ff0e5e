"""Rules change, processes are killed, objects get lost: rows stay true, and Parquet never loses a record."""

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from data_validation.core import VerdictNotReplaceable
from data_validation.verdicts import sequences_in
from pipeline_store.errors import RetryableFailure
from pipeline_store.rows import JobKey, ValidatedJob
from pipeline_store.stages import Stage
from tests.unit.data_validation.notifications import created
from tests.unit.data_validation.test_validation_core import FREE, Bench
from tests.unit.kinesis_consumer.stream import message
from tests.unit.pipeline_store.fakes import Killed

EXCHANGES = ("XNYS", "XNAS", "XASE")
#: One record of each exchange.
RECORDS = [message(n, FREE.replace(b"XNYS", each.encode())) for n, each in enumerate(EXCHANGES)]


class Verdicts(RuleBasedStateMachine):
    """A raw object between the validator and a job that reads what its row names."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.key = self.bench.put(RECORDS)
        self.everything: dict[str, bytes] = {}
        self.parquet: set[str] = set()
        #: What the job has read and not yet written: the key of each row's object, and their records.
        self.found: tuple[dict[JobKey, str], set[str]] | None = None
        self.use_rules([])

    @rule(allowed=st.lists(st.sampled_from(EXCHANGES), unique=True))
    def use_rules(self, allowed: list[str]) -> None:
        """A deployment with other parameters. The same parameters are the same rules again."""
        self.bench.allow = frozenset(allowed)
        self.bench.rules = f"{sum(1 << EXCHANGES.index(each) for each in allowed):016x}"

    @rule(
        capacity=st.none() | st.integers(0, 8),
        failure=st.sampled_from([RetryableFailure, PermissionError, Killed]),
        after_the_call=st.booleans(),
    )
    def deliver(self, capacity: int | None, failure: type[BaseException], after_the_call: bool) -> None:
        """A message for the object: the first, one that comes again, or a person's."""
        world = self.bench.world
        world.capacity, world.failure, world.loses_answers = capacity, failure, after_the_call
        with suppress(PermissionError, Killed, VerdictNotReplaceable):
            self.bench.deliver(created(self.key))
        self.everything |= self.bench.processed.kept | self.bench.raw.kept

    @rule(part=st.sampled_from(["validated_key", "quarantine_key"]))
    def lose(self, part: str) -> None:
        """Somebody deletes an object that a row names."""
        for _, job in self.rows().values():
            self.bench.processed.kept.pop(getattr(job, part), None)
            self.bench.raw.kept.pop(getattr(job, part), None)

    @rule()
    def read(self) -> None:
        """The job reads the objects that rows name, if all are there."""
        named = {key: job.validated_key for key, (_, job) in self.rows().items() if job.validated_key}
        if all(name in self.bench.processed.kept for name in named.values()):
            self.found = named, {seq for name in named.values() for seq in sequences_in(self.everything[name])}

    @precondition(lambda self: self.found)
    @rule()
    def replace_and_mark(self) -> None:
        """It replaces the partition, and marks each row that still names what was read."""
        assert self.found
        (named, self.parquet), self.found = self.found, None
        for key, (_, job) in self.rows().items():
            if job.validated_key and job.validated_key == named.get(key):
                self.bench.jobs.rows[key] = (Stage.TRANSFORMED, job)

    def rows(self) -> dict[JobKey, tuple[Stage, ValidatedJob]]:
        """The rows with a verdict."""
        rows = self.bench.jobs.rows.items()
        return {key: (stage, job) for key, (stage, job) in rows if isinstance(job, ValidatedJob)}

    @invariant()
    def a_row_names_every_record_of_its_object_once(self) -> None:
        for key, (_, job) in self.rows().items():
            valid, rejected = (self.everything.get(name or "") for name in (job.validated_key, job.quarantine_key))
            found = [sequences_in(body) for body in (valid, rejected) if body]

            assert sorted(seq for each in found for seq in each) == sorted(sequences_in(self.everything[key.raw_key]))

    @invariant()
    def parquet_loses_nothing(self) -> None:
        """The job would refuse the partition, for ever."""
        named = [self.everything[job.validated_key] for _, job in self.rows().values() if job.validated_key]

        assert self.parquet <= set().union(*map(sequences_in, named))

    @invariant()
    def what_is_marked_is_in_parquet(self) -> None:
        """Nobody looks at the row again."""
        for stage, job in self.rows().values():
            if stage == Stage.TRANSFORMED and job.validated_key:
                assert sequences_in(self.everything[job.validated_key]) <= self.parquet

    @invariant()
    def what_is_named_is_counted(self) -> None:
        rows = self.rows().values()

        assert self.bench.world.counted["RecordsValidated"] >= sum(job.validated_count for _, job in rows)
        assert self.bench.world.counted["ValidationFailures"] >= sum(job.rejected_count for _, job in rows)

    def teardown(self) -> None:
        """Without faults, under rules that accept everything, each message ends with a verdict whose objects exist."""
        self.use_rules(list(EXCHANGES))
        self.bench.world.capacity = None
        self.bench.deliver(created(self.key))
        rows = self.rows()

        assert len(rows) == 1
        for _, job in rows.values():
            assert not job.validated_key or job.validated_key in self.bench.processed.kept
            assert not job.quarantine_key or job.quarantine_key in self.bench.raw.kept
        lineage = {dataset.partition("/market-data/")[2] for dataset, _ in self.bench.lineage.rows}
        named = [name for _, job in rows.values() for name in (job.validated_key, job.quarantine_key) if name]
        assert {name.partition("/market-data/")[2] for name in named} <= lineage


TestVerdicts = Verdicts.TestCase
TestVerdicts.settings = settings(stateful_step_count=40)
