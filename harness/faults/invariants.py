"""What must hold after each step, and when everything has come to rest. Each invariant has a name.

A position is a record's shard and sequence number. Settled means that it is in Parquet or in quarantine.
"""

import json
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from market_data import RejectedRecord, feed_of

from . import lines, records, spark
from .people import People
from .pollers import QueuePoller, StreamPoller
from .process import Process
from .state import State, rows, state
from .stream import Position
from .world import LINEAGE, PROCESSED, RAW, World


class Found(NamedTuple):
    """What is wrong, and with which positions."""

    detail: str
    positions: Iterable[Position] = ()


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, found: Found) -> None:
        self.invariant, self.detail, self.positions = invariant, found.detail, sorted(found.positions)
        some = ", ".join(f"{shard} {seq}" for shard, seq in self.positions[:3])
        of_them = f": {some}{f' and {len(self.positions) - 3} more' if self.positions[3:] else ''}" if some else ""
        super().__init__(f"{invariant}: {found.detail}{of_them}")

    def __reduce__(self) -> tuple[type["Violation"], tuple[str, Found]]:
        """Or a copy, as from another process, would be made from the text."""
        return Violation, (self.invariant, Found(self.detail, self.positions))


@dataclass
class Memory:
    """What earlier steps have shown."""

    in_parquet: set[Position] = field(default_factory=set)
    #: Versions of what is stored, when it was last judged.
    judged: object = None
    #: Processes that raised although they had no fault.
    crashes: list[Process] = field(default_factory=list)

    def note_crash(self, process: Process) -> None:
        """A process has raised."""
        if not process.faults and type(process.error).__name__ not in _REFUSALS.get(process.kind, ()):
            self.crashes.append(process)


#: What the job's problems are, is asked when everything has come to rest.
#: A person deploys the rules of a verdict that cannot be replaced.
_REFUSALS = {"job": ("LockHeld", "TransformFailed"), "validator": ("VerdictNotReplaceable",)}


class Judged(Protocol):
    """What of a simulation is judged."""

    world: World
    people: People
    stream_poller: StreamPoller
    queue_poller: QueuePoller
    #: Processes that stand still.
    still: list[Process]
    #: Problems of the last run of the job.
    problems: list[str]
    memory: "Memory"
    only: frozenset[str] | None

    def is_at_rest(self) -> bool:
        """Whether nothing is left to do."""
        ...

    def left(self) -> list[str]:
        """What is left to do."""
        ...


Invariant = Callable[[Judged, State], Found | None]


def _stages(simulation: Judged, _now: State) -> Found | None:
    fell = simulation.world.stages_that_fell
    return Found(fell[0]) if fell else None


def _crashes(simulation: Judged, _now: State) -> Found | None:
    for process in simulation.memory.crashes:
        return Found(f"{process.kind}: {type(process.error).__name__}: {process.error}")
    return None


def _named_in_log(simulation: Judged, _now: State) -> Found | None:
    ranges = [
        each for process, facts in simulation.world.log if process == "consumer" for each in facts.get("failed", ())
    ]
    for batch in simulation.stream_poller.dropped:
        # A process that is killed logs nothing, and a batch that is too old is not tried.
        first, last = batch.records[0].position, batch.records[-1].position
        if batch.was_answered and not any(
            each["shard"] == first.shard and int(each["first"]) <= int(first.seq) and int(last.seq) <= int(each["last"])
            for each in ranges
        ):
            return Found("no line has its numbers", [record.position for record in batch.records])
    return None


def _judged(simulation: Judged, _now: State) -> Found | None:
    stages = {row["JobId"]["S"].rpartition("/")[2]: row["Stage"]["N"] for row in rows(simulation.world)}
    answered, simulation.queue_poller.answered = simulation.queue_poller.answered, []
    for message in answered:
        key = json.loads(message.body)["Records"][0]["s3"]["object"]["key"]
        if stages.get(key.rpartition("%2F")[2].rpartition("/")[2], "0") < "2":
            return Found(key)
    return None


def _raw(simulation: Judged, now: State) -> Found | None:
    sent = simulation.world.sent
    kept = now.raw | now.undecodable
    if gone := sent.keys() - kept.keys() - now.failed - simulation.stream_poller.undelivered():
        return Found("in no object, and coming no more", gone)
    changed = [position for position, data in (kept | now.rejected).items() if sent[position].data != data]
    return Found("not the bytes that were sent", changed) if changed else None


def _named(simulation: Judged, now: State) -> Found | None:
    missing = [key for key in now.missing if key not in simulation.people.damaged]
    return Found(missing[0]) if missing else None


def _twice(_simulation: Judged, now: State) -> Found | None:
    twice = [position for position, count in now.parquet.items() if count > 1]
    return Found("more than one row", twice) if twice else None


def _lost(simulation: Judged, now: State) -> Found | None:
    memory = simulation.memory
    lost = memory.in_parquet - now.parquet.keys()
    memory.in_parquet |= now.parquet.keys()
    return Found("readers saw them, and they are gone", lost) if lost else None


def _marked(_simulation: Judged, now: State) -> Found | None:
    unmarked = now.transformed - now.parquet.keys()
    return Found("their row is TRANSFORMED", unmarked) if unmarked else None


def _orphans(simulation: Judged, now: State) -> Found | None:
    # While a validated object is gone, nobody knows which positions it had.
    orphans = now.parquet.keys() - now.validated if not simulation.people.damaged else ()
    return Found("in no validated object that a row names", orphans) if orphans else None


def _leads(simulation: Judged, now: State) -> Found | None:
    if simulation.still or simulation.people.damaged:
        # A process that stands still between an object and its row is still to write it.
        return None
    settled = now.parquet.keys() | now.rejected.keys() | now.undecodable.keys()
    stranded = simulation.world.sent.keys() - settled - now.leading - now.failed
    stranded -= simulation.stream_poller.undelivered()
    return Found("neither settled, nor does a row or a message lead to them", stranded) if stranded else None


def _isolated(simulation: Judged, now: State) -> Found | None:
    if any("lock/" in problem for problem in simulation.problems):
        return None
    bad = {key.rpartition("/")[0] for key in now.missing}
    for row in rows(simulation.world):
        key = row.get("ValidatedKey", {}).get("S", "")
        if row.get("Status", {}).get("S") == "VALIDATED" and key.rpartition("/")[0] not in bad:
            return Found(f"{key} waits: {'; '.join(simulation.problems)}")
    return None


def _rests(simulation: Judged, now: State) -> Found | None:
    if simulation.is_at_rest():
        return None
    return Found(simulation.problems[0] if simulation.problems else f"left: {', '.join(simulation.left())}")


def _made_again(_simulation: Judged, now: State) -> Found | None:
    return Found(now.missing[0]) if now.missing else None


def _one_fate(simulation: Judged, now: State) -> Found | None:
    """What a row's validated object has is in Parquet; otherwise it is in quarantine."""
    for position, record in simulation.world.sent.items():
        if not _decodable(record.data):
            fates = [position in now.undecodable]
        elif position in now.validated:
            fates = [position in now.parquet]
        else:
            fates = [position in now.rejected, position in now.parquet]
        if sum(fates) != 1:
            return Found("in both, or in neither, of Parquet and quarantine", [position])
    return None


def _one_place(simulation: Judged, now: State) -> Found | None:
    if len(set(simulation.world.deployed)) > 1:
        return None
    both = now.validated & now.rejected.keys()
    return Found("in Parquet and in quarantine, and no rules have changed", both) if both else None


def _once(simulation: Judged, now: State) -> Found | None:
    """Producers send no bytes twice, so records of the same bytes are one record under two positions."""
    seen: dict[bytes, Position] = {}
    for position in now.parquet:
        other = seen.setdefault(simulation.world.sent[position].data, position)
        if other != position:
            return Found("one record", [other, position])
    return None


def _catalogue(simulation: Judged, _now: State) -> Found | None:
    world = simulation.world
    shown = {each["StorageDescriptor"]["Location"] for each in world.glue.partitions.values()}
    for key, _ in world.s3.under(PROCESSED, "parquet/"):
        if (folder := f"s3://{PROCESSED}/{key.rpartition('/')[0]}/") not in shown:
            return Found(folder)
    return None


def _counts(simulation: Judged, _now: State) -> Found | None:
    world = simulation.world
    for row in rows(world):
        job_id = row["JobId"]["S"]
        raw = records.raw(world.s3.body(RAW, job_id) or b"").keys()
        valid = lines.positions(world.s3.body(PROCESSED, row.get("ValidatedKey", {}).get("S", ""))) or set()
        rejected = (
            set(records.quarantined(world.s3.body(RAW, row["QuarantineKey"]["S"]) or b""))
            if "QuarantineKey" in row
            else set()
        )
        counts = tuple(int(row[name]["N"]) for name in ("RecordCount", "ValidatedCount", "RejectedCount"))
        stored = (len(raw), len(valid), len(rejected))
        if counts != stored or valid | rejected != raw:
            return Found(f"{job_id}: the row says {counts}, stored are {stored}")
    return None


def _lineage(simulation: Judged, _now: State) -> Found | None:
    world = simulation.world
    newest = {dataset: row for (dataset, _), row in sorted(world.dynamodb.tables[LINEAGE].items())}
    told: set[Position] = set()
    untold: dict[str, set[Position]] = {}
    for dataset, positions in _datasets(world):
        if dataset not in newest:
            untold[dataset] = positions
        elif int(newest[dataset]["RecordCount"]["N"]) != len(positions):
            return Found(f"{dataset} has {len(positions)} records, not {newest[dataset]['RecordCount']['N']}")
        else:
            told |= positions
    named = {f"s3://{RAW}/{row['JobId']['S']}" for row in rows(world)}
    for dataset, positions in untold.items():
        # An attempt that failed right after its put, before the batch was grouped otherwise, leaves an object without.
        if dataset in named or not dataset.startswith(_RAW) or positions - told:
            return Found(f"{dataset} has none")
    return None


_RAW = (f"s3://{RAW}/market-data/", f"s3://{RAW}/quarantine/kinesis_consumer/")


def _datasets(world: World) -> Iterable[tuple[str, set[Position]]]:
    for key, body in world.s3.under(RAW, "market-data/"):
        yield f"s3://{RAW}/{key}", set(records.raw(body))
    for key, body in world.s3.under(RAW, "quarantine/kinesis_consumer/"):
        yield f"s3://{RAW}/{key}", set(records.quarantined(body))
    for row in rows(world):
        if "ValidatedKey" in row:
            key = row["ValidatedKey"]["S"]
            yield f"s3://{PROCESSED}/{key}", lines.positions(world.s3.body(PROCESSED, key)) or set()
        if "QuarantineKey" in row:
            key = row["QuarantineKey"]["S"]
            yield f"s3://{RAW}/{key}", set(records.quarantined(world.s3.body(RAW, key) or b""))
    for key, body in world.s3.under(PROCESSED, "parquet/"):
        yield f"s3://{PROCESSED}/{key}", {position for position, _ in spark.rows_of(body)}


def _metrics(simulation: Judged, now: State) -> Found | None:
    """Never fewer than are stored: an operator must not read 0 while quarantine fills."""
    metrics = simulation.world.metrics
    stored = {
        "RecordsIngested": len(now.raw),
        "RecordsUndecodable": len(now.undecodable),
        "RecordsValidated": len(now.validated),
        "ValidationFailures": len(now.rejected),
    }
    for name, count in stored.items():
        if metrics[name] < count:
            return Found(f"{name} is {metrics[name]}, and {count} are stored")
    return None


AFTER_A_STEP: dict[str, Invariant] = {
    "a row's stage never falls": _stages,
    "nothing crashes without a fault": _crashes,
    "raw holds every byte": _raw,
    "a row names what is there": _named,
    "nothing is in Parquet twice": _twice,
    "Parquet loses nothing": _lost,
    "what is marked is in Parquet": _marked,
    "Parquet holds what rows name": _orphans,
    "a message is answered when its object is judged": _judged,
    "every position is settled or leads on": _leads,
    "the log names a batch that is dropped": _named_in_log,
}
AFTER_A_RUN: dict[str, Invariant] = {"a bad object holds up its partition alone": _isolated}
AT_REST: dict[str, Invariant] = {
    "everything comes to rest": _rests,
    "what was deleted is made again": _made_again,
    "one position, one fate": _one_fate,
    "one position, one place": _one_place,
    "no record has two positions": _once,
    "rows agree with what is stored": _counts,
    "the catalogue shows what is in Parquet": _catalogue,
    "lineage agrees with what is stored": _lineage,
    "metrics count what is stored": _metrics,
}


def after_a_step(simulation: Judged) -> None:
    """Judge what holds at any moment."""
    memory, world = simulation.memory, simulation.world
    poller = simulation.stream_poller
    answered = simulation.queue_poller.answered
    lists: tuple[Sized, ...] = (world.dynamodb.log, memory.crashes, poller.dropped, simulation.still, answered)
    judged = (world.s3.changes, *map(len, lists))
    if judged != memory.judged:
        memory.judged = judged
        _judge(simulation, AFTER_A_STEP)


def after_a_run(simulation: Judged) -> None:
    """Judge what holds when the job has run without a fault, whatever is in the bucket."""
    _judge(simulation, AFTER_A_RUN)


def at_rest(simulation: Judged) -> None:
    """Judge what holds when nothing is left to do."""
    _judge(simulation, AT_REST)


def _judge(simulation: Judged, invariants: dict[str, Invariant]) -> None:
    now = state(simulation.world)
    for name, invariant in invariants.items():
        if (simulation.only is None or name in simulation.only) and (found := invariant(simulation, now)):
            raise Violation(name, found)


def _decodable(data: bytes) -> bool:
    try:
        feed_of(data)
    except RejectedRecord:
        return False
    return True
