"""What must hold after each step, and at rest. Each invariant has a name."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from market_data import RejectedRecord, feed_of

from . import lines, spark
from .process import Process
from .stream import Position
from .world import CRASHES, FAILED, JOBS, LINEAGE, PROCESSED, RAW, VALIDATION, World

if TYPE_CHECKING:
    from .simulation import Simulation


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str, positions: list[Position] | None = None) -> None:
        self.invariant, self.detail, self.positions = invariant, detail, sorted(positions or [])
        super().__init__(f"{invariant}: {detail}{_shown(self.positions)}")


def _shown(positions: list[Position]) -> str:
    if not positions:
        return ""
    some = ", ".join(f"{shard} ...{seq[-6:]}" for shard, seq in positions[:5])
    return f" ({len(positions)}: {some})"


@dataclass
class Memory:
    """What earlier steps have shown."""

    in_parquet: set[Position] = field(default_factory=set)
    s3_changes: int = -1
    row_changes: int = -1
    #: Function errors of processes that had no fault.
    crashes: list[Process] = field(default_factory=list)

    def note_crash(self, process: Process) -> None:
        """A process has raised."""
        refusals = _REFUSALS if process.kind == "job" else ()
        if not process.faults and type(process.error).__name__ not in refusals:
            self.crashes.append(process)


def open_rows(world: World) -> list[dict[str, Any]]:
    """Rows that still lead somewhere."""
    return [row for row in world.dynamodb.tables[JOBS].values() if row.get("Status", {}).get("S") in _OPEN]


#: The job refuses in these words; its problems are looked at when everything has come to rest.
_REFUSALS = ("LockHeld", "TransformFailed")
_OPEN = {"INGESTED", "VALIDATED"}


@dataclass
class State:
    """Where each position is."""

    #: In raw objects, with their bytes.
    raw: dict[Position, bytes] = field(default_factory=dict)
    undecodable: dict[Position, bytes] = field(default_factory=dict)
    failed: set[Position] = field(default_factory=set)
    parquet: Counter[Position] = field(default_factory=Counter)
    #: Of objects that rows name.
    validated: set[Position] = field(default_factory=set)
    rejected: dict[Position, bytes] = field(default_factory=dict)
    #: In raw objects that a row or a message leads on from.
    leading: set[Position] = field(default_factory=set)
    #: In Parquet, according to rows.
    transformed: set[Position] = field(default_factory=set)
    #: Objects that rows name and that are not there or not readable.
    missing: list[str] = field(default_factory=list)


def state(simulation: "Simulation") -> State:
    """Where each position is now."""
    world = simulation.world
    found = State()
    in_messages = "".join(
        message.body for queue in (VALIDATION, CRASHES) for message in world.sqs.queues.get(queue, ())
    )
    events = set(world.events)
    rows = {row["JobId"]["S"]: row for row in world.dynamodb.tables[JOBS].values()}
    for key, body in world.s3.under(RAW, ""):
        if key.startswith("market-data/"):
            records = lines.raw(body)
            found.raw |= records
            status = rows.get(key, {}).get("Status", {}).get("S", "")
            if key in events or key.rpartition("/")[2] in in_messages or status in _OPEN:
                found.leading |= records.keys()
        elif key.startswith("quarantine/kinesis_consumer/"):
            found.undecodable |= lines.quarantined(body)
    for _, body in world.s3.under(FAILED, ""):
        found.failed |= _failed(body)
    for _, body in world.s3.under(PROCESSED, "parquet/"):
        found.parquet.update(position for position, _ in spark.rows_of(body))
    for row in rows.values():
        if "ValidatedKey" in row:
            key = row["ValidatedKey"]["S"]
            positions = lines.positions(world.s3.body(PROCESSED, key))
            if positions is None:
                found.missing.append(key)
            else:
                found.validated |= positions
                if row["Stage"]["N"] == "3":
                    found.transformed |= positions
        if "QuarantineKey" in row:
            stored = world.s3.body(RAW, row["QuarantineKey"]["S"])
            if stored is None:
                found.missing.append(row["QuarantineKey"]["S"])
            else:
                found.rejected |= lines.quarantined(stored)
    return found


_payloads: dict[bytes, set[Position]] = {}


def _failed(body: bytes) -> set[Position]:
    import json

    if body not in _payloads:
        records = json.loads(json.loads(body)["payload"])["Records"]
        _payloads[body] = {
            Position(each["eventID"].partition(":")[0], each["kinesis"]["sequenceNumber"]) for each in records
        }
    return _payloads[body]


def after_a_step(simulation: "Simulation") -> None:
    """What holds at any moment."""
    world, memory = simulation.world, simulation.memory
    if world.stages_that_fell:
        raise Violation("a row's stage never falls", world.stages_that_fell[0])
    if memory.crashes:
        process = memory.crashes[0]
        raise Violation("nothing crashes by itself", f"{process.kind}: {type(process.error).__name__}: {process.error}")
    changes = (world.s3.changes, len(world.dynamodb.log))
    if changes == (memory.s3_changes, memory.row_changes):
        return
    memory.s3_changes, memory.row_changes = changes
    now = state(simulation)
    kept = now.raw | now.undecodable
    undelivered = simulation.stream_poller.undelivered() | {
        record.position for batch in simulation.stream_poller.dropped for record in batch
    }
    busy = {
        record.position
        for reader in simulation.stream_poller.readers.values()
        for batch in reader.waiting
        for record in batch.records
    }
    gone = world.sent.keys() - undelivered - busy - now.failed - kept.keys()
    if gone:
        raise Violation("raw holds every byte", "records are in no object and come no more", list(gone))
    changed = [position for position, data in (kept | now.rejected).items() if world.sent[position].data != data]
    if changed:
        raise Violation("raw holds every byte", "records were changed", changed)
    if missing := [key for key in now.missing if key not in simulation.people.damaged]:
        raise Violation("a row names what is there", missing[0])
    twice = [position for position, count in now.parquet.items() if count > 1]
    if twice:
        raise Violation("nothing is in Parquet twice", "rows", twice)
    lost = memory.in_parquet - now.parquet.keys()
    if lost:
        raise Violation("Parquet loses nothing", "positions that readers saw are gone", list(lost))
    memory.in_parquet |= now.parquet.keys()
    unmarked = now.transformed - now.parquet.keys()
    if unmarked:
        raise Violation("what is marked is in Parquet", "rows are TRANSFORMED", list(unmarked))
    settled = now.parquet.keys() | now.rejected.keys() | now.undecodable.keys() | now.validated
    stranded = world.sent.keys() - settled - now.leading - undelivered - busy - now.failed
    # A batch under way: its object is there, and its row is not.
    if stranded and not simulation.still and not simulation.people.damaged:
        raise Violation("every position is settled or leads on", "no row and no message leads to it", list(stranded))
    orphans = now.parquet.keys() - now.validated
    if orphans and not simulation.people.damaged:
        raise Violation("Parquet holds what rows name", "no row's validated object has it", list(orphans))


def at_rest(simulation: "Simulation") -> None:
    """What holds when nothing is left to do."""
    world = simulation.world
    if not simulation.is_at_rest():
        problem = simulation.problems[0] if simulation.problems else "work is left"
        raise Violation("everything comes to rest", problem)
    now = state(simulation)
    if now.missing:
        raise Violation("what was deleted is made again", now.missing[0])
    validated, rejected = now.validated, now.rejected.keys()
    undecodable = {position for position, record in world.sent.items() if not _decodable(record.data)}
    if undecodable != now.undecodable.keys():
        raise Violation("the consumer quarantines what it cannot decode", "", list(undecodable ^ now.undecodable.keys()))
    fates = {
        "Parquet": set(now.parquet),
        "quarantine": rejected - validated,
        "undecodable": now.undecodable.keys(),
    }
    for position in world.sent:
        places = [fate for fate, positions in fates.items() if position in positions]
        if len(places) != 1:
            raise Violation("one position, one fate", f"in {' and '.join(places) or 'none'}", [position])
    if both := validated & rejected:
        if len(set(world.deployed)) == 1:
            raise Violation("one position, one place", "in Parquet and in quarantine, under the same rules", list(both))
    _rows_agree(world)
    _lineage_agrees(world)
    _metrics_agree(simulation, now)


def _decodable(data: bytes) -> bool:
    try:
        feed_of(data)
    except RejectedRecord:
        return False
    return True


def _rows_agree(world: World) -> None:
    for row in world.dynamodb.tables[JOBS].values():
        raw = world.s3.body(RAW, row["JobId"]["S"])
        if raw is None:
            continue
        named = row.get("ValidatedKey", {}).get("S", "")
        valid = lines.positions(world.s3.body(PROCESSED, named)) or set()
        rejected = lines.quarantined(world.s3.body(RAW, row["QuarantineKey"]["S"]) or b"").keys() if "QuarantineKey" in row else set()
        counts = tuple(int(row[name]["N"]) for name in ("RecordCount", "ValidatedCount", "RejectedCount"))
        stored = (len(lines.raw(raw)), len(valid), len(rejected))
        if counts != stored or valid | set(rejected) != lines.raw(raw).keys():
            raise Violation("rows agree with what is stored", f"{row['JobId']['S']}: {counts}, stored {stored}")


def _lineage_agrees(world: World) -> None:
    rows: dict[str, dict[str, Any]] = {}
    for (dataset, _), row in sorted(world.dynamodb.tables[LINEAGE].items()):
        rows[dataset] = row
    objects: dict[str, int] = {}
    for key, body in world.s3.under(RAW, "market-data/"):
        objects[f"s3://{RAW}/{key}"] = len(lines.raw(body))
    for key, body in world.s3.under(RAW, "quarantine/kinesis_consumer/"):
        objects[f"s3://{RAW}/{key}"] = len(lines.quarantined(body))
    for row in world.dynamodb.tables[JOBS].values():
        if "ValidatedKey" in row:
            key = row["ValidatedKey"]["S"]
            objects[f"s3://{PROCESSED}/{key}"] = len(lines.validated(world.s3.body(PROCESSED, key) or b""))
        if "QuarantineKey" in row:
            key = row["QuarantineKey"]["S"]
            objects[f"s3://{RAW}/{key}"] = len(lines.quarantined(world.s3.body(RAW, key) or b""))
    for key, body in world.s3.under(PROCESSED, "parquet/"):
        objects[f"s3://{PROCESSED}/{key}"] = len(spark.rows_of(body))
    for dataset, count in objects.items():
        if dataset not in rows:
            raise Violation("every object has its lineage", dataset)
        if int(rows[dataset]["RecordCount"]["N"]) != count:
            raise Violation("lineage agrees with what is stored", f"{dataset}: {count} records")


def _metrics_agree(simulation: "Simulation", now: State) -> None:
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
            raise Violation("metrics count what is stored", f"{name} is {metrics[name]}, {count} are stored")
