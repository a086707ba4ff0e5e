"""Seeded bugs: functions replaced by wrong ones. Each must be caught by the invariant named for it.

`python -m harness faults --hunt --write` searches for seeds that catch them; tests/faults replays the seeds.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

import data_validation.core
import data_validation.rules_digest
import data_validation.verdicts
import json_to_parquet.bucket
import json_to_parquet.catalogue
import json_to_parquet.job
import json_to_parquet.stores
import kinesis_consumer.core
import kinesis_consumer.handler
import pipeline_store.jobs
import pipeline_store.lineage
import pipeline_store.objects
from pipeline_store.keys import hour_of
from pipeline_store.rows import IngestedJob, JobKey
from pipeline_store.stages import Transformation

from .deployed import Deployed
from .invariants import Violation
from .simulation import Simulation
from .spark import SparkFailed
from .substitutions import Substitution, replaced


class Bug(NamedTuple):
    """A bug, and the invariant that must catch it."""

    name: str
    invariant: str
    owner: Any
    function: str
    make: Callable[[Any], Any]

    @property
    def substitution(self) -> Substitution:
        """Puts the bug in."""
        return Substitution(self.owner, self.function, self.make)


#: Bug -> the seed that catches it.
SEEDS = Path(__file__).with_name("seeds.json")


def seeds() -> dict[str, int]:
    """The seed that catches each bug."""
    found: dict[str, int] = json.loads(SEEDS.read_text())
    return found


def caught(deployed: Deployed, bug: Bug, seed: int) -> Violation | None:
    """The violation with the bug, of a schedule in which the same invariant holds without it."""
    only = frozenset({bug.invariant})
    with replaced([bug.substitution, *deployed.substitutions()]):
        found = Simulation(deployed, seed, only=only).run().violation
    if found is None:
        return None
    with replaced(deployed.substitutions()):
        return None if Simulation(deployed, seed, only=only).run().violation else found


def hunted(deployed: Deployed, bug: Bug, seeds: Iterable[int]) -> int | None:
    """The first of the seeds that catches a bug."""
    return next((seed for seed in seeds if caught(deployed, bug, seed)), None)


def _row_first(real: Any) -> Any:
    def store(batch_object: Any, stores: Any, clock: Any, tally: Any) -> None:
        if batch_object.feed is not None:
            key = JobKey(batch_object.key, batch_object.first_arrival_ms)
            count = batch_object.sequence_range.count
            stores.jobs.ingested(IngestedJob(key, batch_object.feed, stores.objects.bucket, count, ""))
        real(batch_object, stores, clock, tally)

    return store


def _no_failures(real: Any) -> Any:
    def process(*given: Any) -> dict[str, Any]:
        real(*given)
        return {"batchItemFailures": []}

    return process


def _retried_from_the_last(real: Any) -> Any:
    def process(records: Any, *given: Any) -> Any:
        failed = real(records, *given)["batchItemFailures"]
        last = max(records, key=lambda record: int(record.sequence)).sequence
        return {"batchItemFailures": [{"itemIdentifier": last} for _ in failed]}

    return process


def _decodable_only(real: Any) -> Any:
    return lambda records: (each for each in real(records) if each.feed is not None)


def _hour_of_the_clock(real: Any) -> Any:
    def hour(arrival_ms: int) -> Any:
        handler: Any = kinesis_consumer.handler
        now = handler.datetime.now(UTC)
        return hour_of(int(now.timestamp() * 1000))

    return hour


def _stored_or_not(real: Any) -> Any:
    def put_once(self: Any, key: str, body: bytes) -> bool:
        try:
            return bool(real(self, key, body))
        except Exception:  # noqa: BLE001 - the bug
            return True

    return put_once


def _any_stage(real: Any) -> Any:
    def move(self: Any, key: Any, to: Any, condition: str, before: Any, **attributes: Any) -> Any:
        return real(self, key, to, f"{condition} OR attribute_exists(#Stage)", before, **attributes)

    return move


def _counted_last(real: Any) -> Any:
    def finish(self: Any, raw: Any, verdict: Any, write: Any, tally: Any) -> None:
        counted: list[Any] = []
        late = structs.replace(self, stores=structs.replace(self.stores, count=counted.append))
        real(late, raw, verdict, write, tally)
        for counts in counted:
            self.stores.count(counts)

    return finish


def _row_before_verdict(real: Any) -> Any:
    def finish(self: Any, raw: Any, verdict: Any, write: Any, tally: Any) -> None:
        class Nowhere:
            bucket = "nowhere"

            def put_once(self, key: str, body: bytes) -> bool:
                return True

        # First without the objects, then with them.
        blind = structs.replace(self, stores=structs.replace(self.stores, processed=Nowhere()))
        real(blind, raw, verdict, write, tally)
        real(self, raw, verdict, write, tally)

    return finish


def _without_parameter(real: Any) -> Any:
    return lambda allowed: real(())


def _without_validated(real: Any) -> Any:
    def record(self: Any, row: Any) -> None:
        if row.transformation is not Transformation.VALIDATE:
            real(self, row)

    return record


def _nothing(real: Any) -> Any:
    return lambda *given, **named: None


def _accepted_nothing(real: Any) -> Any:
    def accepted(self: Any, raw: Any, row: Any) -> Any:
        return None if real(self, raw, row) is None else set()

    return accepted


def _shorter(real: Any) -> Any:
    return lambda shard, seq, key, arrival_ms, data, **why: real(shard, seq, key, arrival_ms, data[:-1], **why)


def _valid_only(real: Any) -> Any:
    return lambda self, raw, verdict: real(self, raw, structs.replace(verdict, rejected=None))


def _unfenced(real: Any) -> Any:
    def complete(self: Any, upload: Any, parts: Any, planned: Any) -> None:
        self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    return complete


def _no_objections(real: Any) -> Any:
    return lambda work: []


def _marked_unread(real: Any) -> Any:
    def plan(self: Any, partition: Any, job_rows: Any) -> Any:
        work = real(self, partition, job_rows)
        if work is not None:
            work.job_rows = job_rows
        return work

    return plan


def _all_or_nothing(real: Any) -> Any:
    def staged_groups(self: Any, planned: Any) -> Any:
        for group in planned:
            self.keep_lock()
            try:
                self.staging.stage(group)
            except SparkFailed as error:
                self.problems.add(str(error))
            else:
                yield group

    return staged_groups


BUGS = (
    Bug("the consumer writes a row before its object", "a row names what is there",
        kinesis_consumer.core, "_store", _row_first),
    Bug("the consumer reports no failure", "raw holds every byte",
        kinesis_consumer.handler, "process", _no_failures),
    Bug("the consumer retries from the last record", "raw holds every byte",
        kinesis_consumer.handler, "process", _retried_from_the_last),
    Bug("the consumer drops what it cannot decode", "raw holds every byte",
        kinesis_consumer.core, "batch_objects", _decodable_only),
    Bug("the consumer takes the hour from the clock", "everything comes to rest",
        kinesis_consumer.core, "hour_of", _hour_of_the_clock),
    Bug("a put that failed counts as done", "raw holds every byte",
        pipeline_store.objects.S3Objects, "put_once", _stored_or_not),
    Bug("a row moves to any stage", "a row's stage never falls",
        pipeline_store.jobs.DynamoJobs, "_move", _any_stage),
    Bug("the validator counts after the row", "metrics count what is stored",
        data_validation.core.Validator, "_finish", _counted_last),
    Bug("the validator writes the row before the object", "a row names what is there",
        data_validation.core.Validator, "_finish", _row_before_verdict),
    Bug("the validator reports no failure", "a message is answered when its object is judged",
        data_validation.core.Validator, "process", _no_failures),
    Bug("the validator leaves out lineage", "lineage agrees with what is stored",
        pipeline_store.lineage.DynamoLineage, "record", _without_validated),
    Bug("the rules' digest leaves out the parameter", "nothing crashes without a fault",
        data_validation.rules_digest, "rules_digest", _without_parameter),
    Bug("the validator never makes an object again", "everything comes to rest",
        data_validation.core.Validator, "_restore", _nothing),
    Bug("a verdict is replaced by one that rejects more", "everything comes to rest",
        data_validation.core.Validator, "_accepted", _accepted_nothing),
    Bug("a run does not notice that it has lost the lock, and replaces whatever is there", "Parquet loses nothing",
        json_to_parquet.bucket.Bucket, "_complete", _unfenced),
    Bug("a run replaces files although positions would be lost", "Parquet loses nothing",
        json_to_parquet.job, "objections", _no_objections),
    Bug("a run marks rows that it has not read", "what is marked is in Parquet",
        json_to_parquet.job.Job, "_plan_partition", _marked_unread),
    Bug("a run forgets what a partition was built from", "everything comes to rest",
        json_to_parquet.stores.JobTable, "built_from", lambda real: lambda self, partition: []),
    Bug("one bad object fails all that is staged with it", "a bad object holds up its partition alone",
        json_to_parquet.job.Job, "staged_groups", _all_or_nothing),
    Bug("a run does not register its partitions", "the catalogue shows what is in Parquet",
        json_to_parquet.catalogue.Catalogue, "add", _nothing),
    Bug("quarantine loses a byte", "raw holds every byte",
        data_validation.verdicts, "encode_quarantine_line", _shorter),
    Bug("the validator keeps no rejected records", "a row names what is there",
        data_validation.core.Validator, "_placed", _valid_only),
)  # fmt: skip
